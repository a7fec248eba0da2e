// A local server whose children are pipes to this process: what a child reads and writes is a socket here.
//
//   const piped = await startPiped((socket) => socket.write('{"jsonrpc": …}\n'));
//   const proxy = startProxy(undefined, ['--', ...piped.command]);
import net from 'node:net';
import type { Readable } from 'node:stream';
import { listenRaw } from '../raw-server.ts';

export interface PipedChildren {
  /** The words that start a child. */
  readonly command: readonly string[];
  close(): Promise<void>;
}

/** A shell and two copies of `cat`, because some tests start thousands of children. */
const PIPE = 'exec 3<>"/dev/tcp/127.0.0.1/$0"; cat <&3 & cat >&3; exec 3>&-; kill $!';

/** `connected` gets one socket for each child; it closes when the child ends. */
export async function startPiped(connected: (socket: net.Socket) => void): Promise<PipedChildren> {
  const server = await listenRaw(net.createServer(connected));
  return { command: ['bash', '-c', PIPE, String(server.port)], close: () => server.close() };
}

/** Calls back with each line that arrives. */
export function onLines(stream: Readable, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}
