// What clients get when the server fails: a JSON-RPC error with status 200, because official clients end their session
// over a 502.
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, closeHostiles, type Hostile, startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { closeServings, type Serving, startServing } from '../../../peers/http/serving.ts';
import { legacyServer, rpc, rpcErrorBody } from '../../../peers/minimal-server.ts';
import { opened } from '../../../peers/opened.ts';
import { answer, startScripted } from '../../../peers/scripted.ts';
import { closeStreams, openStream } from '../event-stream.ts';
import { type Answered, type Ask, ask, initialize, inSession, modern, openSession, request } from '../exchange.ts';

const open = opened();
afterEach(async () => {
  closeStreams();
  await closeServings();
  await closeHostiles();
});

const CALL = { name: 'echo', arguments: {} };

/** A port where nobody listens any more. */
async function nowhere(): Promise<string> {
  const gone = await startHostile();
  await gone.close();
  return gone.url;
}

interface Side {
  readonly name: string;
  /** First what opens the session, then a call. */
  open(serving: Serving): Promise<(method: string, params?: object) => Ask>;
}

const SIDES: Side[] = [
  {
    name: 'legacy',
    async open({ url }) {
      const headers = inSession(await openSession(url));
      return (method, params) => ({ path: '/mcp', headers, body: request(5, method, params) });
    },
  },
  {
    name: 'modern',
    open: async () => (method, params) => ({ path: '/mcp', ...modern(method, params, 5) }),
  },
];

async function connected(side: Side): Promise<{
  upstream: Hostile;
  serving: Serving;
  post(method: string, params?: object): Promise<Answered>;
}> {
  const upstream = await startHostile();
  const serving = await startServing(upstream.url);
  const asking = await side.open(serving);
  return { upstream, serving, post: (method, params) => ask(serving.url, asking(method, params)) };
}

describe('no server listens there', () => {
  it('an initialize gets 200 and -31001, and no session', async () => {
    const { url } = await startServing(await nowhere());
    const answered = await ask(url, { path: '/mcp', body: initialize() });
    expect(answered.status).toBe(200);
    expect(answered.json).toMatchObject({ jsonrpc: '2.0', id: 0, error: { code: -31001 } });
    expect(answered.headers['content-type']).toMatch(/^application\/json/);
    expect(answered.headers['mcp-session-id']).toBeUndefined();
  });

  it('a modern request gets 200 and -31001', async () => {
    const { url } = await startServing(await nowhere());
    const answered = await ask(url, { path: '/mcp', ...modern('tools/list', {}, 'x') });
    expect(answered.status).toBe(200);
    expect(answered.json).toMatchObject({ id: 'x', error: { code: -31001 } });
  });

  it('a client over HTTP+SSE gets the error on its stream', async () => {
    const { url } = await startServing(await nowhere());
    const stream = await openStream(url, { path: '/sse' });
    const { data: path } = await stream.next(({ event }) => event === 'endpoint');
    expect((await ask(url, { path, body: initialize('2024-11-05') })).status).toBe(202);
    expect((await stream.next()).message).toMatchObject({ id: 0, error: { code: -31001 } });
  });

  it.each(SIDES)('a call gets 200 and -31001 after its server went away: $name', async (side) => {
    const { upstream, post } = await connected(side);
    expect((await post('tools/list')).status).toBe(200);
    await upstream.close();
    const answered = await post('tools/call', CALL);
    expect([answered.status, answered.json.error?.code], answered.text).toEqual([200, -31001]);
    expect(answered.json.id).toBe(5);
  });
});

describe.each(SIDES)('$name: a call that may have run', (side) => {
  it.each<[string, Answer]>([
    ['is cut off before its answer', a.hangUp],
    ['is reset before its answer', a.reset],
    ['is cut off within its answer', a.partThenCut({ 'content-type': 'application/json' }, '{"jsonrpc"')],
    ['is answered with nonsense', a.json('nonsense')],
  ])('%s: 200 and an error, and it is not repeated', async (_what, how) => {
    const { upstream, post } = await connected(side);
    upstream.on('tools/call', how);
    const answered = await post('tools/call', CALL);
    expect(answered.json.error?.code).toBe(-31003);
    expect(answered.json.error?.data?.outcome).toBe('unknown');
    expect(answered.status).toBe(200);
    expect(upstream.executions).toBe(1);
  });
});

describe.each(SIDES)('$name: a server that refuses', (side) => {
  it.each([500, 502, 503, 504, 429, 418])(
    'with %i: the call gets 200, and its error names the status',
    async (theirs) => {
      const { upstream, post } = await connected(side);
      upstream.on('tools/call', a.status(theirs, '<h1>sorry</h1>', { 'retry-after': '7' }));
      const answered = await post('tools/call', CALL);
      expect([answered.status, answered.json.error?.code], answered.text).toEqual([200, -31003]);
      expect(answered.json.error?.data).toMatchObject({ httpStatus: theirs });
      expect(upstream.executions).toBe(1);
    },
  );
});

describe('no common revision', () => {
  it('a modern client in front of a legacy server gets 200 and the result', async () => {
    const legacy = legacyServer();
    const sessionless = rpcErrorBody(-32000, 'Bad Request: No valid session ID provided');
    const server = await open(
      startScripted('/mcp', (seen, res) =>
        seen.headers['mcp-session-id'] === undefined && rpc(seen).method !== 'initialize'
          ? answer(res, 400, 'application/json', sessionless)
          : legacy(seen, res),
      ),
    );
    const { url } = await startServing(server.url);
    const answered = await ask(url, { path: '/mcp', ...modern('tools/list') });
    expect([answered.status, answered.json.result?.tools?.length], answered.text).toEqual([200, 1]);
  });

  it('a legacy client in front of a server of later revisions only gets 200 and -31005, and no session', async () => {
    const refused = rpcErrorBody(-32022, 'Unsupported protocol version', { supported: ['2031-01-01'] });
    const server = await open(startScripted('/mcp', (_, res) => answer(res, 400, 'application/json', refused)));
    const { url } = await startServing(server.url);
    const answered = await ask(url, { path: '/mcp', body: initialize() });
    expect([answered.status, answered.json.error?.code], answered.text).toEqual([200, -31005]);
    expect(answered.headers['mcp-session-id']).toBeUndefined();
  });
});

describe('errors of the server', () => {
  it.each([-32601, -32602, -32603, -32000, -32002, 1])(
    '%i gets 200 in the legacy era, like any other answer',
    async (code) => {
      const { upstream, post } = await connected(SIDES[0] as Side);
      upstream.once('tools/list', a.rpcError(code, 'no'));
      const answered = await post('tools/list');
      expect([answered.status, answered.json.error?.code]).toEqual([200, code]);
    },
  );

  it('an initialize that the server refuses opens no session', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url);
    upstream.on('initialize', a.rpcError(-32603, 'not you'));
    const answered = await ask(url, { path: '/mcp', body: initialize() });
    expect(answered.json.error).toMatchObject({ code: -32603, message: 'not you' });
    expect(answered.headers['mcp-session-id']).toBeUndefined();
  });
});
