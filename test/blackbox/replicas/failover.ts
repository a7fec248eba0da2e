// What must be true of replicas whose store fails over to a copy of itself.
import { expect } from 'vitest';
import type { Serving } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { startScripted } from '../../peers/scripted.ts';
import { startReplica } from './replicated.ts';

export const storeIn = async (url: string): Promise<unknown> =>
  ((await (await fetch(`${url}/readyz`)).json()) as { store: unknown }).store;

/** Kills a replica. A session that it had goes on at another one. */
export async function expectTakeover(one: Serving, other: Serving, session: StreamableClient): Promise<void> {
  const client = new StreamableClient(`${other.url}/mcp`);
  client.sessionId = session.sessionId;
  client.protocolVersion = session.protocolVersion;
  session.vanish();
  one.proxy.kill('SIGKILL');
  await one.proxy.exited;
  // A replica counts those that it knows as running for a while after an outage.
  const called = async (): Promise<number> =>
    (await client.post('{"jsonrpc":"2.0","id":1,"method":"ping"}').response).status;
  await expect.poll(called, { timeout: 60_000 }).toBe(200);
  client.vanish();
}

/**
 * Ends or stops the primary under two replicas. Both say that the store is gone, and use it again when it is back; then a session
 * of one replica, which is killed, goes on at the other.
 * @param state the URL of the store
 * @param password of the store, which must not be logged
 * @returns what closes everything
 */
export async function expectFailover(
  state: string,
  endPrimary: () => unknown,
  password: string,
): Promise<() => Promise<void>> {
  const server = await startScripted('/mcp', legacyServer());
  const [one, other] = await Promise.all([1, 2].map(() => startReplica(server.url, { url: state })));
  if (!one || !other) throw new Error('two replicas');
  const both = [one, other];
  const close = async (): Promise<void> => {
    await Promise.all(both.map((each) => each.stop()));
    await server.close();
  };
  try {
    expect(await storeIn(one.url)).toEqual({ reachable: true, replicas: expect.any(Number) });
    await endPrimary();
    await expect.poll(() => storeIn(one.url), { timeout: 60_000 }).toMatchObject({ reachable: false });
    for (const each of both) {
      const back = { reachable: true, replicas: expect.any(Number) };
      await expect.poll(() => storeIn(each.url), { timeout: 60_000 }).toEqual(back);
    }
    const opening = new StreamableClient(`${one.url}/mcp`);
    await opening.initialize('2025-11-25');
    await expectTakeover(one, other, opening);
    for (const { proxy } of both) {
      expect(proxy.stderr).not.toContain(password);
      expect(proxy.stderr.match(/error: the store .* cannot be used/g), proxy.stderr).toHaveLength(1);
      expect(proxy.stderr).not.toMatch(/warning|Unhandled/i);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}
