/** What a browser shows at the end of a sign-in: whole documents without scripts and without anything from elsewhere. */
import { createHash } from 'node:crypto';
import { printable } from '../core/redact.ts';

export type PageKind = 'signed-in' | 'denied' | 'failed' | 'wrong-state' | 'already-done' | 'not-found';

export interface Page {
  /** Status of the HTTP response. */
  readonly status: number;
  /** HTML. */
  readonly text: string;
}

/** In characters: what a person reads; a server that says more has other intentions. */
const LONGEST_REASON = 500;

interface Content {
  readonly status: number;
  /** Tells good from bad without colour, next to the heading; hidden from screen readers, which read the heading. */
  readonly mark: string;
  readonly tone: 'good' | 'bad' | 'plain';
  readonly title: string;
  /** Paragraphs: what happened, and what to do next. */
  readonly text: readonly string[];
}

const CONTENT: Readonly<Record<PageKind, Content>> = {
  'signed-in': {
    status: 200,
    mark: '✓',
    tone: 'good',
    title: 'You are signed in',
    text: ['You can close this tab and go back to your application.'],
  },
  denied: {
    status: 403,
    mark: '–',
    tone: 'plain',
    title: 'Access was not granted',
    text: [
      'The sign-in was declined, so your application has no access.',
      'You can close this tab. If this was a mistake, go back to your application and start the sign-in again.',
    ],
  },
  failed: {
    status: 502,
    mark: '!',
    tone: 'bad',
    title: 'The sign-in did not work',
    text: ['Something went wrong. You can close this tab, go back to your application and start the sign-in again.'],
  },
  'wrong-state': {
    status: 400,
    mark: '!',
    tone: 'bad',
    title: 'This is not the sign-in we are waiting for',
    text: [
      'This link is old, incomplete, or belongs to another sign-in. Nothing has been changed.',
      'If another tab is open for the sign-in, finish it there. Otherwise close this tab, go back to your application ' +
        'and start the sign-in again.',
    ],
  },
  'already-done': {
    status: 409,
    mark: '–',
    tone: 'plain',
    title: 'This sign-in has already been answered',
    text: ['There is nothing left to do here. You can close this tab and go back to your application.'],
  },
  'not-found': {
    status: 404,
    mark: '–',
    tone: 'plain',
    title: 'There is nothing here',
    text: ['This address only waits for the end of a sign-in. You can close this tab.'],
  },
};

/** Colours keep a contrast of at least 7:1 for text, 4.5:1 for marks, in light and dark. */
const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f4f5f7; --card: #ffffff; --line: #d5d9e0; --text: #1c2024; --soft: #454c56;
  --good: #0b6b35; --bad: #a3161c; --plain: #454c56;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #131517; --card: #1d2024; --line: #3a4048; --text: #f1f3f5; --soft: #c3c9d1;
    --good: #5fd38d; --bad: #ff9a96; --plain: #c3c9d1;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; padding: 1rem; display: flex; align-items: center; justify-content: center;
  background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main {
  width: 100%; max-width: 34rem; padding: clamp(1.25rem, 5vw, 2.5rem);
  background: var(--card); border: 1px solid var(--line); border-radius: .75rem; overflow-wrap: anywhere;
}
.mark {
  display: flex; align-items: center; justify-content: center; width: 3rem; height: 3rem; margin: 0 0 1rem;
  border: 2px solid currentColor; border-radius: 50%; font-size: 1.5rem; font-weight: 700; line-height: 1;
}
.good { color: var(--good); } .bad { color: var(--bad); } .plain { color: var(--plain); }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance; }
p { margin: 0 0 .75rem; }
p:last-child { margin-bottom: 0; }
blockquote {
  margin: 1rem 0 0; padding: .5rem 0 .5rem .875rem; border-inline-start: .25rem solid var(--line); color: var(--soft);
}
.source { margin: 1.5rem 0 0; font-size: .875rem; color: var(--soft); }
`;

/** The style is allowed by its hash and nothing else at all, so that text which slipped through could still do nothing. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** @param reason what the other side or the program says about it, from anywhere: shown as text, on one line, cut off */
export function page(kind: PageKind, reason = ''): Page {
  const { status, mark, tone, title, text: paragraphs } = CONTENT[kind];
  const shown = printable(reason, LONGEST_REASON);
  const document = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<div class="mark ${tone}" aria-hidden="true">${mark}</div>
<h1>${escaped(title)}</h1>
${paragraphs.map((paragraph) => `<p>${escaped(paragraph)}</p>`).join('\n')}
${shown === '' ? '' : `<blockquote><bdi>${escaped(shown)}</bdi></blockquote>\n`}<p class="source">mcp-proxy</p>
</main>
</body>
</html>
`;
  return { status, text: document };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
