// Clients whose connections break while their sessions are open. After some time, the proxy and the server hold nothing
// for them any more.
import { afterEach, expect, it } from 'vitest';
import { closeCounting, startCounting } from '../../peers/http/counting-server.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { closeProxies } from '../../peers/proxy.ts';
import { memoryOf, PROBE_ARGS } from './memory.ts';
import { stateOf, stateWhen } from './process-state.ts';

afterEach(closeServings);
afterEach(closeProxies);
afterEach(closeCounting);

const AT_ONCE = 250;
/** What is loaded once the program has worked does not belong to sessions. */
const BEFORE = 1_000;
const SESSIONS = 10_000;
/** Descriptors that may come and go: connections that are kept for the next call. */
const SLACK = 20;
/** In MiB: a session that left 1 KiB behind would take more. */
const MEMORY = 8;

/** Disconnects in one of the states in which clients disconnect. */
async function drop(origin: string, index: number): Promise<void> {
  if (index % 10 === 0) {
    const client = new SseClient(`${origin}/sse`);
    await client.open();
    await client.initialize();
    client.vanish();
    return;
  }
  const client = new StreamableClient(`${origin}/mcp`);
  await client.initialize();
  if (index % 5 === 1) await client.listen();
  if (index % 5 === 2) await client.call('tools/call', { name: 'echo', arguments: { nonce: `answered ${index}` } });
  if (index % 5 === 3) {
    const call = { name: 'echo', arguments: { nonce: `abandoned ${index}`, delay: 100 } };
    const { answer } = client.begin('tools/call', call);
    client.vanish();
    await expect(answer).rejects.toThrow();
  }
  client.vanish();
}

async function dropMany(origin: string, from: number, count: number): Promise<void> {
  let next = from;
  const one = async (): Promise<void> => {
    while (next < from + count) await drop(origin, next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

it('10,000 sessions that clients drop silently leave nothing behind', { timeout: 600_000 }, async () => {
  const { url, ledger } = await startCounting('streamable');
  const serving = await startServing(url, ['--session-idle', '10', '--transport', 'http-only'], {
    nodeArgs: PROBE_ARGS,
  });
  const { proxy } = serving;
  const { pid } = proxy;
  const gone = (): Promise<void> =>
    ledger.until(
      'the sessions to be closed',
      ({ sessionsOpen, streamsOpen, callsOpen }) => sessionsOpen === 0 && streamsOpen === 0 && callsOpen === 0,
      240_000,
    );

  const empty = stateOf(pid)?.descriptors ?? 0;
  await dropMany(serving.url, 0, BEFORE);
  await gone();
  await stateWhen(pid, ({ descriptors }) => descriptors <= empty + SLACK, 120_000);
  const before = await memoryOf(proxy);

  await dropMany(serving.url, BEFORE, SESSIONS);
  expect(ledger.sessionsOpened).toBe(BEFORE + SESSIONS);
  await gone();
  expect(ledger.deletes).toBe(BEFORE + SESSIONS);
  expect(ledger.complaints).toEqual([]);
  const state = await stateWhen(pid, ({ descriptors }) => descriptors <= empty + SLACK, 120_000);
  if (state) {
    expect(state.descriptors).toBeLessThanOrEqual(empty + SLACK);
    expect(state.children).toBe(0);
  }
  const after = await memoryOf(proxy);
  if (before && after) expect(after.held - before.held).toBeLessThanOrEqual(MEMORY);
  const client = new StreamableClient(`${serving.url}/mcp`);
  await client.initialize();
  await client.close();
  expect(await serving.stop()).toEqual({ code: 0, signal: null });
});
