// --confirm: no call leaves before its user has agreed, on every wire; a client that cannot ask gets an error.
import { afterEach, describe, expect, it } from 'vitest';
import { startAskingServer } from '../../peers/asking-server.ts';
import { closeServings } from '../../peers/http/serving.ts';
import { legacyServer, modernServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import type { RpcMessage } from '../../peers/rpc.ts';
import { type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { WIRES } from './wires.ts';

const open = opened();
afterEach(closeServings);

const ASKS = { elicitation: {} };
const RESULTS = {
  'tools/list': '{"tools":[{"name":"delete_all","inputSchema":{}},{"name":"read","inputSchema":{}}]}',
  'tools/call': '{"content":[{"type":"text","text":"ran"}]}',
};
const CALL = { name: 'delete_all', arguments: { folder: 'x' } };
const KEY = 'mcp-proxy/confirm';

const calls = ({ requests }: ScriptedPeer): object[] =>
  requests.filter(({ body }) => body.includes('"tools/call"')).map(({ body }) => JSON.parse(body).params);

describe.each(WIRES)('$name', (wire) => {
  const start = async (capabilities: object, answer?: object) => {
    const { server, client } = await wire.start(RESULTS, ['--confirm', 'delete*'], capabilities);
    await open(server);
    const asked: string[] = [];
    client.on('elicitation/create', (params) => {
      asked.push(params.message);
      return answer;
    });
    /** The call, and its repetition with the answer where the question comes as a result. */
    const call = async (params: object): Promise<RpcMessage> => {
      const first = await client.exchange('tools/call', params);
      if (first.result?.resultType !== 'input_required') return first;
      const { requestState, inputRequests } = first.result;
      asked.push(inputRequests[KEY].params.message);
      return client.exchange('tools/call', { ...params, requestState, inputResponses: { [KEY]: answer } });
    };
    return { server, client, asked, call };
  };

  it('a call leaves once the user has accepted it, having seen what it does', async () => {
    const { server, client, asked, call } = await start(ASKS, { action: 'accept' });
    const { result } = await call(CALL);
    expect(result.content[0].text).toBe('ran');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('"delete_all"');
    expect(asked[0]).toContain('{"folder":"x"}');
    await client.close();
    expect(calls(server)).toHaveLength(1);
    expect(calls(server)[0]).toMatchObject(CALL);
    expect(calls(server)[0]).not.toHaveProperty('inputResponses');
    expect(calls(server)[0]).not.toHaveProperty('requestState');
  });

  it.each(['decline', 'cancel'])('nothing leaves after %s', async (action) => {
    const { server, client, call } = await start(ASKS, { action });
    const { result } = await call(CALL);
    expect(result).toMatchObject({ isError: true });
    await client.close();
    expect(calls(server)).toEqual([]);
  });

  it.each([
    ['nothing', {}, 'elicitation'],
    ['pages only', { elicitation: { url: {} } }, 'elicitation.form'],
  ])('a client that declares %s gets an error, which names what it lacks', async (_, capabilities, required) => {
    const { server, client, call } = await start(capabilities, { action: 'accept' });
    expect((await call(CALL)).error).toMatchObject({ code: -31006, data: { required } });
    expect((await call({ name: 'read' })).error).toBeUndefined();
    await client.close();
    expect(calls(server)).toHaveLength(1);
  });

  it('no other spelling and no notification leaves without a question', async () => {
    const { server, client, call } = await start({}, { action: 'accept' });
    const ways = [
      '{"name":"delete_\\u0061ll"}',
      '{"n\\u0061me":"delete_all"}',
      '{"name":"read","name":"delete_all"}',
      '{"name":"read","Name":"delete_all"}',
      '["delete_all"]',
    ];
    for (const params of ways) {
      await client.tell('"tools/call"', params).catch(() => {});
      expect((await client.raw('"tools\\/call"', params)).error).toBeDefined();
    }
    await call({ name: 'read' });
    await client.close();
    expect(calls(server)).toHaveLength(1);
  });
});

describe('a client of 2026-07-28', () => {
  const start = async () => {
    const server = await open(startScripted('/mcp', modernServer()));
    const proxy = startProxy(server.url, ['--confirm', '*']);
    const ask = (params: object) => proxy.rpc.modern('tools/call', params, ASKS);
    return { server, ask };
  };
  const yes = { [KEY]: { action: 'accept' } };

  it('is asked again for other arguments, for a second call, and with a state of its own', async () => {
    const { server, ask } = await start();
    const { requestState } = await ask(CALL);
    const other = await ask({ ...CALL, arguments: { folder: 'y' }, requestState, inputResponses: yes });
    expect(other.resultType).toBe('input_required');
    expect((await ask({ ...CALL, requestState: 'mcp-proxy-confirm.1', inputResponses: yes })).resultType).toBe(
      'input_required',
    );
    expect((await ask({ ...CALL, inputResponses: yes })).resultType).toBe('input_required');
    const next = await ask(CALL);
    expect((await ask({ ...CALL, requestState: next.requestState, inputResponses: yes })).resultType).toBe('complete');
    expect((await ask({ ...CALL, requestState: next.requestState, inputResponses: yes })).resultType).toBe(
      'input_required',
    );
    expect(calls(server)).toHaveLength(1);
  });

  it('answers the questions of the server without a second confirmation', async () => {
    const asking = {
      method: 'elicitation/create',
      params: { message: 'which?', requestedSchema: { type: 'object', properties: {} } },
    };
    const server = await open(
      startScripted(
        '/mcp',
        modernServer({
          'tools/call': ({ inputResponses, requestState }) =>
            inputResponses?.own
              ? JSON.stringify({ resultType: 'complete', content: [{ type: 'text', text: requestState }] })
              : JSON.stringify({
                  resultType: 'input_required',
                  requestState: 'server-state',
                  inputRequests: { own: asking },
                }),
        }),
      ),
    );
    const proxy = startProxy(server.url, ['--confirm', '*']);
    const ask = (params: object) => proxy.rpc.modern('tools/call', params, ASKS);
    const first = await ask(CALL);
    const second = await ask({ ...CALL, requestState: first.requestState, inputResponses: yes });
    expect(second.inputRequests).toEqual({ own: asking });
    expect(second.requestState).not.toBe('server-state');
    const third = await ask({
      ...CALL,
      requestState: second.requestState,
      inputResponses: { own: { action: 'accept' } },
    });
    expect(third.content[0].text).toBe('server-state');
  });

  it('can also answer a legacy server that asks during the call', async () => {
    const server = await open(startAskingServer());
    const proxy = startProxy(server.url, ['--confirm', '*']);
    await proxy.rpc.modern('server/discover', {}, ASKS);
    const params = { name: 'ask', arguments: {} };
    const { requestState } = await proxy.rpc.modern('tools/call', params, ASKS);
    const second = await proxy.rpc.modern('tools/call', { ...params, requestState, inputResponses: yes }, ASKS);
    expect(second.resultType).toBe('input_required');
    expect(Object.keys(second.inputRequests)).not.toContain(KEY);
  });
});

it('a client that cancels the call withdraws the question', async () => {
  const server = await open(startScripted('/mcp', legacyServer()));
  const proxy = startProxy(server.url, ['--confirm', '*']);
  await proxy.rpc.initialize('2025-11-25', ASKS);
  proxy.rpc.raw(JSON.stringify({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: CALL }));
  const { message } = await proxy.rpc.next('elicitation/create');
  proxy.rpc.notify('notifications/cancelled', { requestId: 'c' });
  const cancelled = await proxy.rpc.next('notifications/cancelled');
  expect(cancelled.message.params.requestId).toBe(message.id);
  proxy.rpc.reply(message.id ?? null, { action: 'accept' });
  await proxy.rpc.request('ping');
  await proxy.close();
  expect(calls(server)).toEqual([]);
});
