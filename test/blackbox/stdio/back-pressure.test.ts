// If a client reads slowly, the server must wait: the proxy does not grow, and nothing is lost. The tests run side by
// side, because most of their time is waiting.
import type { ServerResponse } from 'node:http';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ERAS, LEGACY } from '../../peers/hostile-eras.ts';
import { peakMemory } from '../../peers/hostile-memory.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

// Hundreds of MiB cross here, and the machine may have other things to do.
vi.setConfig({ testTimeout: 600_000 });
const WAIT_MS = 500_000;

afterAll(closeProxies);
afterAll(closeHostiles);

const MIB = 1_048_576;
const COUNT = 1_000;
const PAD = 'x'.repeat(100_000);
/** What the sockets between server and client may hold, with the buffers of the system. */
const IN_TRANSIT = 32 * MIB;
/** If there is no room for so long, the other end has stopped reading. */
const STALL = 1_500;

const note = (n: number): string =>
  `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":{"n":${n},"pad":"${PAD}"}}}`;

/** Writes as fast as the other end reads, and reports when the other end has stopped reading. */
class Flood {
  sent = 0;
  readonly stalled: Promise<void>;
  #stall = (): void => {};

  constructor() {
    this.stalled = new Promise((resolve) => {
      this.#stall = resolve;
    });
  }

  async write(res: ServerResponse): Promise<void> {
    for (let n = 0; n < COUNT; n++) {
      const text = a.event(note(n));
      this.sent += text.length;
      if (res.write(text)) continue;
      const timer = setTimeout(this.#stall, STALL);
      await new Promise((resolve) => res.once('drain', resolve));
      clearTimeout(timer);
    }
  }
}

async function expectPaused(flood: Flood, proxy: ProxyProcess, before: number | undefined): Promise<void> {
  await flood.stalled;
  expect(flood.sent).toBeLessThan(IN_TRANSIT);
  if (before !== undefined) expect((peakMemory(proxy.pid) ?? 0) - before).toBeLessThan(IN_TRANSIT);
}

const numbers = (proxy: ProxyProcess): number[] =>
  proxy.rpc.received
    .filter(({ message }) => message.method === 'notifications/message')
    .map(({ message }) => message.params.data.n);

describe.concurrent.each(ERAS)('$name', (era) => {
  it('100 MB of notifications on the stream of a call wait for a slow client', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    proxy.rpc.waitMs = WAIT_MS;
    await era.open(proxy);
    const before = peakMemory(proxy.pid);
    const flood = new Flood();
    server.once(
      'tools/call',
      a.openSse(async (res, seen) => {
        await flood.write(res);
        res.end(a.event(`{"jsonrpc":"2.0","id":${seen.id},"result":{"sent":${COUNT}}}`));
      }),
    );
    proxy.child.stdout?.pause();
    const answer = era.ask(proxy, 'tools/call', { name: 'flood', arguments: {} });
    await expectPaused(flood, proxy, before);
    proxy.child.stdout?.resume();
    expect((await answer).message.result).toEqual({ sent: COUNT });
    expect(numbers(proxy)).toEqual(Array.from({ length: COUNT }, (_, n) => n));
  });
});

it.concurrent('100 MB of notifications on the GET stream wait for a slow client', async () => {
  const server = await startHostile();
  const flood = new Flood();
  let start = (): void => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  server.on(
    'GET',
    a.openSse(async (res) => {
      await started;
      await flood.write(res);
    }),
  );
  const proxy = startProxy(server.url);
  proxy.rpc.waitMs = WAIT_MS;
  await LEGACY.open(proxy);
  await server.seen('GET');
  const before = peakMemory(proxy.pid);
  proxy.child.stdout?.pause();
  start();
  await expectPaused(flood, proxy, before);
  proxy.child.stdout?.resume();
  await proxy.rpc.next((message) => message.params?.data?.n === COUNT - 1);
  expect(numbers(proxy)).toEqual(Array.from({ length: COUNT }, (_, n) => n));
});

it.concurrent('the proxy stops reading from a client that does not read, and answers every request in the end', async () => {
  const server = await startHostile();
  server.on('tools/call', a.reply({ content: [], pad: 'y'.repeat(1_000_000) }));
  const proxy = startProxy(server.url);
  proxy.rpc.waitMs = WAIT_MS;
  await LEGACY.open(proxy);
  const before = peakMemory(proxy.pid);
  proxy.child.stdout?.pause();
  const ids = Array.from({ length: 300 }, (_, n) => `call-${n}`);
  const answers = ids.map((id) => proxy.rpc.response(id));
  // Each request is large enough that only a few fit into the pipe.
  for (const id of ids)
    proxy.rpc.raw(LEGACY.line(id, 'tools/call', { name: 'x', arguments: { pad: 'z'.repeat(200_000) } }));
  await new Promise<void>((resolve) => {
    let last = -1;
    const look = setInterval(() => {
      if (last === server.requests.length) {
        clearInterval(look);
        resolve();
      }
      last = server.requests.length;
    }, STALL);
  });
  expect(server.executions).toBeLessThan(ids.length);
  if (before !== undefined) expect((peakMemory(proxy.pid) ?? 0) - before).toBeLessThan(4 * IN_TRANSIT);
  proxy.child.stdout?.resume();
  for (const answer of answers) expect((await answer).message.result).toBeDefined();
  expect(server.executions).toBe(ids.length);
});
