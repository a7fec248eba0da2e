// All replicas are replaced, one after the other, while clients call.
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../peers/free-port.ts';
import { type Serving, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { type RedisPeer, startRedis } from '../../peers/redis.ts';
import { startScripted } from '../../peers/scripted.ts';
import { startBalancer } from './balancer.ts';
import { KEY } from './replicated.ts';

const CLIENTS = 8;
const REPLICAS = 3;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A replica at a port that it keeps when it is replaced. */
function startAt(port: number, server: string, store: RedisPeer): Promise<Serving> {
  const flags = ['--state', store.url, '--state-key', '${STATE_KEY}'];
  return startServing(server, flags, { listen: `127.0.0.1:${port}`, env: { STATE_KEY: KEY } });
}

it('no call is lost, none runs twice, and each client gets its own answers', async () => {
  const ran = new Map<string, number>();
  const called = ({ arguments: { text } }: { arguments: { text: string } }): string => {
    ran.set(text, (ran.get(text) ?? 0) + 1);
    return JSON.stringify({ content: [{ type: 'text', text }] });
  };
  const server = await startScripted('/mcp', legacyServer({ 'tools/call': called }));
  const store = await startRedis();
  closing.push(server.close, store.close);
  const ports = await Promise.all(Array.from({ length: REPLICAS }, freePort));
  const replicas = await Promise.all(ports.map((port) => startAt(port, server.url, store)));
  const balancer = await startBalancer(ports);
  const { url } = balancer;
  closing.push(balancer.close, () => Promise.all(replicas.map((replica) => replica.stop())));

  const clients = Array.from({ length: CLIENTS }, () => new StreamableClient(`${url}/mcp`));
  closing.push(() => clients.map((client) => client.vanish()));
  await Promise.all(clients.map((client) => client.initialize('2025-11-25')));
  let replacing = true;
  let calls = 0;
  const calling = clients.map(async (client, at) => {
    for (let n = 0; replacing; n++) {
      const text = `client ${at}, call ${n}`;
      const { content } = await client.request('tools/call', { name: 'echo', arguments: { text } });
      expect(content[0].text).toBe(text);
      calls++;
    }
  });
  const replaced = (async () => {
    for (const [at, port] of ports.entries()) {
      await expect.poll(() => calls, { timeout: 60_000 }).toBeGreaterThan(20 * (at + 1));
      balancer.remove(port);
      expect(await replicas[at]?.stop()).toEqual({ code: 0, signal: null });
      replicas[at] = await startAt(port, server.url, store);
      balancer.add(port);
    }
    const before = calls;
    await expect.poll(() => calls, { timeout: 60_000 }).toBeGreaterThan(before + 20);
  })().finally(() => {
    replacing = false;
  });
  await Promise.all([...calling, replaced]);
  expect(ran.size).toBe(calls);
  expect([...ran.values()].filter((times) => times !== 1)).toEqual([]);
});
