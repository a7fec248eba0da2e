// Proxies in the process of the test, with the collaborators that the test passes in.
import { PassThrough } from 'node:stream';
import type { Environment, StdioEnvironment } from '../../../src/app/environment.ts';
import { startHttpProxy } from '../../../src/app/http-proxy.ts';
import { startStdioProxy } from '../../../src/app/stdio-proxy.ts';
import {
  DEFAULTS,
  HTTP_SERVER_DEFAULTS,
  type HttpServerOptions,
  httpServer,
  LISTEN_DEFAULTS,
} from '../../../src/config.ts';
import { RpcClient } from '../../peers/rpc.ts';
import type { Remote } from './slow-state.ts';

export interface Logged {
  /** Warnings and errors, without the URLs behind them. */
  readonly lines: string[];
}

export interface InProcess extends Logged {
  readonly rpc: RpcClient;
  close(): Promise<void>;
}

function around(remote: Remote, env: Record<string, string>): Environment & Logged {
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const log = { debug: () => {}, info: () => {}, warn: note, error: note };
  const { credentials, locks, memory, replays, openSessions } = remote;
  return { env, log, lines, credentials, locks, memory, replays, openSessions, version: '1', redact: String };
}

export function startStdio(
  url: string,
  remote: Remote,
  options: Partial<HttpServerOptions> = {},
  env: Record<string, string> = {},
): InProcess {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const environment: StdioEnvironment & Logged = { ...around(remote, env), streams: { input, output } };
  const server = httpServer(new URL(url), { ...HTTP_SERVER_DEFAULTS, ...options });
  const proxy = startStdioProxy({ ...DEFAULTS, servers: [server] }, environment);
  const rpc = new RpcClient({
    write: (line) => void input.write(`${line}\n`),
    describe: () => environment.lines.join('\n'),
  });
  let rest = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const all = (rest + text).split('\n');
    rest = all.pop() ?? '';
    for (const line of all) rpc.accept(line);
  });
  return { rpc, lines: environment.lines, close: () => proxy.close('client-gone') };
}

export async function startHttp(
  url: string,
  remote: Remote,
): Promise<Logged & { readonly url: string; close(): Promise<void> }> {
  const environment = around(remote, {});
  const listen = { ...LISTEN_DEFAULTS, host: '127.0.0.1', port: 0 };
  const proxy = await startHttpProxy(
    { ...DEFAULTS, servers: [httpServer(new URL(url), HTTP_SERVER_DEFAULTS)], listen },
    environment,
  );
  return { url: proxy.url, lines: environment.lines, close: () => proxy.close('client-gone') };
}
