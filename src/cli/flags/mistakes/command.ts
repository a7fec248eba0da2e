/** A command of another program that is given instead of the URL. */
import type { ProxyError } from '../../../errors.ts';
import { bridgeIn, isPath } from '../pasted-command.ts';
import { isHttpUrl } from '../url-argument.ts';
import { usageError } from '../usage-error.ts';
import { explainMissingDashes } from './local-servers.ts';
import { pathError, shown } from './url.ts';

/** What is wrong with words that are a command, from its first one on. */
export function explainCommand(words: readonly string[]): ProxyError {
  const [first = ''] = words;
  const at = words.findIndex((word) => bridgeIn(word) !== undefined);
  const url = words.slice(at + 1).find(isHttpUrl);
  if (at !== -1 && url !== undefined) {
    return usageError(
      `this is a command of ${bridgeIn(words[at] as string)}, not a URL`,
      `the URL comes first: mcp-proxy ${shown(url)}`,
    );
  }
  return isPath(first) && words.length === 1 ? pathError() : explainMissingDashes(shownProgram(first));
}

/** The name of the program; a path may hold what should not be shown. */
function shownProgram(word: string): string {
  return /^[\w.-]{1,40}$/.test(word) ? word : 'COMMAND';
}
