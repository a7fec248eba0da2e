// Members that two readers could read differently (duplicate keys), in places where the proxy only looks for a hint: it
// goes on, and passes on unchanged what is not its own to judge.
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ERAS, LEGACY, MODERN_ERA } from '../../peers/hostile-eras.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const CALL = { name: 'echo', arguments: {} };
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const notification = (method: string, params: string): string =>
  `{"jsonrpc":"2.0","method":"${method}","params":${params}}`;

/** The proxy reports no internal error, and ends with its client. */
async function endsInOrder(proxy: ProxyProcess): Promise<void> {
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  expect(proxy.stderr).not.toMatch(/internal error/);
  expect(proxy.rpc.garbage).toEqual([]);
}

describe.each(ERAS)('a cancellation by a $name client', (era) => {
  const UNREADABLE = [
    '{"requestId":"busy","requestId":"busy"}',
    '{"requestId":"busy","request\\u0049d":"other"}',
    '{"requestId":"busy","reason":"a","reason":"b"}',
    '["busy"]',
    '[]',
    '[{"requestId":"busy"}]',
    '{"requestId":["busy"]}',
    '{"requestId":{"a":1,"a":2}}',
  ];
  it('that names its request ambiguously cancels nothing', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    let finish = (): void => {};
    server.once('tools/call', (res, seen) => {
      finish = () => a.reply({ content: [] })(res, seen);
    });
    proxy.rpc.raw(era.line('busy', 'tools/call', CALL));
    await server.seen('tools/call');
    for (const params of UNREADABLE) proxy.rpc.raw(notification('notifications/cancelled', params));
    expect((await era.ask(proxy, 'tools/list')).message.result).toBeDefined();
    finish();
    expect((await proxy.rpc.response('busy')).message.result).toMatchObject({ content: [] });
    expect(server.all('notifications/cancelled')).toEqual([]);
    await endsInOrder(proxy);
  });
});

describe.each(ERAS)('a notification of a $name client', (era) => {
  const PARAMS = [
    '["io.modelcontextprotocol/a"]',
    '[]',
    '{"_meta":["io.modelcontextprotocol/protocolVersion"]}',
    '{"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-06-18","io.modelcontextprotocol/protocolVersion":"x"}}',
    '{"_meta":{"a":"io.modelcontextprotocol/"},"_meta":{}}',
    '{"\\u005fmeta":{"io.modelcontextprotocol/protocolVersion":7}}',
  ];
  it('whose parameters hold no readable envelope ends nothing', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    for (const params of PARAMS) proxy.rpc.raw(notification('notifications/x', params));
    expect((await era.ask(proxy, 'tools/call', CALL)).message.result).toBeDefined();
    if (era === LEGACY) {
      await server.seen('notifications/x', PARAMS.length);
      // Each request has a connection of its own, so they arrive in any order.
      const sent = server.all('notifications/x').map(({ body }) => body);
      expect(sent.sort()).toEqual(PARAMS.map((params) => notification('notifications/x', params)).sort());
    }
    await endsInOrder(proxy);
  });

  it('that is the very first message ends nothing', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    for (const params of PARAMS) proxy.rpc.raw(notification('notifications/x', params));
    await era.open(proxy);
    expect((await era.ask(proxy, 'tools/call', CALL)).message.result).toBeDefined();
    await endsInOrder(proxy);
  });
});

describe.each(ERAS)('a request of a $name client', (era) => {
  it.each([
    '["io.modelcontextprotocol/a"]',
    '{"_meta":{"io.modelcontextprotocol/a":1,"io.modelcontextprotocol/a":2}}',
    '{"_meta":{"progressToken":"io.modelcontextprotocol/"},"_meta":{}}',
  ])('whose envelope cannot be read is answered: %s', async (params) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    proxy.rpc.raw(`{"jsonrpc":"2.0","id":"odd","method":"vendor/odd","params":${params}}`);
    expect((await proxy.rpc.response('odd')).message.error?.code).toBeLessThan(0);
    expect((await era.ask(proxy, 'tools/call', CALL)).message.result).toBeDefined();
    await endsInOrder(proxy);
  });
});

describe('what a server says on a subscription', () => {
  const META = [
    `{"_meta":{"${SUBSCRIPTION}":1,"${SUBSCRIPTION}":2}}`,
    `{"_meta":{"${SUBSCRIPTION}":1},"_meta":{"${SUBSCRIPTION}":2}}`,
    `{"_meta":{"${SUBSCRIPTION}":1,"a":1,"a":2}}`,
    `{"_meta":[]}`,
    `["${SUBSCRIPTION}"]`,
  ];
  const LISTEN = MODERN_ERA.line('listening', 'subscriptions/listen', { notifications: { toolsListChanged: true } });

  it.each(META)('as a notification with %s reaches the client, and the subscription goes on', async (params) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await MODERN_ERA.open(proxy);
    server.once(
      'subscriptions/listen',
      a.openSse((res) => {
        res.write(a.event(notification('notifications/subscriptions/acknowledged', params)));
        res.write(a.event(notification('notifications/tools/list_changed', params)));
      }),
    );
    proxy.rpc.raw(LISTEN);
    await proxy.rpc.next('notifications/subscriptions/acknowledged');
    const { line } = await proxy.rpc.next('notifications/tools/list_changed');
    expect(line).toContain(params);
    expect((await MODERN_ERA.ask(proxy, 'tools/call', CALL)).message.result).toBeDefined();
    await endsInOrder(proxy);
  });

  it.each(META)('as the answer %s ends that subscription only', async (result) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await MODERN_ERA.open(proxy);
    server.once(
      'subscriptions/listen',
      a.sse((id) => a.event(`{"jsonrpc":"2.0","id":${id},"result":${result}}`)),
    );
    proxy.rpc.raw(LISTEN);
    expect((await proxy.rpc.response('listening')).line).toContain(result);
    expect((await MODERN_ERA.ask(proxy, 'tools/call', CALL)).message.result).toBeDefined();
    await endsInOrder(proxy);
  });
});
