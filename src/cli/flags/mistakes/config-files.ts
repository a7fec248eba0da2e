/** `--config` and `--server` beside what they do not go with. */
import type { ProxyError } from '../../../errors.ts';
import { isHttpUrl } from '../url-argument.ts';
import { type MisplacedFile, usageError } from '../usage-error.ts';
import { exampleOf } from './example.ts';
import { foreignHint } from './foreign-flags.ts';
import { shown } from './url.ts';

export function explainConfig({ command, file, server = '' }: MisplacedFile): ProxyError {
  if (command !== undefined) {
    return usageError(`${command} takes no --${file === undefined ? 'server' : 'config'}`, exampleOf(command));
  }
  if (file !== undefined) {
    return usageError(
      'both --config and a server are given, but the file names the servers',
      'leave the server out, or put it into the file',
    );
  }
  return usageError('--server is given without --config', instead(server));
}

/** What the user most likely meant with `--server`, which means something else in other programs. */
function instead(server: string): string {
  if (isHttpUrl(server)) return `the URL without a flag: mcp-proxy ${shown(server)}`;
  return (
    foreignHint('--server', server) ??
    'it names a server of a file: --config FILE --server NAME; to serve HTTP clients: --listen localhost:8080'
  );
}
