// The peers as processes: servers that listen on a loopback port, and clients that run to their end.
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import path from 'node:path';
import type { Peer } from '../peers/listen.ts';
import { PROGRAM, proxyEnvironment, startProxy } from '../peers/proxy.ts';
import { FOLDER, GO_PROGRAM, pythonOf, RUST_PROGRAM } from './install.ts';
import { end, spawnOwned } from './owned.ts';

export type Era = 'legacy' | 'modern';
export type ClientName = 'python-1' | 'python-2' | 'go';
export type ServerName = 'python-1' | 'python-2' | 'fastmcp-3' | 'fastmcp-4' | 'go';

/** The eras that each speaks over HTTP. */
export const CLIENTS: Record<ClientName, Era[]> = {
  'python-1': ['legacy'],
  'python-2': ['legacy', 'modern'],
  go: ['legacy', 'modern'],
};
export const SERVERS: Record<ServerName, Era[]> = {
  'python-1': ['legacy'],
  'python-2': ['legacy', 'modern'],
  'fastmcp-3': ['legacy'],
  'fastmcp-4': ['legacy', 'modern'],
  go: ['legacy', 'modern'],
};

const LISTEN_MS = 120_000;
const CLIENT_MS = 300_000;

function start(command: string[], env: NodeJS.ProcessEnv): ChildProcessWithoutNullStreams & { said(): string } {
  // A server ends with its stdin, so none outlives this process however that ends.
  const child = spawnOwned(command, { env });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-20_000);
  });
  return Object.assign(child, { said: () => said });
}

const python = (name: string): string => pythonOf(name.endsWith('-1') || name.endsWith('-3') ? 1 : 2);
const script = (name: string): string[] => ['-W', 'ignore', path.join(FOLDER, 'python', name)];

export async function startServer(name: ServerName | 'rust', home: string, option: Era | 'sign-in'): Promise<Peer> {
  const kind = name.startsWith('fastmcp') ? 'fastmcp' : 'sdk';
  const command =
    name === 'go'
      ? [GO_PROGRAM, 'server', option]
      : name === 'rust'
        ? [RUST_PROGRAM, option, 'http']
        : [python(name), ...script('server.py'), kind, ...(option === 'sign-in' ? ['--sign-in'] : [])];
  const child = start(command, proxyEnvironment(home));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const close = (): Promise<void> => {
    end(child);
    return closed;
  };
  const listening = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} does not listen: ${child.said()}`)), LISTEN_MS);
    let line = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      line += text;
      const url = /listening on (\S+)\n/.exec(line)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
    child.once('error', reject);
    void closed.then(() => {
      clearTimeout(timer);
      reject(new Error(`${name} ended: ${child.said()}`));
    });
  });
  return { url: await listening, close };
}

/** The servers that are also run as local ones, and the eras that each speaks on stdio. */
export const LOCAL_SERVERS: Partial<Record<ServerName, Era[]>> = {
  'python-1': ['legacy'],
  'python-2': ['legacy', 'modern'],
  go: ['legacy', 'modern'],
};

/** The command of a local server. */
export const localServer = (name: ServerName): string[] =>
  name === 'go' ? [GO_PROGRAM, 'server', 'stdio'] : [python(name), ...script('server.py'), 'sdk', '--stdio'];

/** The proxy in HTTP mode in front of a URL or a command, on the path for Streamable HTTP. */
export async function startHttpMode(server: string | string[]): Promise<Peer> {
  const [url, command] = typeof server === 'string' ? [server, []] : [undefined, ['--', ...server]];
  const proxy = startProxy(url, ['--listen', '127.0.0.1:0', ...command]);
  const [, origin] = await proxy.stderrMatching(/listening on (http:\/\/[^\s/]+)/);
  return {
    url: `${origin}/mcp`,
    close: async () => {
      proxy.kill();
      await proxy.exited;
    },
  };
}

/** The command of the proxy over stdio in front of a URL or a command. */
export const stdioProxy = (server: string | string[]): string[] => [
  ...PROGRAM,
  ...(typeof server === 'string' ? [server] : ['--', ...server]),
];

/** What a client has said of each feature, and on stderr. */
export interface Told {
  readonly values: ReadonlyMap<string, unknown>;
  readonly stderr: string;
}

export async function runClient(
  name: ClientName,
  era: Era,
  target: string[],
  home: string,
  env: Record<string, string> = {},
): Promise<Told> {
  const command = name === 'go' ? [GO_PROGRAM, 'client'] : [python(name), ...script('client.py')];
  const child = start([...command, era, ...target], { ...proxyEnvironment(home), ...env });
  const timer = setTimeout(() => end(child), CLIENT_MS);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  }).finally(() => clearTimeout(timer));
  const lines = said.split('\n').filter((line) => line.startsWith('{'));
  const values = new Map<string, unknown>();
  for (const line of lines) {
    const { feature, value } = JSON.parse(line) as { feature: string; value: unknown };
    values.set(feature, value);
  }
  return { values, stderr: child.said() };
}
