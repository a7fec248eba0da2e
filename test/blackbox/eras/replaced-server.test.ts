// A server of one era gives way to one of the other at the same URL, under a running proxy: at most one request fails, and
// the next one is served by the bridge.
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { connect, type Subject } from '../../parity/stdio/subject.ts';
import { startServing } from '../../peers/http/serving.ts';
import type { Peer } from '../../peers/listen.ts';
import { modernServer, rpc, rpcErrorBody } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { listenRaw, relay } from '../../peers/raw-server.ts';
import { MODERN } from '../../peers/rpc.ts';
import { answer, startScripted } from '../../peers/scripted.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV1Stateless } from '../../peers/sdk-v1-stateless.ts';
import { startSdkV2Modern } from '../../peers/sdk-v2-modern.ts';

const open = opened();

/** One URL, behind which a test puts one server after the other. */
async function startAddress(first: Peer) {
  let port = Number(new URL(first.url).port);
  const raw = await open(listenRaw(net.createServer((socket) => relay(socket, port))));
  return {
    url: `http://${raw.address}/mcp`,
    replace(other: Peer): void {
      port = Number(new URL(other.url).port);
      raw.cut();
    },
  };
}

type Kind = Parameters<typeof connect>[0];
const CLIENTS: [string, (url: string) => Promise<Subject>][] = (
  [
    ['SDK v1', 'a client with a session'],
    ['SDK v2 modern', `a client of ${MODERN}`],
  ] as [Kind, string][]
).flatMap(([kind, name]): [string, (url: string) => Promise<Subject>][] => [
  [`${name} on stdio`, (url) => connect(kind, 'proxy', url)],
  [
    `${name} over HTTP`,
    async (url) => {
      const client = await connect(kind, 'http', `${(await startServing(url)).url}/mcp`);
      const close = client.close.bind(client);
      // The proxy may have ended before it.
      return Object.assign(client, { close: () => close().catch(() => {}) });
    },
  ],
]);

/** How many requests fail before one succeeds. */
async function failures(client: Subject): Promise<number> {
  for (let failed = 0; ; failed++) {
    try {
      await client.request('tools/list', {});
      return failed;
    } catch (error) {
      if (failed >= 3) throw error;
    }
  }
}

async function elicited(client: Subject): Promise<unknown> {
  const { content } = (await client.tool('elicits', { question: 'decline' })) as { content: { text: string }[] };
  return JSON.parse(content[0]?.text ?? 'null');
}

describe.each(CLIENTS)('%s', (_, connectTo) => {
  it.each([
    ['with sessions, by one of 2026-07-28', startSdkV1Stateful, startSdkV2Modern],
    ['of 2026-07-28, by one with sessions', startSdkV2Modern, startSdkV1Stateful],
  ] as [string, () => Promise<Peer>, () => Promise<Peer>][])('a server %s', async (_direction, first, second) => {
    const [before, after] = [await open(first()), await open(second())];
    const address = await startAddress(before);
    const client = await open(connectTo(address.url));
    await client.tool('echo', {});
    for (const next of [after, before, after]) {
      address.replace(next);
      expect(await failures(client)).toBeLessThanOrEqual(1);
      expect(await elicited(client)).toEqual({ action: 'decline' });
    }
  });

  it('a server without sessions, by one of 2026-07-28 and back', async () => {
    const [before, after] = [await open(startSdkV1Stateless()), await open(startSdkV2Modern())];
    const address = await startAddress(before);
    const client = await open(connectTo(address.url));
    await client.tool('echo', {});
    for (const next of [after, before]) {
      address.replace(next);
      expect(await failures(client)).toBeLessThanOrEqual(1);
      await client.tool('echo', {});
    }
  });

  it('a server with sessions, by one of 2026-07-28 that refuses what has no envelope as the specification says', async () => {
    const before = await open(startSdkV1Stateful());
    const serve = modernServer();
    const after = await open(
      startScripted('/mcp', (seen, res) => {
        const { id = null, params } = rpc(seen);
        if (seen.method !== 'POST' || params?._meta !== undefined) return serve(seen, res);
        return answer(res, 400, 'application/json', rpcErrorBody(-32602, 'Invalid params: no _meta', undefined, id));
      }),
    );
    const address = await startAddress(before);
    const client = await open(connectTo(address.url));
    await client.tool('echo', {});
    address.replace(after);
    expect(await failures(client)).toBeLessThanOrEqual(1);
    expect(JSON.stringify(await client.tool('echo', {}))).toContain('called');
  });
});

it('a client with a session keeps its log level and its subscriptions, and reloads its lists', async () => {
  const [before, after] = [await open(startSdkV1Stateful()), await open(startSdkV2Modern())];
  const address = await startAddress(before);
  const client = await open(connect('SDK v1', 'proxy', address.url));
  const { wire } = client;
  const uri = 'acme://plain';
  await client.request('logging/setLevel', { level: 'error' });
  await client.request('resources/subscribe', { uri });
  for (const next of [after, before]) {
    const mark = wire.mark();
    address.replace(next);
    await failures(client);
    await wire.notified(mark, 'notifications/tools/list_changed');
    await client.tool('touch', { uri });
    await wire.notified(mark, 'notifications/resources/updated');
    const logged = wire.mark();
    await client.tool('logs', {});
    const levels = wire.since(logged).flatMap((event) => {
      const isLog = event.kind === 'notification' && event.method === 'notifications/message';
      return isLog ? [(event.params as { level: string }).level] : [];
    });
    expect(levels).toEqual(['error']);
  }
});
