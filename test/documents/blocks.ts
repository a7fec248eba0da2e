// The fenced blocks of the documents that users read.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');

export interface Block {
  /** Relative to the repository, with slashes. */
  readonly document: string;
  /** Of its first line, from 1. */
  readonly line: number;
  /** What follows the fence: `sh`, `json`, … */
  readonly language: string;
  readonly text: string;
  /** The headings above it, from the first level down. */
  readonly headings: readonly string[];
}

export const DOCUMENTS: readonly string[] = ['.', 'docs'].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join(folder, name)),
);

export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  const headings: string[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of readFileSync(path.join(ROOT, document), 'utf8').split(/\r?\n/).entries()) {
    const fence = /^```(\w*)$/.exec(line);
    if (fence && open) {
      const { language, line: first, lines } = open;
      blocks.push({ document, line: first, language, text: lines.join('\n'), headings: [...headings] });
      open = undefined;
    } else if (fence) open = { language: fence[1] ?? '', line: index + 2, lines: [] };
    else if (open) open.lines.push(line);
    else {
      const [, marks = '', heading = ''] = /^(#+) (.*)$/.exec(line) ?? [];
      if (marks !== '') headings.splice(marks.length - 1, Number.POSITIVE_INFINITY, heading);
    }
  }
  if (open) throw new Error(`${document}:${open.line}: this block has no end`);
  return blocks;
}

export const BLOCKS: readonly Block[] = DOCUMENTS.flatMap(blocksOf);

export const at = ({ document, line }: Block): string => `${document}:${line}`;
