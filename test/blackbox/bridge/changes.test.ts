// An older client is told of changes and can subscribe to resources, although a server of 2026-07-28 has only streams
// for that.
import { describe, expect, it } from 'vitest';
import { rpcErrorBody } from '../../peers/minimal-server.ts';
import { answer } from '../../peers/scripted.ts';
import { Watched } from '../../peers/watched.ts';
import { bridged, discovered, paramsOf, refusing, type Stream, SUBSCRIPTION, streaming } from './fixture.ts';

const CAPABILITIES = { tools: { listChanged: true }, prompts: {}, resources: { subscribe: true, listChanged: true } };
const DISCOVER = { 'server/discover': discovered(CAPABILITIES) };

interface Filter {
  resourceSubscriptions?: string[];
}

/** A server that opens every stream it is asked for; the test takes them in order. */
async function listening(acknowledge: (filter: Filter) => Filter = (filter) => filter) {
  const streams = new Watched<Stream & { filter: Filter }>('streams');
  const connected = await bridged(
    streaming(
      'subscriptions/listen',
      (opened) => {
        const filter = JSON.parse(opened.seen.body).params.notifications as Filter;
        told(opened, ACKNOWLEDGED, { notifications: acknowledge(filter) });
        streams.add({ ...opened, filter });
      },
      DISCOVER,
    ),
  );
  return { ...connected, streams };
}

function told({ id, send }: Stream, method: string, params: object = {}): void {
  send({ method, params: { ...params, _meta: { [SUBSCRIPTION]: id } } });
}

const updated = (stream: Stream, uri: string): void => told(stream, 'notifications/resources/updated', { uri });

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const CANCELLED = 'notifications/cancelled';

const isResources = ({ filter }: { filter: Filter }): boolean => filter.resourceSubscriptions !== undefined;

describe('changes of lists', () => {
  it('reach the client, without the id of the subscription', async () => {
    const { rpc, streams } = await listening();
    const stream = await streams.nth(1);
    expect(stream.filter).toEqual({ toolsListChanged: true, resourcesListChanged: true });
    told(stream, 'notifications/tools/list_changed');
    told(stream, 'notifications/resources/list_changed', { acme: 1 });
    expect((await rpc.next('notifications/tools/list_changed')).message).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/tools/list_changed',
    });
    expect((await rpc.next('notifications/resources/list_changed')).message.params).toEqual({ acme: 1 });
    expect(rpc.received.map(({ message }) => message.method)).not.toContain('notifications/subscriptions/acknowledged');
  });

  it('do not bring the client a cancellation, which has the id that the request has at the server', async () => {
    const { rpc, streams } = await listening();
    const { id, send, ...stream } = await streams.nth(1);
    // It may be any id of the proxy's own requests to the client, too.
    for (const requestId of [1, 2, 3].filter((one) => one !== id)) send({ method: CANCELLED, params: { requestId } });
    told({ id, send, ...stream }, 'notifications/tools/list_changed');
    await rpc.next('notifications/tools/list_changed');
    expect(rpc.received.map(({ message }) => message.method)).not.toContain(CANCELLED);
  });

  it('need no subscription when the server announces none', async () => {
    const { server, rpc } = await bridged({});
    await rpc.request('tools/list');
    expect(server.lines).not.toContain('POST subscriptions/listen');
  });

  it('that happened while the stream was broken reach the client afterwards', async () => {
    const { rpc, streams } = await listening();
    const stream = await streams.nth(1);
    told(stream, 'notifications/tools/list_changed');
    await rpc.next('notifications/tools/list_changed');
    stream.cut();
    await streams.nth(2);
    await rpc.next('notifications/tools/list_changed');
    await rpc.next('notifications/resources/list_changed');
  });

  it('reach the client even if the server was busy when the proxy subscribed', async () => {
    const serve = streaming('subscriptions/listen', (stream) => told(stream, ACKNOWLEDGED, {}), DISCOVER);
    let refusals = 0;
    const { server } = await bridged((seen, res) => {
      if (seen.body.includes('subscriptions/listen') && refusals++ === 0) return answer(res, 500, 'text/plain', 'busy');
      return serve(seen, res);
    });
    let asked = 0;
    await server.request(({ body }) => body.includes('subscriptions/listen') && ++asked === 2);
  });

  it('stop when the client leaves', async () => {
    const { proxy, streams } = await listening();
    const { seen } = await streams.nth(1);
    const gone = new Promise((resolve) => seen.gone.addEventListener('abort', resolve));
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    await gone;
  });

  it('are not asked for again when the server turns out not to have them', async () => {
    const { server, rpc, proxy } = await bridged(
      refusing('subscriptions/listen', 404, rpcErrorBody(-32601, 'Method not found'), DISCOVER),
    );
    await server.request(({ body }) => body.includes('subscriptions/listen'));
    expect((await rpc.request('tools/list')).tools).toHaveLength(1);
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(paramsOf(server, 'subscriptions/listen')).toHaveLength(1);
  });
});

describe('resources/subscribe', () => {
  it('is answered when the server has accepted it; updates follow until resources/unsubscribe', async () => {
    const { rpc, streams } = await listening();
    expect(await rpc.request('resources/subscribe', { uri: 'a:one' })).toEqual({});
    const one = await streams.nth(1, isResources);
    expect(one.filter).toEqual({ resourceSubscriptions: ['a:one'] });
    updated(one, 'a:one');
    expect((await rpc.next('notifications/resources/updated')).message.params).toEqual({ uri: 'a:one' });

    const closed = new Promise((resolve) => one.seen.gone.addEventListener('abort', resolve));
    expect(await rpc.request('resources/subscribe', { uri: 'a:two' })).toEqual({});
    const both = await streams.nth(1, ({ filter }) => filter.resourceSubscriptions?.length === 2);
    expect(both.filter).toEqual({ resourceSubscriptions: ['a:one', 'a:two'] });

    expect(await rpc.request('resources/unsubscribe', { uri: 'a:one' })).toEqual({});
    await closed;
    // A change of the unsubscribed resource that comes late is dropped; a change of a part of the other resource is
    // not.
    updated(both, 'a:one');
    updated(both, 'a:two/part');
    expect((await rpc.next('notifications/resources/updated')).message.params).toEqual({ uri: 'a:two/part' });
    const last = await streams.nth(1, ({ filter }) => filter.resourceSubscriptions?.join() === 'a:two');
    expect(await rpc.request('resources/unsubscribe', { uri: 'a:two' })).toEqual({});
    await new Promise((resolve) => last.seen.gone.addEventListener('abort', resolve));
  });

  it('of several resources at once needs few streams', async () => {
    const { rpc, streams } = await listening();
    const uris = Array.from({ length: 50 }, (_, i) => `a:${i}`);
    await Promise.all(uris.map((uri) => rpc.request('resources/subscribe', { uri })));
    const opened = streams.all.filter(isResources);
    expect(opened.at(-1)?.filter.resourceSubscriptions).toEqual(uris);
    expect(opened.length).toBeLessThan(10);
  });

  it('fails when the server does not accept the resource, and keeps the other subscriptions', async () => {
    const only = ({ resourceSubscriptions: uris, ...rest }: Filter): Filter =>
      uris ? { resourceSubscriptions: uris.filter((uri) => uri !== 'a:no') } : rest;
    const { rpc, streams } = await listening(only);
    expect(await rpc.request('resources/subscribe', { uri: 'a:yes' })).toEqual({});
    await expect(rpc.request('resources/subscribe', { uri: 'a:no' })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('"a:no"'),
    });
    updated(await streams.nth(1, ({ filter }) => filter.resourceSubscriptions?.length === 2), 'a:yes');
    await rpc.next('notifications/resources/updated');
  });

  it('fails with the error of a server that has no streams', async () => {
    const { rpc } = await bridged(
      refusing('subscriptions/listen', 404, rpcErrorBody(-32601, 'Method not found'), DISCOVER),
    );
    await expect(rpc.request('resources/subscribe', { uri: 'a:b' })).rejects.toMatchObject({
      code: -32601,
      message: 'Method not found',
    });
  });

  it.each([undefined, {}, { uri: 7 }])('with the parameters %j is refused', async (params) => {
    const { rpc } = await bridged(DISCOVER);
    await expect(rpc.request('resources/subscribe', params)).rejects.toMatchObject({ code: -32602 });
  });

  it('does not exist at a server that does not offer it', async () => {
    const { rpc } = await bridged({ 'server/discover': discovered({ resources: { listChanged: false } }) });
    await expect(rpc.request('resources/subscribe', { uri: 'a:b' })).rejects.toMatchObject({ code: -32601 });
  });
});
