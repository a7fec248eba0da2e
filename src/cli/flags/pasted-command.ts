/** Commands of other programs that are given instead of the URL. */
import { isHttpUrl } from './url-argument.ts';

/** Programs that connect a client to a URL, wherever they are. */
const BRIDGE = /(?:^|[/\\])(mcp-remote|supergateway|mcp-proxy)(?=$|[@:/\\.])/;
/** What begins a command that starts a local server. */
const COMMAND =
  /^(?:npx|npm|pnpm|yarn|bunx?|deno|node|tsx|uvx?|pipx|python3?|py|docker|podman|go|java|dotnet|bash|sh|cmd)(?:\.exe|\.cmd)?$/;
/** Paths, and names of files that are run or read. */
const PATH = /^(?:(?:~|\.{1,2})?[/\\](?!\/)|[a-z]:[/\\](?![/\\])|file:)|^[\w.-]+\.(?:json|[cm]?[jt]s|py)$/i;

/** Whether words are a command, from its first one on. */
export function isCommand(words: readonly string[]): boolean {
  const [first = ''] = words;
  return COMMAND.test(first) || isPath(first) || (bridgeIn(first) !== undefined && words.some(isHttpUrl));
}

export function isPath(text: string): boolean {
  return PATH.test(text);
}

/** The name of the program that a word of a command is. */
export function bridgeIn(word: string): string | undefined {
  return isHttpUrl(word) ? undefined : BRIDGE.exec(word)?.[1];
}
