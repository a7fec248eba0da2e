/** Finds a server that is this proxy itself. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { isLoopback, type ProcessConfig, type Server, type StdioServer } from '../../config.ts';
import { bridgeIn } from '../flags/pasted-command.ts';

/** For the programs that this one starts: the files whose servers they are. */
export const CONFIG_FILES = 'MCP_PROXY_CONFIG_FILES';

/** The file itself, wherever links lead; the name as it is where there is no such file. */
export function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}

export interface OwnPlace {
  readonly path: string;
  readonly config: ProcessConfig;
}

/** Whether a server is this proxy, as far as its configuration shows. */
export function startsItself(server: Server, { path: own, config: { listen } }: OwnPlace): boolean {
  if (server.kind === 'stdio') return startsWith(server, own);
  const { hostname, protocol, port } = server.url;
  if (!listen || listen.port === 0 || !isLoopback(hostname)) return false;
  return Number(port || (protocol === 'https:' ? 443 : 80)) === listen.port;
}

/** Whether a command starts a proxy with the same file. */
function startsWith({ command, args, cwd = '.' }: StdioServer, own: string): boolean {
  const words = [command, ...args];
  if (!words.some((word) => bridgeIn(word) === 'mcp-proxy')) return false;
  return words.some((word, at) => {
    const file = word === '--config' ? words[at + 1] : /^--config=(.+)$/s.exec(word)?.[1];
    return file !== undefined && realPath(path.resolve(cwd, file)) === own;
  });
}

/** The variable for servers of this file. Undefined when this process is itself a server of the file. */
export function markFor(own: string, inherited: string | undefined): readonly [string, string] | undefined {
  const above = inherited ? inherited.split(path.delimiter) : [];
  return above.includes(own) ? undefined : [CONFIG_FILES, [...above, own].join(path.delimiter)];
}
