// What clients subscribe to is kept, so it has a cap for each client, in bytes too: on every wire, and also where several
// clients share a session with the server.
import { afterEach, describe, expect, it } from 'vitest';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { legacyServer, modernServer, rpc } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { modernParams, type RpcMessage } from '../../peers/rpc.ts';
import { type Script, startScripted } from '../../peers/scripted.ts';

const open = opened();
afterEach(closeServings);

const LIMIT = -31008;
const KIB = 1_024;
/** A URI of 16 KiB. */
const long = (n: number): string => `x:${n}:`.padEnd(16 * KIB, '.');
const CAPABILITIES = { tools: {}, resources: { subscribe: true } };

const initialize = ({ protocolVersion }: { protocolVersion: string }): string =>
  JSON.stringify({ protocolVersion, capabilities: CAPABILITIES, serverInfo: { name: 's', version: '1' } });
const legacy = (): Script => {
  const serve = legacyServer({ initialize, 'resources/subscribe': '{}', 'resources/unsubscribe': '{}' });
  return (seen, res) => {
    // With a stream, on which it could tell of updates.
    if (seen.method !== 'GET') return serve(seen, res);
    return void res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  };
};

/** A server of 2026-07-28 that acknowledges every subscription. */
const modern = (): Script => {
  const discovered = {
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities: CAPABILITIES,
    ttlMs: 0,
    cacheScope: 'private',
  };
  const serve = modernServer({ 'server/discover': JSON.stringify(discovered) });
  return (seen, res) => {
    const { id, method, params } = rpc(seen);
    if (method !== 'subscriptions/listen') return serve(seen, res);
    const own = { _meta: { 'io.modelcontextprotocol/subscriptionId': id }, notifications: params.notifications };
    const note = { jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: own };
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    return void res.write(`data: ${JSON.stringify(note)}\n\n`);
  };
};

type Exchange = (method: string, params: object) => Promise<RpcMessage>;

/** Fills the share of a client, is refused, and makes room; `fit` URIs are within its share. */
async function fillUp(exchange: Exchange, fit: number): Promise<void> {
  for (let n = 1; n <= fit; n++)
    expect((await exchange('resources/subscribe', { uri: long(n) })).error, `${n}`).toBeUndefined();
  expect((await exchange('resources/subscribe', { uri: long(fit + 1) })).error?.code).toBe(LIMIT);
  // The same one again needs no room.
  expect((await exchange('resources/subscribe', { uri: long(1) })).error).toBeUndefined();
  expect((await exchange('resources/unsubscribe', { uri: long(1) })).error).toBeUndefined();
  expect((await exchange('resources/subscribe', { uri: long(fit + 1) })).error).toBeUndefined();
}

describe('the URIs of one client', () => {
  it.each([
    ['at a server of its own revision', legacy, 63],
    ['at a server of 2026-07-28', modern, 16],
  ])('%s', async (_, script, fit) => {
    const server = await open(startScripted('/mcp', script()));
    const { rpc: client, close } = startProxy(server.url);
    await client.initialize();
    await fillUp(async (method, params) => (await client.exchange(method, params)).message, fit);
    await close();
  });

  it('in a session that clients share, without a loss for others', async () => {
    const server = await open(startScripted('/mcp', legacy()));
    const { url } = await startServing(server.url, ['--upstream-session', 'shared']);
    for (let n = 1; n <= 2; n++) {
      const client = new StreamableClient(`${url}/mcp`);
      await client.initialize();
      await fillUp(async (method, params) => (await client.call(method, params)).message, 16);
      client.vanish();
    }
  });

  it('of 2026-07-28 at a server of an older revision: the acknowledgment leaves out what is too much', async () => {
    const server = await open(startScripted('/mcp', legacy()));
    const { rpc: client, close } = startProxy(server.url);
    await client.modern('server/discover');
    const resourceSubscriptions = Array.from({ length: 17 }, (_, n) => long(n));
    const params = modernParams({ notifications: { resourceSubscriptions } });
    client.raw(JSON.stringify({ jsonrpc: '2.0', id: 'all', method: 'subscriptions/listen', params }));
    const { message } = await client.next('notifications/subscriptions/acknowledged');
    expect(message.params.notifications.resourceSubscriptions).toHaveLength(16);
    await close();
  });
});
