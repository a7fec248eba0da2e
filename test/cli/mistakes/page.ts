// docs/mistakes.md: the table as a page, and its texts as what the program must write.
import { fileURLToPath } from 'node:url';
import type { Group, Mistake } from './mistake.ts';

export const PAGE = fileURLToPath(new URL('../../../docs/mistakes.md', import.meta.url));

const HEAD = `# Mistakes, and what mcp-proxy says about them

What happens when something is wrong with the command, the network, the credentials or the server. Search this page for
the message that you got.

Each block begins with what was typed. Lines that begin with \`<\` are the JSON-RPC error that the client gets, and lines
that begin with \`!\` are what the program writes to stderr; hosts keep both in their logs. Lines that begin with \`>\` were
typed or opened later, lines without a mark are stdout in a terminal or a page in a browser. The last line is the exit
status: 2 for a usage error, 1 for a failure, 0 where the program ended because the client left.

The servers of this page listen on \`127.0.0.1:3000\` and the ports after it.

<!-- Written by \`npm run mistakes\` from test/cli/mistakes/, which runs every command of this page. -->
`;

/** The page, with the transcript of every mistake. */
export function pageOf(groups: readonly Group[], transcriptOf: (mistake: Mistake) => string | undefined): string {
  const sections = groups.map(({ title, mistakes }) =>
    [`## ${title}\n`, ...mistakes.map((mistake) => sectionOf(mistake.title, transcriptOf(mistake) ?? ''))].join('\n'),
  );
  return [HEAD, ...groups.map(({ title }) => `- [${title}](#${anchorOf(title)})`), '', ...sections].join('\n');
}

function anchorOf(title: string): string {
  return title.toLowerCase().replaceAll(',', '').replaceAll(' ', '-');
}

function sectionOf(title: string, transcript: string): string {
  return `### ${title}\n\n\`\`\`text\n${transcript}\n\`\`\`\n`;
}

/** The transcripts of a page by title. */
export function transcriptsIn(page: string): ReadonlyMap<string, string> {
  const sections = page.matchAll(/^### (.+)\n\n```text\n([\s\S]*?)\n```$/gm);
  return new Map([...sections].map(([, title = '', transcript = '']) => [title, transcript]));
}
