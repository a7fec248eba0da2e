/** The servers, one after the other: their state, what is known of them, and their tools. Pure. */
import type { ServerFacts, ServerState } from './facts.ts';
import { type Html, html, NOTHING, said } from './html.ts';
import type { PageAddress } from './page-address.ts';
import { changesView, toolsView } from './tools-view.ts';
import { count } from './words.ts';

export function serversView(servers: readonly ServerFacts[], place: PageAddress): Html {
  const all = servers.map((server) => serverView(server, place));
  return html`<section id="servers" aria-labelledby="servers-title">
<h2 id="servers-title">${servers.length === 1 ? 'Server' : 'Servers'}</h2>
${servers.length === 0 ? html`<p class="empty">The configuration has no servers.</p>` : all}
</section>`;
}

function serverView(server: ServerFacts, place: PageAddress): Html {
  const { name, address, state, path, requests, failed, tools } = server;
  const [tone, mark, word] = BADGES[state.kind];
  const facts: [string, string][] = [
    ['Revision', server.revision],
    ['Transport', server.transport],
    ['Sign-in', server.signIn],
    ['Requests', count(requests)],
    ['Failed', count(failed)],
  ];
  return html`<article class="card server" data-key="server ${name}" aria-labelledby="server-${name}">
<div class="server-head">
<div><h3 id="server-${name}" tabindex="-1">${name}</h3>
<p class="address">${said(address, 300)}${path === undefined ? NOTHING : html` · served at <code>${path}</code>`}</p></div>
<p class="badge ${tone}"><span aria-hidden="true">${mark}</span> ${word}</p>
</div>
${stateView(state, name, place)}
<dl class="facts">${facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
${changesView(name, tools.changed, place)}
${toolsView(name, tools)}
</article>
`;
}

const BADGES: Readonly<Record<ServerState['kind'], readonly [tone: string, mark: string, word: string]>> = {
  checking: ['plain', '…', 'Checking'],
  ready: ['good', '✓', 'Ready'],
  unreachable: ['bad', '!', 'Cannot be reached'],
  'sign-in': ['warn', '!', 'Sign-in needed'],
};

function stateView(state: ServerState, server: string, { prefix }: PageAddress): Html {
  if (state.kind === 'unreachable') {
    const { reason = 'it does not answer' } = state;
    return html`<div class="notice bad"><p>${said(reason, 500)}</p></div>`;
  }
  if (state.kind !== 'sign-in') return NOTHING;
  const { reason } = state;
  const failed = reason === undefined ? NOTHING : html`<p>The last sign-in failed: ${said(reason, 500)}</p>`;
  return html`<div class="notice warn">${failed}
${signInView(state, server, prefix)}</div>`;
}

function signInView({ begun, url, userCode }: ServerState & { kind: 'sign-in' }, server: string, prefix: string): Html {
  if (!begun) {
    return html`<p class="action"><a class="button" href="${prefix}/" data-key="begin">Begin the sign-in<span class="sr"> to ${server}</span></a></p>`;
  }
  if (url === undefined || !/^https?:/i.test(url)) return html`<p>The sign-in is about to begin.</p>`;
  const button = html`<a class="button" href="${url}" target="_blank" rel="noreferrer" data-key="sign-in">Sign in<span class="sr"> to ${server}, in a new tab</span></a>`;
  if (userCode !== undefined) {
    return html`<p class="action">${button} <span>Code: <strong>${said(userCode, 40)}</strong></span></p>`;
  }
  return html`<p class="action">${button}</p>
<details class="aside" data-key="paste"><summary>Does the sign-in end on a page that does not load?</summary>
<p>Copy its address. Run <code>mcp-proxy login</code> where the proxy runs, with the flags of the proxy, and paste the address there.</p></details>`;
}
