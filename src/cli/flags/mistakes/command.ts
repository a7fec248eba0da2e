/** A command of another program that is given instead of the URL. */
import type { ProxyError } from '../../../errors.ts';
import { bridgeIn, isPath } from '../pasted-command.ts';
import { isHttpUrl } from '../url-argument.ts';
import { notYet, usageError } from '../usage-error.ts';
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
  return isPath(first) && words.length === 1 ? pathError() : notYet('a local server');
}
