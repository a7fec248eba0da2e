// Messages that two readers could read differently, with which one client could change something for others or for the
// server.
import { describe, expect, it } from 'vitest';
import type { Reply } from '../../../../src/core/jsonrpc.ts';
import { replyFrom } from '../../../../src/wire/replies.ts';
import { exchangeOf, textOf } from '../exchanges.ts';
import { type Client, call, sharedSession, shown } from './shared-clients.ts';

const KELVIN = '\u212a';
const LONG_S = '\u017f';

/** What a client gets for the text of a request. */
async function ask(client: Client, method: string, params: string, extra?: string): Promise<Reply> {
  const { exchange } = exchangeOf(method, params);
  const asked = { ...exchange.call, ...(extra !== undefined && { extra: Buffer.from(extra) }) };
  return client.session.request({ ...exchange, call: asked }).catch(replyFrom);
}

const codeOf = (reply: Reply): number => JSON.parse(textOf(reply)).code;

describe('a request that could be read in two ways is refused', () => {
  it.each([
    ['logging/setLevel', '{"level":"debug","level":"emergency"}'],
    ['logging/setLevel', '{"level":"debug","l\\u0065vel":"emergency"}'],
    ['logging/setLevel', '{"level":"debug","Level":"emergency"}'],
    ['logging/setLevel', '{"LEVEL":"emergency"}'],
    ['logging/setLevel', '["debug"]'],
    ['resources/subscribe', '{"uri":"x:1","uri":"x:2"}'],
    ['resources/subscribe', '{"uri":"x:1","URI":"x:2"}'],
    ['resources/unsubscribe', '{"uri":"x:1","uri":"x:2"}'],
    ['resources/unsubscribe', '{"Uri":"x:2","uri":"x:1"}'],
    ['tools/call', '{"name":"a","task":{},"task":{}}'],
    ['tools/call', '{"name":"a","Task":{}}'],
    ['tools/call', `{"name":"a","ta${LONG_S}k":{}}`],
    ['tools/call', `{"name":"a","tas${KELVIN}":{}}`],
    ['tools/call', '{"name":"a","_meta":{"progressToken":1},"_meta":{"progressToken":2}}'],
    ['tools/call', '{"name":"a","_Meta":{"progressToken":1}}'],
    ['tools/call', '{"name":"a","_meta":{"progressToken":1,"progressToken":2}}'],
    ['tools/call', '{"name":"a","_meta":{"progressToken":1,"ProgressToken":2}}'],
    ['tools/call', `{"name":"a","_meta":{"progressTo${KELVIN}en":1}}`],
    ['tools/call', `{"name":"a","_meta":{"progre${LONG_S}${LONG_S}Token":1}}`],
    ['resources/read', '{"uri":"x:1","Uri":"x:2"}'],
  ])('%s %s', async (method, params) => {
    const { server, joined } = sharedSession();
    const client = await joined();
    expect(codeOf(await ask(client, method, params))).toBe(-32_602);
    expect(server().asked).toEqual([]);
  });

  it.each(['"Method":"logging/setLevel"', '"PARAMS":{"level":"debug"}', '"Id":7', `"param${LONG_S}":{}`])(
    'whatever its method, with %s beside it',
    async (extra) => {
      const { server, joined } = sharedSession();
      const client = await joined();
      for (const method of ['ping', 'tools/call', 'logging/setLevel']) {
        expect(codeOf(await ask(client, method, '{"level":"error"}', extra))).toBe(-32_602);
      }
      expect(server().asked).toEqual([]);
    },
  );

  it('but not for keys where nothing is decided', async () => {
    const { server, joined } = sharedSession();
    const client = await joined();
    const params = '{"name":"a","arguments":{"Level":1,"level":2,"Task":{}},"_meta":{"X":1,"x":2}}';
    expect(textOf(await ask(client, 'tools/call', params, '"trace":{"Method":1}'))).toBe('{}');
    expect(server().asked).toEqual([`tools/call ${params}`]);
  });

  it('and changes nothing: neither level nor subscription', async () => {
    const { server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    await one.request('logging/setLevel', { level: 'error' });
    await one.request('resources/subscribe', { uri: 'x:1' });
    await ask(two, 'logging/setLevel', '{"level":"debug","level":"debug"}');
    await ask(two, 'resources/subscribe', '{"uri":"x:1","uri":"x:1"}');
    server().client.notify(call('notifications/message', { level: 'error' }));
    server().client.notify(call('notifications/resources/updated', { uri: 'x:1' }));
    expect(one.told).toHaveLength(2);
    expect(two.told).toEqual([]);
  });
});

describe('what is not what its id says', () => {
  it.each(['logging/setLevel', 'resources/subscribe', 'tools/call', 'initialize', 'vendor/do', 'ping'])(
    'a request as a notification goes nowhere: %s',
    async (method) => {
      const { server, joined } = sharedSession();
      const client = await joined();
      const before = [...server().notes];
      client.session.notify(call(method, { level: 'debug', uri: 'x:1', name: 'a' }));
      client.session.notify({
        ...call('notifications/vendor'),
        extra: Buffer.from(`"Method":${JSON.stringify(method)}`),
      });
      expect(server().notes).toEqual(before);
      expect(server().asked).toEqual([]);
    },
  );

  it('a notification as a request is answered, and goes nowhere', async () => {
    const { server, joined } = sharedSession();
    const client = await joined();
    for (const method of ['notifications/cancelled', 'notifications/initialized', 'notifications/vendor']) {
      expect(codeOf(await ask(client, method, '{"requestId":1}'))).toBe(-32_601);
    }
    expect(server().asked).toEqual([]);
  });

  it('a notification passes, but none that names a request of somebody else', async () => {
    const { server, joined } = sharedSession();
    const client = await joined();
    const note = call('notifications/vendor', { x: 1 });
    client.session.notify(note);
    client.session.notify(call('notifications/cancelled', { requestId: 1 }));
    expect(server().notes.slice(1)).toEqual([shown(note)]);
  });
});

describe('progress under a token that comes back as a string', () => {
  it.each(['"1"', '"1.0"', '1.0'])('reaches the client that asked: %s', async (token) => {
    const { server, joined } = sharedSession();
    const client = await joined();
    server().answer = async (exchange) => {
      exchange.notify({
        method: 'notifications/progress',
        params: Buffer.from(`{"progressToken":${token},"progress":1}`),
      });
      return { result: Buffer.from('{}') };
    };
    const recorded = exchangeOf('tools/call', '{"_meta":{"progressToken":"mine"}}');
    await client.session.request(recorded.exchange);
    expect(recorded.notified.map(shown)).toEqual(['notifications/progress {"progressToken":"mine","progress":1}']);
  });
});
