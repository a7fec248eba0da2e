/** The status page as a document, the parts of it that change, and the policy that lets it run its own script only. */
import { createHash } from 'node:crypto';
import { PAGE_HEADERS } from '../../../../platform/page.ts';
import { INTERVAL, INTERVALS } from '../time-series.ts';
import { callsView, errorsView, sessionsView } from './calls-view.ts';
import { chartsView } from './charts.ts';
import type { StatusFacts } from './facts.ts';
import { Html, html } from './html.ts';
import { headline, overviewView } from './overview.ts';
import type { PageAddress } from './page-address.ts';
import { SCRIPT } from './script.ts';
import { serversView } from './servers-view.ts';
import { STYLE } from './style.ts';

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Allows only the page's own style and script, by their hashes, and requests to the proxy itself. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${hash(STYLE)}`,
  `script-src ${hash(SCRIPT)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

export const STATUS_HEADERS = {
  ...PAGE_HEADERS,
  'content-security-policy': CONTENT_SECURITY_POLICY,
  // Without any referrer, browsers send `Origin: null` with the page's own forms.
  'referrer-policy': 'same-origin',
};

/** Not in a template of its own kind: bundlers take those with the end of a script apart. */
const SCRIPT_ELEMENT = new Html(`<script>${SCRIPT}</script>`);

/** The parts of the page that change, by the ids of their elements. */
export function partsOf(facts: StatusFacts, place: PageAddress): ReadonlyMap<string, string> {
  const { servers, calls, errors, sessions, intervals } = facts;
  const several = servers.length > 1;
  const parts: [string, Html][] = [
    ['overview', overviewView(facts)],
    ['charts', chartsView(intervals, facts.now - facts.since >= INTERVAL * INTERVALS)],
    ['servers', serversView(servers, place)],
    ['calls', callsView(calls, several)],
    ['errors', errorsView(errors, several)],
    ['sessions', sessionsView(sessions, several)],
  ];
  return new Map(parts.map(([id, { text }]) => [id, text]));
}

/** HTML. */
export function statusDocument(facts: StatusFacts, place: PageAddress): string {
  const part = (id: string): Html => new Html(parts.get(id) ?? '');
  const parts = partsOf(facts, place);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${headline(facts.servers).text} – mcp-proxy</title>
<style>${new Html(STYLE)}</style>
</head>
<body data-events="${place.prefix}/status/events">
<header>
<p class="brand">mcp-proxy <span class="soft">${facts.version}</span></p>
<p id="live" class="soft" role="status">Not updating: reload to see changes</p>
</header>
<main>
${part('overview')}
<div class="connect card"><h2>Connect a client</h2>
<p>MCP clients, not browsers, connect to this URL:</p>
<p class="url"><code id="client-url">${place.origin}/mcp</code> <button type="button" class="button small copy" data-copies="client-url" hidden>Copy</button></p></div>
${part('charts')}
${part('servers')}
${part('calls')}
${part('errors')}
${part('sessions')}
</main>
<footer><p>Requests and charts are kept while this page is open, and for 15 minutes afterwards. Arguments, results and tokens are never shown.</p></footer>
${SCRIPT_ELEMENT}
</body>
</html>
`.text;
}
