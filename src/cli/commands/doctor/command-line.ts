/** Commands to show: for a user to type, and for a report. Pure. */
import type { Flags } from '../../flags/words.ts';

/** Characters that no shell takes for anything but themselves. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word as a shell reads it. */
function shellWord(word: string, platform: NodeJS.Platform = process.platform): string {
  if (PLAIN.test(word)) return word;
  return platform === 'win32' ? `"${word.replaceAll('"', '\\"')}"` : `'${word.replaceAll("'", "'\\''")}'`;
}

export function shellWords(words: readonly string[]): string {
  return words.map((word) => shellWord(word)).join(' ');
}

/** Flags that say how to do one command, and nothing about the server. */
const OF_A_RUN = new Set(['json', 'report', 'log-level', 'log-format', 'quiet', 'capture', 'capture-arguments']);

/** The flags about the server, as they were given, with placeholders unexpanded. */
function serverFlags(flags: Flags): string[] {
  return [...flags.all].flatMap(([{ name }, values]) => {
    if (OF_A_RUN.has(name)) return [];
    return values.flatMap((value) => {
      if (value === false) return [];
      return value === true ? [`--${name}`] : [`--${name}`, String(value)];
    });
  });
}

/** What the user typed after the name of a command: the URL and the flags, or the flags, `--` and the command. */
export interface Typed {
  readonly url: string | undefined;
  readonly flags: Flags;
  readonly command: readonly string[] | undefined;
}

/** `mcp-proxy <word> <url> [flags]` with what the user typed, to be typed again. */
export function again(
  word: string | readonly string[],
  { url, flags, command }: Typed,
  more: readonly string[] = [],
): string {
  const words = [
    'mcp-proxy',
    ...[word].flat(),
    ...(url === undefined ? [] : [url]),
    ...serverFlags(flags),
    ...more,
    ...(command === undefined ? [] : ['--', ...command]),
  ];
  return shellWords(words);
}
