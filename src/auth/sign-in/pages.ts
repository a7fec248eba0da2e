/** The pages that a browser shows at the end of a sign-in. */
import { printable } from '../../core/redact.ts';
import { documentOf, escaped, loginCommand, type PageFrame, paragraph } from '../../platform/page.ts';

export type PageKind = 'signed-in' | 'denied' | 'failed' | 'wrong-state' | 'already-done' | 'not-found';

export interface Page {
  readonly status: number;
  /** HTML. */
  readonly text: string;
}

export interface PageDetails {
  /** The URL of the MCP server that the sign-in is for, in a form that is safe to show. */
  readonly server?: string | undefined;
  /** The words of the authorization server: shown as text, on one line, cut off. */
  readonly said?: string | undefined;
}

/** In characters. Long enough for any real reason; a longer text may be an attempt to misuse the page. */
const LONGEST_REASON = 500;

interface Content extends Pick<PageFrame, 'mark' | 'tone' | 'title'> {
  readonly status: number;
  /** What happened, before the name of the server. */
  readonly lead: string;
  /** Paragraphs that say what to do next. */
  readonly text: readonly string[];
  /** Whether the page says how to start again. */
  readonly restarts?: true;
}

const CONTENT: Readonly<Record<PageKind, Content>> = {
  'signed-in': {
    status: 200,
    mark: '✓',
    tone: 'good',
    title: 'You are signed in',
    lead: 'mcp-proxy can now use this server for you:',
    text: ['You can close this tab and go back to your application.'],
  },
  denied: {
    status: 403,
    mark: '–',
    tone: 'plain',
    title: 'Access was not granted',
    lead: 'The sign-in was declined, so your application has no access to this server:',
    text: ['If you did not mean to decline, start again. Otherwise you can close this tab.'],
    restarts: true,
  },
  failed: {
    status: 502,
    mark: '!',
    tone: 'bad',
    title: 'The sign-in did not work',
    lead: 'Your application has no access to this server:',
    text: [],
    restarts: true,
  },
  'wrong-state': {
    status: 400,
    mark: '!',
    tone: 'bad',
    title: 'This is not the sign-in we are waiting for',
    lead: 'The link is old, incomplete, or belongs to another sign-in. Nothing has changed.',
    text: [
      'If the sign-in is open in another tab, finish it there.',
      'Otherwise close this tab, and use the server in your application again: a new sign-in starts.',
    ],
  },
  'already-done': {
    status: 409,
    mark: '–',
    tone: 'plain',
    title: 'This sign-in is already complete',
    lead: 'It was for this server:',
    text: ['There is nothing left to do here. You can close this tab and go back to your application.'],
  },
  'not-found': {
    status: 404,
    mark: '–',
    tone: 'plain',
    title: 'Not found',
    lead: 'This address is only used to complete a sign-in.',
    text: ['You can close this tab.'],
  },
};

/** @param reason the program's own text, with any words of others that it repeats: shown as text, on one line, cut off */
export function page(kind: PageKind, reason = '', { server, said = '' }: PageDetails = {}): Page {
  const { status, mark, tone, title, lead, text, restarts } = CONTENT[kind];
  const content = [
    paragraph(server === undefined ? lead.replace(/:$/, '.') : lead),
    ...(server === undefined ? [] : [`<p class="server"><bdi>${escaped(server)}</bdi></p>`]),
    ...quoted('', reason),
    ...quoted('The server said:', said),
    ...text.map(paragraph),
    ...(restarts ? restart(server) : []),
  ];
  return { status, text: documentOf({ mark, tone, title, content }) };
}

function quoted(speaker: string, words: string): string[] {
  const shown = printable(words, LONGEST_REASON);
  if (shown === '') return [];
  const quote = `<blockquote><bdi>${escaped(shown)}</bdi></blockquote>`;
  return speaker === '' ? [quote] : [paragraph(speaker), quote];
}

function restart(server: string | undefined): string[] {
  const again = 'To start again, use the server in your application';
  if (server === undefined) return [paragraph(`${again}.`)];
  return [paragraph(`${again}, or run this in a terminal, with the flags of its configuration:`), loginCommand(server)];
}
