// What becomes of commands to a Redis Cluster whose node breaks the connection.
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openClient } from '../../../../src/state/redis/client.ts';

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

/** The only node of a cluster. It breaks the connection at each command that changes something. */
async function startBreakingNode(): Promise<{ readonly port: number; readonly counted: string[] }> {
  const counted: string[] = [];
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    socket.on('data', (text) => {
      // A command is an array of strings, of which the first one is its name (RESP2, "Arrays").
      for (const [, name = ''] of text.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n([A-Za-z]+)\r\n/g)) {
        const command = name.toLowerCase();
        if (command === 'cluster') socket.write(slots());
        else if (command === 'exists') socket.write(':0\r\n');
        else if (command === 'client') socket.write('+OK\r\n');
        else {
          counted.push(command);
          socket.destroy();
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const slots = (): string => `*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:${port}\r\n$2\r\nid\r\n`;
  closing.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { port, counted };
}

it('a command whose connection breaks is not sent again, and the next one goes over a new connection', async () => {
  const node = await startBreakingNode();
  const place = { host: '127.0.0.1', port: node.port };
  const nobody = { username: undefined, password: undefined, database: 0 };
  const client = openClient({ tls: false, ...place, ...nobody, nodes: [place] }, SILENT);
  closing.push(() => client.close());
  let ready = 0;
  client.onReady(() => ready++);
  const untilReady = (times: number): Promise<void> =>
    expect.poll(() => [ready, client.trouble], { timeout: 60_000 }).toEqual([times, undefined]);
  await untilReady(1);
  await expect(client.run('INCR', 'key')).rejects.toThrow(/cannot be used/);
  await untilReady(2);
  await expect(client.script('return 1', ['key'])).rejects.toThrow(/cannot be used/);
  await untilReady(3);
  await expect(client.run('SET', 'key', 'value')).rejects.toThrow(/cannot be used/);
  await untilReady(4);
  expect(node.counted).toEqual(['incr', 'eval', 'set']);
});
