// Legacy servers that serve requests of 2026-07-28 outside of a session, and answer a client's first request with an
// error: its code may mean something else in 2026-07-28, or nothing.
import { afterEach, describe, expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { legacyServer, modernServer, rpc, rpcErrorBody } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { modernParams, type RpcMessage } from '../../peers/rpc.ts';
import { answer, type Script, type ScriptedPeer, startScripted } from '../../peers/scripted.ts';

const open = opened();
afterEach(closeServings);

const PAGE = { url: 'https://page.example/', message: 'Visit the page' };
const ERRORS: Record<string, [code: number, data?: unknown]> = {
  'resources/read': [-32002, { uri: 'a:b' }],
  own: [-32050, { why: 7 }],
  'too-far': [-32100],
  pages: [-32042, { elicitations: [{ mode: 'url', elicitationId: 'e', ...PAGE }] }],
  'no-session': [-32600],
};
const PAGES = { elicitation: { url: {} } };

/** Answers a method, or a tool, with its error and the status 200. */
function failing(serve: Script): Script {
  return (seen, res) => {
    const { id, method = '', params } = rpc(seen);
    const error = ERRORS[method] ?? ERRORS[params?.name];
    if (!error) return serve(seen, res);
    return answer(res, 200, 'application/json', rpcErrorBody(error[0], 'no', error[1], id));
  };
}

type Ask = (method: string, params: object, capabilities?: object) => Promise<RpcMessage>;

const CLIENTS: readonly { name: string; start(url: string): Promise<Ask> }[] = [
  {
    name: 'stdio',
    start: async (url) => {
      const { rpc: client } = await open(startProxy(url));
      return async (method, params, capabilities) =>
        (await client.exchange(method, modernParams(params, capabilities))).message;
    },
  },
  {
    name: 'HTTP mode',
    start: async (url) => {
      const serving = await startServing(url);
      const client = new ModernClient(`${serving.url}/mcp`);
      await open({ close: async () => client.vanish() });
      return async (method, params, capabilities = {}) => {
        client.capabilities = capabilities;
        return (await client.call(method, params)).message;
      };
    },
  },
];

const sent = ({ requests }: ScriptedPeer, method: string): boolean[] =>
  requests.filter((seen) => rpc(seen).method === method).map(({ headers }) => headers['mcp-session-id'] !== undefined);

describe.each(CLIENTS)('$name', ({ start }) => {
  async function inFront(serve: Script): Promise<{ server: ScriptedPeer; ask: Ask }> {
    const server = await open(startScripted('/mcp', failing(serve)));
    return { server, ask: await start(server.url) };
  }

  it('a resource that is not there has the code of 2026-07-28 at once', async () => {
    const { server, ask } = await inFront(legacyServer());
    const { error } = await ask('resources/read', { uri: 'a:b' });
    expect(error).toEqual({ code: -32602, message: 'no', data: { uri: 'a:b' } });
    // The first one went out before anything was known, and did nothing.
    expect(sent(server, 'resources/read')).toEqual([false, true]);
  });

  it.each([
    ['own', {}, { code: -32603, data: { original: { code: -32050, data: { why: 7 } } } }],
    ['pages', {}, { code: -32021, data: { requiredCapabilities: PAGES } }],
    ['no-session', {}, { code: -32600, message: 'no' }],
  ])('a call that failed (%s) runs once, and the next one has a session', async (name, capabilities, expected) => {
    const { server, ask } = await inFront(legacyServer());
    expect((await ask('tools/call', { name }, capabilities)).error).toMatchObject(expected);
    expect(sent(server, 'tools/call')).toEqual([false]);
    await ask('tools/call', { name }, capabilities);
    expect(sent(server, 'tools/call')).toEqual([false, true]);
    expect(sent(server, 'server/discover')).toEqual([false]);
  });

  it('the pages that the server requires are questions at once, and the call goes out again after them', async () => {
    const { server, ask } = await inFront(legacyServer());
    const { result } = await ask('tools/call', { name: 'pages' }, PAGES);
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { url0: { method: 'elicitation/create', params: { mode: 'url', ...PAGE } } },
    });
    expect(sent(server, 'tools/call')).toEqual([false]);
    const inputResponses = { url0: { action: 'decline' } };
    const retry = { name: 'pages', inputResponses, requestState: result.requestState };
    expect((await ask('tools/call', retry, PAGES)).result).toMatchObject({ isError: true });
    expect(sent(server, 'tools/call')).toEqual([false]);
  });

  it('a method that only 2026-07-28 has is served over a session', async () => {
    const { server, ask } = await inFront(legacyServer());
    // The answer of the bridge, which knows the method.
    const { error } = await ask('subscriptions/listen', { notifications: 7 });
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('notifications') });
    expect(sent(server, 'initialize')).toEqual([false]);
  });

  it('a code outside of the reserved ones is the answer, and proves nothing', async () => {
    const { server, ask } = await inFront(legacyServer());
    expect((await ask('tools/call', { name: 'too-far' })).error).toMatchObject({ code: -32100, message: 'no' });
    expect(sent(server, 'server/discover')).toEqual([]);
  });

  it('a server of 2026-07-28 that uses such a code is asked once who it is, and passes', async () => {
    const { server, ask } = await inFront(modernServer());
    for (let time = 0; time < 2; time++) {
      expect((await ask('tools/call', { name: 'own' })).error).toMatchObject({ code: -32050, data: { why: 7 } });
    }
    expect(sent(server, 'tools/call')).toEqual([false, false]);
    expect(sent(server, 'server/discover')).toEqual([false]);
    expect(sent(server, 'initialize')).toEqual([]);
  });
});
