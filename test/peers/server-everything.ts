// The reference server of the field, @modelcontextprotocol/server-everything, as its package starts it.
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Peer, WAIT_MS } from './listen.ts';

const PROGRAM = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json')),
  'dist',
  'index.js',
);
const PRELOAD = fileURLToPath(new URL('./server-everything-preload.cjs', import.meta.url));

export const startServerEverythingHttp = (): Promise<Peer> => start('streamableHttp', '/mcp');
/** As a command, for clients that start it. */
export const startServerEverythingStdio = async (): Promise<Peer & { command: string[] }> => ({
  url: '',
  command: [process.execPath, PROGRAM, 'stdio'],
  close: async () => {},
});
export const startServerEverythingSse = (): Promise<Peer> => start('sse', '/sse');

async function start(mode: 'streamableHttp' | 'sse', route: string): Promise<Peer> {
  const child = spawn(process.execPath, ['--require', PRELOAD, PROGRAM, mode], {
    env: { PATH: process.env.PATH ?? '', SystemRoot: process.env.SystemRoot ?? '', PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    windowsHide: true,
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const port = await listening(child);
  return {
    url: `http://127.0.0.1:${port}${route}`,
    async close() {
      process.off('exit', kill);
      kill();
      await gone;
    },
  };
}

async function listening(child: ChildProcess): Promise<number> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`server-everything did not listen within ${WAIT_MS} ms\n${stderr}`));
    }, WAIT_MS);
    child.once('message', ({ port }: { port: number }) => {
      clearTimeout(timer);
      resolve(port);
    });
    child.once('exit', () => {
      clearTimeout(timer);
      reject(new Error(`server-everything ended before it listened\n${stderr}`));
    });
  });
}
