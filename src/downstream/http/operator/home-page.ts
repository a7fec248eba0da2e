/**
 * The page that a browser gets where MCP clients connect: what this is, how to use it, and whether the server needs a
 * sign-in. Loaded on demand.
 */
import { printable } from '../../../core/redact.ts';
import {
  copyable,
  documentOf,
  escaped,
  link,
  loginCommand,
  type PageFrame,
  paragraph,
} from '../../../platform/page.ts';
import type { Readiness } from './readiness-facts.ts';

/** In characters: as much as a person reads. */
const LONGEST_REASON = 500;

export interface Home {
  /** The URL of the server, in a form that is safe to show. */
  readonly server: string;
  /** The URL that MCP clients connect to. */
  readonly client: string;
  readonly readiness: Readiness;
}

/** HTML. */
export function homePage({ server, client, readiness }: Home): string {
  const content = [
    `<p>This is mcp-proxy. It connects MCP clients to <bdi class="server">${escaped(server)}</bdi>.</p>`,
    ...stateOf(server, readiness),
    paragraph('Your MCP client, not a browser, connects to this URL:'),
    copyable(client),
  ];
  return documentOf({ ...headingOf(readiness), content });
}

function headingOf({ reachable, signInNeeded }: Readiness): Pick<PageFrame, 'title' | 'mark' | 'tone'> {
  if (!reachable) return { title: 'The server cannot be reached', mark: '!', tone: 'bad' };
  if (signInNeeded) return { title: 'A sign-in is needed', mark: '!', tone: 'plain' };
  return { title: 'Ready for MCP clients', mark: '✓', tone: 'good' };
}

function stateOf(server: string, { reachable, signInNeeded, ...readiness }: Readiness): string[] {
  const { unreachable, signInUrl, userCode, reason } = readiness;
  if (!reachable) return quoted('The last attempt ended with:', unreachable);
  if (!signInNeeded) return [];
  if (signInUrl === undefined) {
    return reason === undefined
      ? [paragraph('The sign-in is about to begin. Reload this page in a few seconds.')]
      : quoted('The last sign-in failed:', reason);
  }
  if (userCode !== undefined) {
    return [`<p>Sign in on ${link(signInUrl)} with the code <strong>${escaped(userCode)}</strong>.</p>`];
  }
  return [
    `<p class="action">${link(signInUrl, 'Sign in')}</p>`,
    paragraph(
      'If you end up on a page that does not load, copy its address. Then run this command where the proxy runs, ' +
        'with the flags of the proxy, and paste the address into it:',
    ),
    loginCommand(server),
  ];
}

function quoted(lead: string, words = ''): string[] {
  const shown = printable(words, LONGEST_REASON);
  return shown === '' ? [] : [paragraph(lead), `<blockquote><bdi>${escaped(shown)}</bdi></blockquote>`];
}
