// With sse-first, the proxy begins with a GET, which servers of Streamable HTTP refuse with a JSON-RPC error. No
// request was sent yet, so this answers nothing: the POST must follow.
import { describe, expect, it } from 'vitest';
import { legacyServer, rpcErrorBody } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { answer, startScripted } from '../../peers/scripted.ts';

const open = opened();
const CLIENT = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'line-client', version: '1' } };

describe('a GET that is refused with', () => {
  // As the SDKs and the servers built on them refuse it.
  it.each([
    [400, -32000, 'Bad Request: No valid session ID provided'],
    [400, -32000, 'Bad Request: Server not initialized'],
    [400, -32600, 'Invalid Request'],
    [404, -32001, 'Session not found'],
    [405, -32000, 'Method not allowed.'],
  ])('%i and the JSON-RPC error %i is followed by the POST', async (status, code, message) => {
    const serve = legacyServer();
    const server = await open(
      startScripted('/mcp', (seen, res) => {
        if (seen.method !== 'GET') return serve(seen, res);
        return answer(res, status, 'application/json', rpcErrorBody(code, message));
      }),
    );
    const proxy = startProxy(server.url, ['--transport', 'sse-first']);
    const result = await proxy.rpc.initialize('2025-06-18');
    expect(result.serverInfo).toEqual({ name: 'minimal', version: '1' });
    expect((await proxy.rpc.request('tools/list')).tools).toHaveLength(1);
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(server.lines.slice(0, 2)).toEqual(['GET', 'POST initialize']);
    expect(server.lines.filter((line) => line === 'POST initialize')).toHaveLength(1);
  });

  it.each([400, 405])(
    '%i and a JSON-RPC error is not the answer of a server that has no POST either',
    async (status) => {
      const server = await open(
        startScripted('/mcp', ({ method }, res) =>
          answer(res, status, 'application/json', rpcErrorBody(-32000, `no ${method} here`)),
        ),
      );
      const proxy = startProxy(server.url, ['--transport', 'sse-only']);
      const { message } = await proxy.rpc.exchange('initialize', CLIENT);
      expect(message.error).toMatchObject({ code: -31003, data: { httpStatus: status } });
      await proxy.close();
      expect(server.requests.filter(({ path }) => path === '/mcp').map(({ method }) => method)).toEqual(['GET']);
      expect(server.lines.filter((line) => line.startsWith('POST'))).toEqual([]);
    },
  );

  it.each([401, 403, 500, 503])('%i and a JSON-RPC error is the end: no POST follows', async (status) => {
    const server = await open(
      startScripted('/mcp', (_, res) => answer(res, status, 'application/json', rpcErrorBody(-32000, 'not for you'))),
    );
    const proxy = startProxy(server.url, ['--transport', 'sse-first', '-H', 'Authorization: Bearer given']);
    const { message } = await proxy.rpc.exchange('initialize', CLIENT);
    expect(message.error).toMatchObject({ code: status < 500 ? -31004 : -31003, data: { httpStatus: status } });
    await proxy.close();
    expect(server.lines).toEqual(['GET']);
  });
});
