// How many sessions one client may have with a server, and for how long.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { legacyPeer, META, modernClient } from './legacy-peer.ts';

const named = (name: string) => ({ _meta: { [`${META}clientInfo`]: { name, version: '1' } } });
const IDLE = 30 * 60_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

it('beyond 64, the one that was unused for longest goes', async () => {
  const server = legacyPeer();
  const client = modernClient(server);
  for (let n = 0; n < 64; n++) await client.ask('tools/list', named(`c${n}`));
  await client.ask('tools/list', named('c0'));
  await client.ask('tools/list', named('one more'));
  expect(server.sessions).toHaveLength(65);
  expect(server.sessions.flatMap(({ closed }, n) => (closed ? [n] : []))).toEqual([1]);
});

it('64 that are in use leave no room for another', async () => {
  const server = legacyPeer({ 'tools/call': () => new Promise(() => {}) });
  const client = modernClient(server);
  for (let n = 0; n < 64; n++) {
    await client.ask('tools/list', named(`c${n}`));
    client.send('tools/call', { name: 'a', ...named(`c${n}`) });
  }
  await expect(client.ask('tools/list', named('one more'))).rejects.toMatchObject({ code: 'limit' });
  expect(server.sessions.some(({ closed }) => closed)).toBe(false);
});

it('one that is unused for half an hour is closed, and one with a call or a subscription is not', async () => {
  let finish = (_result: object): void => {};
  const server = legacyPeer({
    'tools/call': () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  });
  const client = modernClient(server);
  await client.ask('tools/list', named('unused'));
  const call = client.send('tools/call', { name: 'a', ...named('calls') });
  const listener = client.send('subscriptions/listen', { notifications: {}, ...named('listens') });
  await vi.advanceTimersByTimeAsync(IDLE - 1);
  const closed = (): boolean[] => server.sessions.map((session) => session.closed);
  expect(closed()).toEqual([false, false, false]);
  await vi.advanceTimersByTimeAsync(1);
  expect(closed()).toEqual([true, false, false]);
  finish({ content: [] });
  await call.answer;
  listener.cancel();
  await vi.advanceTimersByTimeAsync(IDLE);
  expect(closed()).toEqual([true, true, true]);
  expect(client.bridge.empty).toBe(true);
});

it('none is opened when the client has gone', async () => {
  const server = legacyPeer();
  const client = modernClient(server);
  await client.bridge.close(1);
  await expect(client.ask('tools/list')).rejects.toMatchObject({ code: 'failed' });
  expect(server.sessions).toEqual([]);
});

it('those that nothing uses are closed when the client opens a session of its own', async () => {
  const server = legacyPeer({ 'tools/call': () => new Promise(() => {}) });
  const client = modernClient(server);
  await client.ask('tools/list', named('unused'));
  client.send('tools/call', { name: 'a', ...named('calls') });
  await client.ask('tools/list', named('calls'));
  client.bridge.closeUnused();
  expect(server.sessions.map(({ closed }) => closed)).toEqual([true, false]);
});
