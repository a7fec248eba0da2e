// A connection for bytes that no HTTP library would send.

import net from 'node:net';
import { Changes } from '../../peers/changes.ts';

export interface RawConnection {
  readonly socket: net.Socket;
  /** What has arrived so far. */
  readonly text: string;
  /** Resolves when the other side has ended the connection, in order or not. */
  readonly closed: Promise<void>;
  write(bytes: string | Buffer): void;
  /** Waits until what has arrived matches. */
  matching(pattern: RegExp): Promise<RegExpExecArray>;
  destroy(): void;
}

const open = new Set<RawConnection>();

/** For afterEach. */
export function closeConnections(): void {
  for (const connection of open) connection.destroy();
  open.clear();
}

export function connect(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = net.connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), allowHalfOpen: true });
  let text = '';
  const changes = new Changes();
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    changes.changed();
  });
  // Tests cut connections off on purpose, so errors are expected here.
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    const end = (): void => {
      resolve();
      changes.end('the connection ended');
    };
    socket.once('end', end);
    socket.once('close', end);
  });
  const connection: RawConnection = {
    socket,
    get text() {
      return text;
    },
    closed,
    write: (bytes) => void socket.write(bytes),
    matching: (pattern) =>
      changes.until(
        () => pattern.exec(text) ?? undefined,
        (reason) => `${reason} without ${pattern}: ${JSON.stringify(text.slice(0, 1000))}`,
      ),
    destroy: () => void socket.destroy(),
  };
  open.add(connection);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(connection));
    socket.once('error', reject);
  });
}

/** The text of a request; header lines stand as they are given. */
export function requestText(line: string, headers: readonly string[], body = ''): string {
  return [line, ...headers, '', body].join('\r\n');
}

/** The statuses of all responses on a connection, in order. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
