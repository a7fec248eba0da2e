/** Which entries of hosts start this program, and with which arguments. Pure. */

export interface OwnStart {
  /** How the entry starts the program: by its script, by a launcher that downloads it, or by its name. */
  readonly by: 'script' | 'launcher' | 'name';
  /** The script, as the entry names it; undefined where there is none. */
  readonly script: string | undefined;
  /** The arguments of this program. */
  readonly args: readonly string[];
}

/** The script of an installation. Another program called mcp-proxy has its script in `dist/bin`. */
const SCRIPT = /(?:^|(?<!(?:^|[/\\])dist)[/\\])bin[/\\]mcp-proxy\.js$/;
const PACKAGE = /^@mikluko\/mcp-proxy(?:@[\w.-]+)?$/;
const LAUNCHER = /(?:^|[/\\])(?:npx|npm|pnpm|pnpx|yarn|bunx?)(?:\.cmd|\.exe)?$/;
const NAME = /(?:^|[/\\])mcp-proxy(?:\.cmd|\.exe)?$/;

/** Undefined for the entry of another program. */
export function ownStart(words: readonly string[]): OwnStart | undefined {
  const [command = ''] = words;
  const script = words.findIndex((word, i) => i > 0 && SCRIPT.test(word));
  if (script !== -1) return { by: 'script', script: words[script], args: words.slice(script + 1) };
  const name = words.findIndex((word) => PACKAGE.test(word));
  if (name !== -1 && words.slice(0, name).some((word) => LAUNCHER.test(word))) {
    const rest = words.slice(name + 1);
    return { by: 'launcher', script: undefined, args: rest[0] === '--' ? rest.slice(1) : rest };
  }
  return NAME.test(command) ? { by: 'name', script: undefined, args: words.slice(1) } : undefined;
}
