/** The start that most hosts make: a URL, and every flag at its default. Pure. */
import { DEFAULTS, HTTP_SERVER_DEFAULTS, httpServer, isLoopback } from '../../config.ts';
import { urlSecrets } from '../../core/redact.ts';
import { parseUrl } from '../../core/url.ts';
import type { Action } from './args.ts';

/** A URL without user info, fragment, and anything that may be a mistake. */
const PLAIN_URL = /^https?:\/\/[\w.:[\]-]+(?:[/?][\w./?=&%~+:,;@!*()-]*)?$/;

/**
 * The action that `parseArguments` finds in these arguments, without the parser. Undefined when they need it: for flags
 * and commands, and for every URL that it changes, refuses or explains.
 */
export function plainStart(argv: readonly string[]): Extract<Action, { kind: 'run' }> | undefined {
  const [text = ''] = argv;
  if (argv.length !== 1 || !PLAIN_URL.test(text) || /\/https?:?\//.test(text.slice(1))) return undefined;
  const url = parseUrl(text);
  if (url === undefined || (url.protocol === 'http:' && !isLoopback(url.hostname))) return undefined;
  return {
    kind: 'run',
    config: { ...DEFAULTS, servers: [httpServer(url, HTTP_SERVER_DEFAULTS)] },
    secrets: urlSecrets(url),
  };
}
