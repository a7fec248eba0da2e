// What the doctor writes on a terminal, as pages: the transcripts of docs/mistakes.md, which tests hold to the program,
// in the colours of a terminal.
import { readFileSync } from 'node:fs';
import { transcriptsIn } from '../cli/mistakes/page.ts';

export interface TerminalPage {
  readonly html: string;
  /** In CSS pixels. */
  readonly height: number;
}

/** By the name of the file. */
const TITLES: ReadonlyMap<string, string> = new Map([
  ['doctor-sign-in', 'Doctor: the server asks for a sign-in'],
  ['doctor-path', 'Doctor: the path of the URL is wrong, and the right one is beside it'],
  ['doctor-program', 'Doctor: the program ends at once'],
]);

const LINE = 19;
const MARGIN = 20;
/** Room for 80 characters. */
export const TERMINAL_WIDTH = 690;

const STYLE = `
:root { color-scheme: light dark; --ground: #ffffff; --text: #1f2328; --dim: #59636e; --ok: #1a7f37; --warn: #9a6700; --fail: #cf222e; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0d1117; --text: #e6edf3; --dim: #9198a1; --ok: #3fb950; --warn: #d29922; --fail: #f85149; }
}
body { margin: 0; background: var(--ground); color: var(--text); }
pre { margin: ${MARGIN}px; font: 13.5px/${LINE}px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; }
.ok { color: var(--ok); } .warn { color: var(--warn); } .FAIL { color: var(--fail); } .skip, .dim { color: var(--dim); }
b { font-weight: 700; }`;

export const TERMINALS: ReadonlyMap<string, TerminalPage> = new Map(
  [...TITLES].map(([name, title]) => {
    const transcript = transcriptsIn(readFileSync('docs/mistakes.md', 'utf8')).get(title);
    if (transcript === undefined) throw new Error(`docs/mistakes.md has no "${title}"`);
    const lines = transcript.split('\n').filter((line) => !line.startsWith('[exit'));
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style><pre>${lines.map((line, i) => coloured(line, lines[i - 1])).join('\n')}</pre></html>`;
    return [name, { html, height: lines.length * LINE + 2 * MARGIN }];
  }),
);

function coloured(line: string, before = ''): string {
  const [, number, mark, after] = /^( *\d* {2,4})(ok|warn|FAIL|skip)( .*)$/.exec(line) ?? [];
  if (number !== undefined && mark !== undefined) {
    const rest = escaped(after ?? '');
    const shown = mark === 'skip' ? `<span class="dim">${rest}</span>` : rest;
    return `${number}<span class="${mark}">${mark}</span>${shown}`;
  }
  if (/^ +skip .* to /.test(before)) return `<span class="dim">${escaped(line)}</span>`;
  const isHeading = /^(?:mcp-proxy \d|It (?:works|does not work)|Next step)/.test(line);
  return isHeading ? `<b>${escaped(line)}</b>` : escaped(line);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
