// The client's first message is the only probe. These tests count the requests that finding out the transport costs.
import { describe, expect, it } from 'vitest';
import type { Peer } from '../../peers/listen.ts';
import { modernServer, rpc, rpcErrorBody } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { type Recorder, rpcMethod, startRecorder } from '../../peers/recorder.ts';
import { MODERN, modernParams } from '../../peers/rpc.ts';
import { answer, startScripted } from '../../peers/scripted.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV1Stateless } from '../../peers/sdk-v1-stateless.ts';
import { startSdkV2Dual } from '../../peers/sdk-v2-dual.ts';
import { startSdkV2Modern } from '../../peers/sdk-v2-modern.ts';
import { startServerEverythingSse } from '../../peers/server-everything.ts';

const open = opened();
const CALL = { name: 'echo', arguments: { message: 'x' } };

async function recorded(
  start: () => Promise<Peer>,
  args: string[] = [],
): Promise<{ recorder: Recorder; proxy: ProxyProcess }> {
  const server = await open(start());
  const recorder = await open(startRecorder(server.url));
  return { recorder, proxy: startProxy(recorder.url, args) };
}

const sent = ({ requests }: Recorder): string[] =>
  requests.map(({ method, body }) => [method, rpcMethod(body)].filter(Boolean).join(' '));

describe('a legacy client', () => {
  const OPENING = ['POST initialize', 'POST notifications/initialized'];
  const SERVERS: [string, () => Promise<Peer>, string[], string[]][] = [
    ['SDK v1 with sessions', startSdkV1Stateful, OPENING, ['DELETE']],
    // A server without sessions may do more for its clients in 2026-07-28. It is asked once.
    ['SDK v1 without sessions', startSdkV1Stateless, OPENING.toSpliced(1, 0, 'POST server/discover'), []],
  ];
  it.each(SERVERS)('with %s', async (_, start, opening, end) => {
    const { recorder, proxy } = await recorded(start);
    await proxy.rpc.initialize('2025-11-25');
    await recorder.request(({ method }) => method === 'GET');
    await proxy.rpc.request('tools/call', CALL);
    await proxy.close();
    const lines = sent(recorder);
    expect(lines.slice(0, opening.length)).toEqual(opening);
    // The stream of the session and the first call are sent at the same time.
    expect([...lines.slice(opening.length)].sort()).toEqual([...end, 'GET', 'POST tools/call'].sort());
    expect(recorder.requests[0]?.headers).not.toHaveProperty('mcp-method');
  });

  it.each([
    ['of 2026-07-28 alone', startSdkV2Modern],
    ['that has no sessions for it', startSdkV2Dual],
  ])('with SDK v2 %s', async (_, start) => {
    const { recorder, proxy } = await recorded(start);
    await proxy.rpc.initialize('2025-11-25');
    await recorder.request(({ body }) => rpcMethod(body) === 'subscriptions/listen');
    await proxy.rpc.request('tools/call', CALL);
    await proxy.close();
    const lines = sent(recorder);
    expect(lines.slice(0, 2)).toEqual(['POST initialize', 'POST server/discover']);
    expect(lines.slice(2).sort()).toEqual(['POST subscriptions/listen', 'POST tools/call']);
  });
});

describe('a modern client', () => {
  it.each([
    ['SDK v2', startSdkV2Modern],
    ['SDK v2, dual', startSdkV2Dual],
  ])('with %s', async (_, start) => {
    const { recorder, proxy } = await recorded(start);
    const { supportedVersions } = await proxy.rpc.modern('server/discover');
    expect(supportedVersions).toEqual([MODERN]);
    await proxy.rpc.modern('tools/call', CALL);
    await proxy.close();
    expect(sent(recorder)).toEqual(['POST server/discover', 'POST tools/call']);
    const [discover, call] = recorder.requests;
    expect(discover?.headers).toMatchObject({ 'mcp-protocol-version': MODERN, 'mcp-method': 'server/discover' });
    expect(call?.headers).toMatchObject({
      'mcp-protocol-version': MODERN,
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
    });
    for (const { headers } of recorder.requests) expect(headers).not.toHaveProperty('mcp-session-id');
  });

  it.each([
    ['SDK v2', startSdkV2Modern],
    ['SDK v2, dual', startSdkV2Dual],
  ])('that calls at once, with %s', async (_, start) => {
    const { recorder, proxy } = await recorded(start);
    await proxy.rpc.modern('tools/call', CALL);
    await proxy.close();
    expect(sent(recorder)).toEqual(['POST tools/call']);
  });

  it.each([
    ['SDK v1 with sessions', startSdkV1Stateful],
    ['SDK v1 without sessions', startSdkV1Stateless],
    ['HTTP+SSE', startServerEverythingSse],
  ])('with %s is served in a session that the proxy opens', async (name, start) => {
    const { recorder, proxy } = await recorded(start);
    expect((await proxy.rpc.modern('server/discover')).supportedVersions).toEqual([MODERN]);
    await proxy.rpc.modern('tools/call', CALL);
    await proxy.close();
    const lines = sent(recorder);
    const opening = name === 'HTTP+SSE' ? ['POST initialize', 'GET', 'POST initialize'] : ['POST initialize'];
    expect(lines.slice(0, 1 + opening.length)).toEqual(['POST server/discover', ...opening]);
    expect(lines.filter((line) => line === 'POST tools/call')).toHaveLength(1);
    const call = recorder.requests.find(({ body }) => rpcMethod(body) === 'tools/call');
    expect(call?.headers).not.toHaveProperty('mcp-method');
  });

  it.each([401, 403, 500, 503])('that gets %i is not given an error about revisions', async (status) => {
    const server = await open(startScripted('/mcp', (_, res) => answer(res, status, 'text/plain', 'no')));
    const proxy = startProxy(server.url, ['-H', 'Authorization: Bearer given']);
    const code = status < 500 ? -31004 : -31003;
    await expect(proxy.rpc.modern('server/discover')).rejects.toMatchObject({ code, data: { httpStatus: status } });
    await proxy.close();
    expect(server.lines).toEqual(['POST server/discover']);
  });

  it('gets the errors of its revision as the server sent them', async () => {
    for (const [code, data] of [
      [-32021, { missing: ['sampling'] }],
      [-32022, { supported: ['2099-01-01'], requested: MODERN }],
    ] as const) {
      const server = await open(
        startScripted('/mcp', (seen, res) =>
          answer(res, 400, 'application/json', rpcErrorBody(code, 'refused', data, rpc(seen).id)),
        ),
      );
      const proxy = startProxy(server.url);
      await expect(proxy.rpc.modern('tools/call', CALL)).rejects.toMatchObject({ code, message: 'refused', data });
      await proxy.close();
    }
  });

  it.each(['2026-07-29', '2031-01-01', 'draft', '2025-11-25', ''])(
    'that declares revision %j is told which revisions exist',
    async (revision) => {
      const server = await open(startScripted('/mcp', modernServer()));
      const proxy = startProxy(server.url);
      const params = modernParams({ _meta: { 'io.modelcontextprotocol/protocolVersion': revision } });
      const { message } = await proxy.rpc.exchange('server/discover', params);
      expect(message.error).toMatchObject({ code: -32022, data: { supported: [MODERN], requested: revision } });
      // The next request in a revision that exists works.
      expect((await proxy.rpc.modern('tools/list')).tools).toHaveLength(1);
      await proxy.close();
      expect(server.lines).toEqual(['POST tools/list']);
    },
  );

  it('with sse-only is served over that transport, or told that the URL does not speak it', async () => {
    const everything = await open(startServerEverythingSse());
    const served = startProxy(everything.url, ['--transport', 'sse-only']);
    expect((await served.rpc.modern('tools/list')).tools.length).toBeGreaterThan(0);
    await served.close();
    const server = await open(startScripted('/mcp', modernServer()));
    const proxy = startProxy(server.url, ['--transport', 'sse-only']);
    await expect(proxy.rpc.modern('server/discover')).rejects.toMatchObject({
      code: -31003,
      message: expect.stringContaining('--transport'),
    });
    await proxy.close();
    expect(server.lines[0]).toBe('GET');
  });
});
