// If a server of 2026-07-28 needs input during a request, an older client gets its questions as requests.
import { describe, expect, it } from 'vitest';
import type { Message } from '../../peers/minimal-server.ts';
import { type RpcClient, RpcError } from '../../peers/rpc.ts';
import { ALL, bodies, bridged, CALL, type Client, paramsOf, streaming } from './fixture.ts';

const DONE = '{"resultType":"complete","content":[{"type":"text","text":"done"}]}';
const FORM = { message: 'Name?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } };
const SAMPLE = { messages: [{ role: 'user', content: { type: 'text', text: 'hi' } }], maxTokens: 8 };

type Params = Message['params'];

/** Asks the questions of each round in `rounds`, and then returns a result. */
function asking(rounds: readonly (string | ((params: Params) => string))[]) {
  let round = 0;
  return (params: Params): string => {
    const next = rounds[round++] ?? DONE;
    return typeof next === 'function' ? next(params) : next;
  };
}

const asks = (requests: object, state?: string): string =>
  `{"resultType":"input_required","inputRequests":${JSON.stringify(requests)}${state === undefined ? '' : `,"requestState":${state}`}}`;

const elicit = (params: object = FORM): object => ({ method: 'elicitation/create', params });

async function calls(rounds: Parameters<typeof asking>[0], client: Client = {}) {
  const connected = await bridged({ 'tools/call': asking(rounds) }, client);
  return { ...connected, call: () => connected.rpc.exchange('tools/call', CALL) };
}

const refused = async (answer: ReturnType<RpcClient['exchange']>): Promise<unknown> => (await answer).message.error;

describe('a round', () => {
  it('asks all questions at the same time, and returns all answers together', async () => {
    const requests = {
      who: elicit({ mode: 'form', ...FORM }),
      'ca"p': { method: 'sampling/createMessage', params: SAMPLE },
      dirs: { method: 'roots/list' },
    };
    const { server, rpc, call } = await calls([asks(requests, '"AbC=="')]);
    const answer = call();
    const [form, sample, roots] = await Promise.all([
      rpc.next('elicitation/create'),
      rpc.next('sampling/createMessage'),
      rpc.next('roots/list'),
    ]);
    expect(form.message.params).toEqual({ mode: 'form', ...FORM });
    expect(sample.message.params).toEqual(SAMPLE);
    expect(roots.message.params).toBeUndefined();
    const sampled = { role: 'assistant', model: 'm', content: { type: 'text', text: 'yo' } };
    rpc.reply(roots.message.id ?? null, { roots: [] });
    rpc.raw(
      `{"jsonrpc":"2.0","id":${form.message.id},"result":{"action":"accept","content":{"n":12345678901234567890}}}`,
    );
    rpc.reply(sample.message.id ?? null, sampled);
    expect((await answer).message.result).toEqual({ content: [{ type: 'text', text: 'done' }] });
    const [, retry] = bodies(server, 'tools/call');
    expect(retry).toContain('"who":{"action":"accept","content":{"n":12345678901234567890}}');
    const [first, second] = paramsOf(server, 'tools/call');
    expect(second).toEqual({
      ...first,
      inputResponses: { who: expect.anything(), 'ca"p': sampled, dirs: { roots: [] } },
      requestState: 'AbC==',
    });
    const ids = bodies(server, 'tools/call').map((body) => (JSON.parse(body) as Message).id);
    expect(new Set(ids).size).toBe(2);
  });

  it("returns the server's state byte for byte, and only with its own retry", async () => {
    const state = '"s\\u00e9\\/\\ud83d\\ude00\\n+/="';
    const { server, rpc, call } = await calls([asks({ a: elicit() }, state), asks({ b: elicit() })]);
    rpc.on('elicitation/create', () => ({ action: 'decline' }));
    await call();
    const [first, second, third] = bodies(server, 'tools/call');
    expect(first).not.toContain('requestState');
    expect(second).toContain(`"requestState":${state}`);
    expect(third).not.toContain('requestState');
    // The answers of one round are not those of the next.
    expect(paramsOf(server, 'tools/call')[2].inputResponses).toEqual({ b: { action: 'decline' } });
  });

  it.each(['prompts/get', 'resources/read'])('can come during %s', async (method) => {
    const connected = await bridged({ [method]: asking([asks({ a: elicit() }), '{"resultType":"complete","x":1}']) });
    connected.rpc.on('elicitation/create', () => ({ action: 'cancel' }));
    expect(await connected.rpc.request(method, { name: 'n', uri: 'a:b' })).toEqual({ x: 1 });
  });

  it('without questions, only with a state, sends the request again', async () => {
    const { server, call } = await calls(['{"resultType":"input_required","requestState":"wait"}']);
    expect((await call()).message.result).toBeDefined();
    const [, retry] = paramsOf(server, 'tools/call');
    expect([retry.requestState, retry.inputResponses]).toEqual(['wait', undefined]);
  });

  it('sends progress with rising values to a client that wants it', async () => {
    let attempt = 0;
    const state = JSON.parse(asks({ a: elicit() }));
    const { rpc } = await bridged(
      streaming('tools/call', ({ send, finish }) => {
        for (const progress of [1, 2]) {
          send({ method: 'notifications/progress', params: { progressToken: 'p', progress, total: 2 } });
        }
        finish(attempt++ === 0 ? state : JSON.parse(DONE));
      }),
    );
    rpc.on('elicitation/create', () => ({ action: 'decline' }));
    await rpc.request('tools/call', { ...CALL, _meta: { progressToken: 'p' } });
    const told = rpc.received.filter(({ message }) => message.method === 'notifications/progress');
    const values = told.map(({ message }) => message.params.progress as number);
    expect(values).toHaveLength(5);
    for (const [i, value] of values.slice(1).entries()) expect(value).toBeGreaterThan(values[i] as number);
  });

  it('is refused after too many others', async () => {
    const { server, rpc, call } = await calls(Array.from({ length: 100 }, () => asks({ a: elicit() })));
    rpc.on('elicitation/create', () => ({ action: 'decline' }));
    expect(await refused(call())).toMatchObject({ code: -31008 });
    expect(bodies(server, 'tools/call')).toHaveLength(33);
  });

  it('of very many questions is refused', async () => {
    const requests = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`q${i}`, elicit()]));
    const { rpc, call } = await calls([asks(requests)]);
    expect(await refused(call())).toMatchObject({ code: -31008 });
    expect(rpc.untaken()).toEqual([]);
  });
});

describe('a question that the client cannot be asked', () => {
  const WITHOUT = { sampling: 'sampling/createMessage', elicitation: 'elicitation/create', roots: 'roots/list' };
  it.each(Object.entries(WITHOUT))('because it did not declare %s', async (capability, method) => {
    const capabilities = Object.fromEntries(Object.entries(ALL).filter(([name]) => name !== capability));
    const { rpc, call } = await calls([asks({ ok: elicit(), a: { method, params: {} } })], { capabilities });
    expect(await refused(call())).toMatchObject({
      code: -31006,
      message: expect.stringContaining(`needs ${capability}`),
      data: { hint: `use a client that declares the capability ${capability}`, required: capability },
    });
    // Including the questions that the client could answer.
    expect(rpc.untaken()).toEqual([]);
  });

  it.each([
    ['tools in sampling', 'sampling.tools', { method: 'sampling/createMessage', params: { ...SAMPLE, tools: [] } }, {}],
    [
      'a page',
      'elicitation.url',
      elicit({ mode: 'url', url: 'https://a.example', message: 'm' }),
      { capabilities: { elicitation: {} } },
    ],
    [
      'a page, before 2025-11-25',
      'elicitation.url',
      elicit({ mode: 'url', url: 'https://a.example', message: 'm' }),
      { version: '2025-06-18' },
    ],
    ['a form', 'elicitation.form', elicit(), { capabilities: { elicitation: { url: {} } } }],
    ['a mode nobody knows', 'elicitation.voice', elicit({ mode: 'voice' }), {}],
  ])('during %s, which does not allow questions', async (_, capability, question, client) => {
    const { call } = await calls([asks({ a: question })], client);
    expect(await refused(call())).toMatchObject({
      code: -31006,
      message: expect.stringContaining(capability),
      data: { required: capability },
    });
  });

  it.each(['ping', 'acme/ask', 'tools/call', '', null])('because %j is not a question', async (method) => {
    const { call } = await calls([asks({ a: { method, params: {} } })]);
    expect(await refused(call())).toMatchObject({ code: -31006 });
  });

  it('because its form has a choice of several values, which 2025-06-18 does not have', async () => {
    const requestedSchema = { type: 'object', properties: { colors: { type: 'array', items: { enum: ['r'] } } } };
    const { call } = await calls([asks({ a: elicit({ message: 'm', requestedSchema }) })], { version: '2025-06-18' });
    expect(await refused(call())).toMatchObject({ code: -31006, message: expect.stringContaining('"colors"') });
  });
});

it('a form for a client of 2025-06-18 has only what that revision knows', async () => {
  const choice = {
    type: 'string',
    title: 'Color',
    oneOf: [
      { const: 'r', title: 'Red' },
      { const: 'g', title: 'Green' },
    ],
  };
  const requestedSchema = { type: 'object', properties: { color: choice, n: { type: 'integer' } } };
  const { rpc, call } = await calls([asks({ a: elicit({ mode: 'form', message: 'm', requestedSchema }) })], {
    version: '2025-06-18',
  });
  const answer = call();
  const { message } = await rpc.next('elicitation/create');
  expect(message.params).toEqual({
    message: 'm',
    requestedSchema: {
      type: 'object',
      properties: {
        color: { type: 'string', title: 'Color', enum: ['r', 'g'], enumNames: ['Red', 'Green'] },
        n: { type: 'integer' },
      },
    },
  });
  rpc.reply(message.id ?? null, { action: 'cancel' });
  await answer;
});

describe('a client that answers with an error', () => {
  it('to a form counts as a user who cancelled it', async () => {
    const { server, rpc, call } = await calls([asks({ a: elicit() })]);
    rpc.on('elicitation/create', () => {
      throw new RpcError(-32603, 'no window');
    });
    await call();
    expect(paramsOf(server, 'tools/call')[1].inputResponses).toEqual({ a: { action: 'cancel' } });
  });

  it('that it does not know the question gets -31006', async () => {
    const { server, rpc, call } = await calls([asks({ a: elicit() })]);
    rpc.on('elicitation/create', () => {
      throw new RpcError(-32601, 'Method not found');
    });
    expect(await refused(call())).toMatchObject({ code: -31006, message: expect.stringContaining('Method not found') });
    expect(bodies(server, 'tools/call')).toHaveLength(1);
  });

  it('to another question gets that error as the answer to its request, and no further question', async () => {
    const requests = { a: { method: 'sampling/createMessage', params: SAMPLE }, b: { method: 'roots/list' } };
    const { server, rpc, call } = await calls([asks(requests)]);
    const answer = call();
    const roots = await rpc.next('roots/list');
    const sampling = await rpc.next('sampling/createMessage');
    rpc.replyError(sampling.message.id ?? null, -1, 'the user refuses', { why: 'privacy' });
    expect(await refused(answer)).toEqual({ code: -1, message: 'the user refuses', data: { why: 'privacy' } });
    expect((await rpc.next('notifications/cancelled')).message.params.requestId).toBe(roots.message.id);
    expect(bodies(server, 'tools/call')).toHaveLength(1);
  });
});

describe('a client that cancels', () => {
  it('while it is asked gets the question withdrawn, and the server gets nothing more', async () => {
    const { server, rpc } = await calls([asks({ a: elicit() })]);
    rpc.raw('{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"echo"}}');
    const { message } = await rpc.next('elicitation/create');
    rpc.notify('notifications/cancelled', { requestId: 'c', reason: 'enough' });
    const cancelled = await rpc.next('notifications/cancelled');
    expect(cancelled.message.params).toEqual({ requestId: message.id, reason: 'enough' });
    // An answer that was already on its way changes nothing.
    rpc.reply(message.id ?? null, { action: 'accept', content: {} });
    await rpc.request('tools/list');
    expect(bodies(server, 'tools/call')).toHaveLength(1);
  });

  it('during a later attempt closes that attempt', async () => {
    let attempt = 0;
    let closed = (): void => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { rpc } = await bridged(
      streaming('tools/call', ({ finish, send, seen }) => {
        if (attempt++ === 0) return finish(JSON.parse(asks({ a: elicit() })));
        seen.gone.addEventListener('abort', closed);
        send({ method: 'notifications/message', params: { level: 'info', data: 'second' } });
      }),
    );
    rpc.on('elicitation/create', () => ({ action: 'accept', content: {} }));
    rpc.raw('{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"echo"}}');
    await rpc.next('notifications/message');
    rpc.notify('notifications/cancelled', { requestId: 'c' });
    await gone;
  });
});

describe('a page that the user is sent to', () => {
  const page = asks({ a: elicit({ mode: 'url', url: 'https://a.example/x', message: 'go' }) }, '"s"');

  it('has an id, opens once however often the server asks, and ends with the call', async () => {
    const { server, rpc, call } = await calls([page, page]);
    rpc.on('elicitation/create', () => ({ action: 'accept' }));
    const answer = call();
    const { message } = await rpc.next('notifications/elicitation/complete');
    expect((await answer).message.result).toBeDefined();
    const questions = rpc.received.filter((one) => one.message.method === 'elicitation/create');
    expect(questions.map((one) => one.message.params)).toEqual([
      { mode: 'url', url: 'https://a.example/x', message: 'go', elicitationId: message.params.elicitationId },
    ]);
    expect(message.params.elicitationId).toMatch(/^[0-9a-f-]{36}$/);
    const retries = paramsOf(server, 'tools/call').slice(1);
    expect(retries.map(({ inputResponses }) => inputResponses)).toEqual([
      { a: { action: 'accept' } },
      { a: { action: 'accept' } },
    ]);
  });

  it('that the user declined is shown again only if the server asks again', async () => {
    const { rpc, call } = await calls([page, page]);
    rpc.on('elicitation/create', () => ({ action: 'decline' }));
    await call();
    expect(rpc.received.filter((one) => one.message.method === 'elicitation/create')).toHaveLength(2);
  });
});
