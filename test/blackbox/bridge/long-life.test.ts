// A client of an older revision that stays for a long time in front of a server of 2026-07-28: the clock of the program
// is moved.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { onLines, startPiped } from '../../peers/local/piped-child.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { MODERN, type RpcMessage } from '../../peers/rpc.ts';
import { startScripted } from '../../peers/scripted.ts';
import { Watched } from '../../peers/watched.ts';
import { discovered, open, type Stream, SUBSCRIPTION, streaming } from './fixture.ts';

const CLOCK = fileURLToPath(new URL('../../peers/local/movable-clock.cjs', import.meta.url));
/** As long as a server may take to acknowledge a stream, and as long as the pause after one that the server has ended. */
const STEP = 30_000;
const DISCOVER = { 'server/discover': discovered({ resources: { subscribe: true } }) };
const URI = 'a:one';
const CANCELLED = 'notifications/cancelled';
/** A program whose clock the test moves. */
const MOVED = { nodeArgs: ['--require', CLOCK], env: { CLOCK_STEP: String(STEP) } };

interface Listener extends Stream {
  readonly uris: readonly string[];
}

/** A client with one subscription, at a server that acknowledges every stream. */
async function subscribed() {
  const streams = new Watched<Listener>('streams');
  const script = streaming(
    'subscriptions/listen',
    (stream) => {
      const { notifications } = JSON.parse(stream.seen.body).params;
      tell(stream, 'subscriptions/acknowledged', { notifications });
      streams.add({ ...stream, uris: notifications.resourceSubscriptions });
    },
    DISCOVER,
  );
  const server = await open(startScripted('/mcp', script));
  const proxy = startProxy(server.url, ['--log-level', 'debug'], MOVED);
  await proxy.rpc.initialize('2025-11-25', {});
  await proxy.rpc.request('resources/subscribe', { uri: URI });
  return { proxy, streams };
}

function tell({ id, send }: Stream, method: string, params: object): void {
  send({ method: `notifications/${method}`, params: { ...params, _meta: { [SUBSCRIPTION]: id } } });
}

async function move(proxy: ProxyProcess, step: number): Promise<void> {
  proxy.kill('SIGUSR1');
  await proxy.stderrMatching(new RegExp(`^clock ${step * STEP}$`, 'm'));
}

const UPDATED = 'notifications/resources/updated';

it('hears of changes long after it has subscribed', async () => {
  const { proxy, streams } = await subscribed();
  const stream = await streams.nth(1);
  for (let step = 1; step <= 20; step++) {
    await move(proxy, step);
    tell(stream, 'resources/updated', { uri: URI, step });
    expect((await proxy.rpc.next(UPDATED)).message.params).toEqual({ uri: URI, step });
  }
  expect(streams.all).toHaveLength(1);
  // A subscription is no request that a server is slow to answer.
  expect(proxy.stderr).not.toContain('warn:');
  expect((await proxy.close()).code).toBe(0);
});

it.each<[string, (stream: Stream) => void]>([
  ['with a result', (stream) => stream.finish({ resultType: 'complete', _meta: { [SUBSCRIPTION]: stream.id } })],
  [
    'by cancelling it',
    ({ id, send, end }) => {
      send({ method: CANCELLED, params: { requestId: id, reason: 'restart' } });
      end();
    },
  ],
])('waits no longer for the next stream, however many the server has ended %s', async (_, end) => {
  const { proxy, streams } = await subscribed();
  for (let ended = 1; ended <= 5; ended++) {
    end(await streams.nth(ended));
    await proxy.stderrMatching(new RegExp(`(a subscription is over[^]*){${ended}}`));
    await move(proxy, ended);
    // What may have changed without a stream.
    expect((await proxy.rpc.next(UPDATED)).message.params).toEqual({ uri: URI });
  }
  expect(proxy.rpc.received.map(({ message }) => message.method)).not.toContain(CANCELLED);
  expect((await proxy.close()).code).toBe(0);
});

it('gets another subscription at a local server that has cancelled one', async () => {
  const subscriptions = new Watched<{ readonly id: unknown; send(message: object): void }>('subscriptions');
  const piped = await open(
    startPiped((socket) => {
      socket.on('error', () => {});
      const send = (message: object): void => void socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
      onLines(socket, (text) => {
        const { id, method, params } = JSON.parse(text) as RpcMessage;
        if (method === 'initialize') {
          send({ id, error: { code: -32022, message: 'no', data: { supported: [MODERN], requested: '2025-11-25' } } });
        } else if (method === 'server/discover') {
          send({ id, result: JSON.parse(discovered({ tools: { listChanged: true } })) });
        } else if (method === 'subscriptions/listen') {
          const { notifications } = params;
          const _meta = { [SUBSCRIPTION]: id };
          send({ method: 'notifications/subscriptions/acknowledged', params: { notifications, _meta } });
          subscriptions.add({ id, send });
        }
      });
    }),
  );
  const proxy = startProxy(undefined, ['--log-level', 'debug', '--', ...piped.command], MOVED);
  await proxy.rpc.initialize('2025-11-25', {});
  const { id, send } = await subscriptions.nth(1);
  send({ method: CANCELLED, params: { requestId: id } });
  await proxy.stderrMatching(/a subscription is over/);
  await move(proxy, 1);
  await subscriptions.nth(2);
  await proxy.rpc.next('notifications/tools/list_changed');
  expect(proxy.rpc.received.map(({ message }) => message.method)).not.toContain(CANCELLED);
  expect((await proxy.close()).code).toBe(0);
});

describe('a stream that is replaced because the client has one more subscription', () => {
  async function replaced() {
    const { proxy, streams } = await subscribed();
    await proxy.rpc.request('resources/subscribe', { uri: 'a:two' });
    const [earlier, later] = [await streams.nth(1), await streams.nth(2)];
    expect(later.uris).toEqual([URI, 'a:two']);
    const tellOn = (stream: Stream, n: number): void => tell(stream, 'resources/updated', { uri: URI, n });
    const heard = (): number[] =>
      proxy.rpc.received.flatMap(({ message: { method, params } }) => (method === UPDATED ? params?.n : []));
    const hear = async (): Promise<number> => (await proxy.rpc.next(UPDATED)).message.params?.n;
    return { proxy, streams, earlier, later, tellOn, heard, hear };
  }

  it('is read for a while: what the server said on it before may come late', async () => {
    const { proxy, streams, earlier, later, tellOn, heard, hear } = await replaced();
    tellOn(earlier, 1);
    expect(await hear()).toBe(1);
    // A change that is on both is heard once, whichever stream is the faster one.
    tellOn(earlier, 2);
    expect(await hear()).toBe(2);
    tellOn(later, 2);
    tellOn(later, 3);
    expect(await hear()).toBe(3);
    tellOn(earlier, 3);
    tellOn(earlier, 4);
    expect(await hear()).toBe(4);
    // The same change twice.
    for (const stream of [earlier, later]) for (const n of [5, 5]) tellOn(stream, n);
    expect([await hear(), await hear()]).toEqual([5, 5]);
    for (const stream of [earlier, later]) tellOn(stream, stream === earlier ? 6 : 7);
    expect([await hear(), await hear()].toSorted()).toEqual([6, 7]);
    expect(heard().toSorted()).toEqual([1, 2, 3, 4, 5, 5, 6, 7]);

    const gone = new Promise((resolve) => earlier.seen.gone.addEventListener('abort', resolve));
    await move(proxy, 1);
    await gone;
    tellOn(later, 1);
    expect(await hear()).toBe(1);
    expect(streams.all).toHaveLength(2);
    expect((await proxy.close()).code).toBe(0);
  });

  it('is over as soon as there is the next one', async () => {
    const { proxy, streams, earlier, hear, tellOn } = await replaced();
    const gone = new Promise((resolve) => earlier.seen.gone.addEventListener('abort', resolve));
    await proxy.rpc.request('resources/subscribe', { uri: 'a:three' });
    await gone;
    const last = await streams.nth(3);
    for (const stream of [await streams.nth(2), last]) tellOn(stream, 1);
    tellOn(last, 2);
    expect([await hear(), await hear()].toSorted()).toEqual([1, 2]);
    expect((await proxy.close()).code).toBe(0);
  });
});
