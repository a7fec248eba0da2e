// The listener for other replicas: who may stay connected, and how it ends.
import type { RequestListener } from 'node:http';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import {
  FOR_REPLICA,
  type HopListener,
  listenForHops,
} from '../../../../../src/downstream/http/replicas/hop-listener.ts';
import { proving } from '../../../../../src/downstream/http/replicas/replica-tls.ts';

const KEY = { id: 'a', key: Buffer.alloc(32, 1) };
const SIZE = 32 * 1_048_576;

const open: HopListener[] = [];
afterEach(() => {
  for (const listener of open.splice(0)) listener.destroy();
});

async function listening(handle: RequestListener): Promise<HopListener> {
  const listener = await listenForHops({ address: '127.0.0.1', own: 'own', keys: [KEY], handle });
  open.push(listener);
  return listener;
}

it('an answer that has ended leaves whole, however slowly it is read, when the listener closes', async () => {
  const listener = await listening((_, res) => res.end(Buffer.alloc(SIZE)));
  const agent = new Agent({ ...proving(KEY), keepAlive: true });
  const hop = request({ agent, host: '127.0.0.1', port: listener.port, headers: { [FOR_REPLICA]: 'own' } }).end();
  const received = new Promise<number>((resolve, reject) => {
    hop.once('error', reject);
    hop.once('response', (answer) => {
      let size = 0;
      answer.once('error', reject);
      answer.once('readable', () => {
        void listener.close(60_000);
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
        });
        answer.once('end', () => resolve(size));
      });
    });
  });
  expect(await received).toBe(SIZE);
  agent.destroy();
});

it('a connection that never proves to be one of a replica ends', async () => {
  const listener = await listening(() => {});
  const stranger = connect(listener.port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => stranger.once('close', resolve));
});

it('and does not hold up the end of the listener', async () => {
  const listener = await listening(() => {});
  const stranger = connect(listener.port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => stranger.once('connect', resolve));
  const closed = new Promise((resolve) => stranger.once('close', resolve));
  // A request tells that the connection before it has been accepted.
  const hop = request({ ...proving(KEY), host: '127.0.0.1', port: listener.port, agent: false }).end();
  await new Promise((resolve) => hop.once('response', (answer) => resolve(answer.resume())));
  await listener.close(3_600_000);
  await closed;
});
