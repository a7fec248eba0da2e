/** The HTML pages of this program: complete documents without scripts and without external resources. */
import { createHash } from 'node:crypto';

export interface PageFrame {
  readonly title: string;
  /** Tells good from bad without colour, next to the heading. Hidden from screen readers, which read the heading. */
  readonly mark: string;
  readonly tone: 'good' | 'bad' | 'plain';
  /** HTML, in order. */
  readonly content: readonly string[];
}

/** Colours have a contrast of at least 7:1 for text and 4.5:1 for marks, in light and dark mode. CSS. */
export const COLOURS = `
:root {
  color-scheme: light dark;
  --ground: #f4f5f7; --card: #ffffff; --line: #d5d9e0; --text: #1c2024; --soft: #454c56;
  --good: #0b6b35; --bad: #a3161c; --plain: #454c56; --link: #0b4fa3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #131517; --card: #1d2024; --line: #3a4048; --text: #f1f3f5; --soft: #c3c9d1;
    --good: #5fd38d; --bad: #ff9a96; --plain: #c3c9d1; --link: #9cc4ff;
  }
}
`;

const STYLE = `${COLOURS}* { box-sizing: border-box; }
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
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance; overflow-wrap: normal; }
.word { white-space: nowrap; }
p { margin: 0 0 .75rem; }
p:last-child { margin-bottom: 0; }
a { color: var(--link); }
.action a {
  display: inline-block; padding: .5rem 1rem; border: 2px solid currentColor; border-radius: .5rem;
  font-weight: 600; text-decoration: none;
}
code { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre {
  margin: 0 0 .75rem; padding: .625rem .75rem; white-space: pre-wrap;
  background: var(--ground); border: 1px solid var(--line); border-radius: .375rem;
}
blockquote {
  margin: 0 0 .75rem; padding: .5rem 0 .5rem .875rem; border-inline-start: .25rem solid var(--line); color: var(--soft);
}
.server { font-weight: 600; }
.source { margin: 1.5rem 0 0; font-size: .875rem; color: var(--soft); }
`;

/** Allows only the style, by its hash, so that even unescaped text could do nothing. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every response with a page, besides type and length. */
export const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
};

export function documentOf({ title, mark, tone, content }: PageFrame): string {
  return `<!doctype html>
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
<h1>${heading(title)}</h1>
${content.join('\n')}
<p class="source">mcp-proxy</p>
</main>
</body>
</html>
`;
}

/** A paragraph of text. */
export function paragraph(text: string): string {
  return `<p>${escaped(text)}</p>`;
}

/** A text for the user to copy, such as a command. */
export function copyable(text: string): string {
  return `<pre><code>${escaped(text)}</code></pre>`;
}

/** The command that signs in to the server behind this URL. */
export function loginCommand(url: string): string {
  return copyable(`mcp-proxy login ${shellWord(url)}`);
}

/** A URL as one word in every shell: characters with a meaning of their own are percent-encoded or in quotes. */
function shellWord(url: string): string {
  const plain = url.replace(/['"`$\\]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return /^[\w:/.@%+,~-]+$/.test(plain) ? plain : `"${plain}"`;
}

/** A link, or only its text if the URL is not a web address. */
export function link(url: string, text = url): string {
  if (!/^https?:/i.test(url)) return escaped(text);
  return `<a href="${escaped(url)}" rel="noreferrer">${escaped(text)}</a>`;
}

/** A heading as HTML. Browsers break lines after a hyphen, also inside a word. */
export function heading(title: string): string {
  return escaped(title).replace(/\S+-\S+/g, '<span class="word">$&</span>');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
