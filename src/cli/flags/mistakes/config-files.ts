/** `--config` and `--server` beside what they do not go with. */
import type { ProxyError } from '../../../errors.ts';
import { type Mistake, usageError } from '../usage-error.ts';

export function explainConfig({ other, command }: Extract<Mistake, { kind: 'config' }>): ProxyError {
  if (command !== undefined) {
    return usageError(`${command} takes no --config`, `mcp-proxy ${command} https://server.example/mcp`);
  }
  if (other) {
    return usageError(
      'both --config and a server are given, but the file names the servers',
      'leave the server out, or put it into the file',
    );
  }
  return usageError(
    '--server is given without --config',
    'it names a server of a file: --config FILE --server NAME; to serve HTTP clients: --listen localhost:8080',
  );
}
