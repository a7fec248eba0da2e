/** Entries that start this program, whichever installation of it. Pure. */

/** The script of an installation. Another program called mcp-proxy has its script in `dist/bin`. */
const SCRIPT = /(?<![/\\]dist)[/\\]bin[/\\]mcp-proxy\.js$/;

/**
 * What the entry of a host connects to: the URL, or the words of the command after `--`. Undefined for the entry of
 * another program.
 * @param words the program of the entry and its arguments
 * @param program the words with which this installation is started
 */
export function ownTarget(words: readonly string[], program: readonly string[]): string | undefined {
  const isThis = program.every((word, i) => words[i] === word);
  if (!isThis && !SCRIPT.test(words[1] ?? '')) return undefined;
  return targetIn(words.slice(isThis ? program.length : 2));
}

/** What the arguments of this program connect it to. */
export function targetIn(args: readonly string[]): string | undefined {
  const end = args.indexOf('--');
  return end === -1 ? args.find((word) => /^https?:\/\//i.test(word)) : JSON.stringify(args.slice(end + 1));
}
