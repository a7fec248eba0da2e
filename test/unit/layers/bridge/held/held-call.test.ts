// Calls in which a legacy server asks the client something: the client gets the question as a result, and comes back.
import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../../../../src/core/cancel.ts';
import { Cancelled } from '../../../../../src/core/exchange.ts';
import type { HeldCalls } from '../../../../../src/core/ports/held.ts';
import { KeptBytes } from '../../../../../src/layers/bridge/held/kept-bytes.ts';
import type { OngoingCall } from '../../../../../src/layers/bridge/held/ongoing-call.ts';
import { HOLD, memoryHeldCalls } from '../../../../../src/state/memory/held-calls.ts';
import { requestStates } from '../../../../../src/state/request-states.ts';
import {
  ACCEPTED,
  type Act,
  ask,
  EVERYTHING,
  FORM,
  legacyPeer,
  META,
  modernClient,
  RpcFailure,
  retry,
  TestClock,
  type Value,
} from './legacy-peer.ts';

const CALL = { name: 'a', arguments: { n: 1 } };
const SAMPLING = { messages: [], maxTokens: 1 };

/** A tool that asks for a name on the stream of its call, and returns what it got. */
const asks: Act = async (_params, exchange) => ({ got: await ask(exchange, 'elicitation/create', FORM) });

describe('a round', () => {
  it('is the result of the call, and the answer comes back with the next request', async () => {
    const server = legacyPeer({ 'tools/call': asks });
    const client = modernClient(server);
    const round = await client.ask('tools/call', CALL);
    expect(round).toEqual({
      resultType: 'input_required',
      inputRequests: { r1: { method: 'elicitation/create', params: FORM } },
      requestState: expect.stringMatching(/^p1\.[\w-]+\.[\w-]+$/),
      _meta: { [`${META}serverInfo`]: { name: 'legacy', version: '1' } },
    });
    expect(client.held.size).toBe(1);
    const result = await client.ask('tools/call', retry(CALL, round, { r1: ACCEPTED }));
    expect(result).toMatchObject({ resultType: 'complete', got: ACCEPTED });
    expect(client.held.size).toBe(0);
    expect(server.sessions[0]?.requests.filter(({ method }) => method === 'tools/call')).toHaveLength(1);
    expect(server.sessions[0]?.cancelled).toEqual([]);
  });

  it.each(['prompts/get', 'resources/read'])('goes with %s too', async (method) => {
    const client = modernClient(legacyPeer({ [method]: asks }));
    const round = await client.ask(method, { name: 'a', uri: 'a:b' });
    const result = await client.ask(method, retry({ name: 'a', uri: 'a:b' }, round, { r1: ACCEPTED }));
    expect(result).toMatchObject({ resultType: 'complete', got: ACCEPTED });
  });

  it('has all questions of a moment, and each kind of answer goes back', async () => {
    const answers = {
      r1: ACCEPTED,
      r2: { role: 'assistant', model: 'm', content: { type: 'text', text: 'x' } },
      r3: { roots: [] },
    };
    const server = legacyPeer({
      'tools/call': async (_params, exchange, { client }) => ({
        got: await Promise.all([
          ask(exchange, 'elicitation/create', { ...FORM, task: {}, _meta: { progressToken: 1 } }),
          ask(client, 'sampling/createMessage', SAMPLING),
          ask(exchange, 'roots/list', {}),
        ]),
      }),
    });
    const client = modernClient(server);
    const round = await client.ask('tools/call', CALL);
    expect(round.inputRequests).toEqual({
      r1: { method: 'elicitation/create', params: FORM },
      r2: { method: 'sampling/createMessage', params: SAMPLING },
      r3: { method: 'roots/list' },
    });
    const result = await client.ask('tools/call', retry(CALL, round, answers));
    expect(result.got).toEqual(Object.values(answers));
  });

  it('shows a page without what only 2025-11-25 has', async () => {
    const page = { mode: 'url', url: 'https://a.test/', message: 'Visit', elicitationId: 'e1' };
    const server = legacyPeer({
      'tools/call': async (_params, exchange) => ({ got: await ask(exchange, 'elicitation/create', page) }),
    });
    const client = modernClient(server);
    const round = await client.ask('tools/call', CALL);
    expect(round.inputRequests.r1.params).toEqual({ mode: 'url', url: 'https://a.test/', message: 'Visit' });
    const result = await client.ask('tools/call', retry(CALL, round, { r1: { action: 'accept' } }));
    expect(result.got).toEqual({ action: 'accept' });
  });

  it('follows another, under keys of its own and with another state', async () => {
    const server = legacyPeer({
      'tools/call': async (_params, exchange) => {
        const got = [];
        for (let n = 0; n < 3; n++) got.push(await ask(exchange, 'elicitation/create', { ...FORM, message: `${n}` }));
        return { got };
      },
    });
    const client = modernClient(server);
    const states = new Set<string>();
    let round = await client.ask('tools/call', CALL);
    for (const key of ['r1', 'r2', 'r3']) {
      expect(Object.keys(round.inputRequests)).toEqual([key]);
      states.add(round.requestState);
      round = await client.ask('tools/call', retry(CALL, round, { [key]: { ...ACCEPTED, content: { key } } }));
    }
    expect(round.got.map(({ content }: Value) => content.key)).toEqual(['r1', 'r2', 'r3']);
    expect(states.size).toBe(3);
  });

  it('is repeated for what the client has not answered, and ignores what was not asked', async () => {
    const server = legacyPeer({
      'tools/call': async (_params, exchange) => ({
        got: await Promise.all([1, 2].map((n) => ask(exchange, 'elicitation/create', { ...FORM, message: `${n}` }))),
      }),
    });
    const client = modernClient(server);
    const first = await client.ask('tools/call', CALL);
    const second = await client.ask('tools/call', retry(CALL, first, { r2: ACCEPTED, other: ACCEPTED }));
    expect(Object.keys(second.inputRequests)).toEqual(['r1']);
    const third = await client.ask('tools/call', retry(CALL, second, {}));
    expect(Object.keys(third.inputRequests)).toEqual(['r1']);
    const result = await client.ask('tools/call', retry(CALL, third, { r1: { action: 'decline' } }));
    expect(result.got).toEqual([{ action: 'decline' }, ACCEPTED]);
  });

  it('with malformed answers is refused, and can be answered again', async () => {
    const client = modernClient(legacyPeer({ 'tools/call': asks }));
    const round = await client.ask('tools/call', CALL);
    for (const responses of [[], 'x', { r1: 'accept' }]) {
      const { error } = await client.ask('tools/call', retry(CALL, round, responses as object));
      expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('inputResponses') });
    }
    expect(await client.ask('tools/call', retry(CALL, round, { r1: ACCEPTED }))).toMatchObject({ got: ACCEPTED });
  });

  it('does not happen for a question that cannot be read', async () => {
    const server = legacyPeer({
      'tools/call': async (_params, exchange) => {
        const params = Buffer.from('{"task":1,"message":"a","message":"b"}');
        return exchange.ask({ method: 'elicitation/create', params }, new Cancellation().signal).then(
          () => ({ got: 'an answer' }),
          ({ message }) => ({ got: message }),
        );
      },
    });
    expect(await modernClient(server).ask('tools/call', CALL)).toMatchObject({
      got: expect.stringContaining('duplicate key'),
    });
  });

  it.each([
    ['2025-06-18', [{ type: 'text', text: 'a' }], { type: 'text', text: 'a' }],
    [
      '2025-06-18',
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      { type: 'text', text: 'a\nb' },
    ],
    ['2025-06-18', [{ type: 'text', text: 'a' }, { type: 'image' }], undefined],
    ['2025-11-25', [{ type: 'text', text: 'a' }, { type: 'image' }], [{ type: 'text', text: 'a' }, { type: 'image' }]],
  ])('brings a sampled message in the form of %s: %j', async (protocolVersion, content, expected) => {
    const server = legacyPeer({
      initialize: () => ({ protocolVersion, capabilities: {} }),
      'tools/call': async (_params, exchange) => ({ got: await ask(exchange, 'sampling/createMessage', SAMPLING) }),
    });
    const client = modernClient(server);
    const round = await client.ask('tools/call', CALL);
    const { got } = await client.ask(
      'tools/call',
      retry(CALL, round, { r1: { role: 'assistant', model: 'm', content } }),
    );
    if (expected) expect(got.content).toEqual(expected);
    else expect(got.error.code).toBe(-32603);
  });
});

describe('a server that', () => {
  it('finishes while the user thinks has its result delivered when the client comes back', async () => {
    let finish = (_result: Value): void => {};
    const server = legacyPeer({
      'tools/call': (_params, exchange) => {
        ask(exchange, 'elicitation/create', FORM);
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
    });
    const client = modernClient(server);
    const round = await client.ask('tools/call', CALL);
    finish({ content: [], isError: true });
    await client.ask('tools/list');
    expect(await client.ask('tools/call', retry(CALL, round, { r1: ACCEPTED }))).toMatchObject({ isError: true });
  });

  it('fails while the user thinks has its error delivered', async () => {
    let fail = (_error: Error): void => {};
    const server = legacyPeer({
      'tools/call': (_params, exchange) => {
        ask(exchange, 'elicitation/create', FORM);
        return new Promise((_, reject) => {
          fail = reject;
        });
      },
    });
    const client = modernClient(server);
    const round = await client.ask('tools/call', CALL);
    fail(new RpcFailure(-32002));
    await client.ask('tools/list');
    expect(await client.ask('tools/call', retry(CALL, round, {}))).toMatchObject({ error: { code: -32602 } });
  });

  it('withdraws its question goes on without it', async () => {
    const withdrawal = new Cancellation();
    const server = legacyPeer({
      'tools/call': async (_params, exchange) => {
        ask(exchange, 'elicitation/create', FORM, withdrawal.signal);
        return { got: await ask(exchange, 'elicitation/create', { ...FORM, message: 'second' }) };
      },
    });
    const client = modernClient(server);
    const round = await client.ask('tools/call', CALL);
    expect(Object.keys(round.inputRequests)).toEqual(['r1', 'r2']);
    withdrawal.abort(new Cancelled());
    const again = await client.ask('tools/call', retry(CALL, round, { r1: ACCEPTED }));
    expect(Object.keys(again.inputRequests)).toEqual(['r2']);
    expect(await client.ask('tools/call', retry(CALL, again, { r2: ACCEPTED }))).toMatchObject({ got: ACCEPTED });
  });

  it('asks without saying for which call has the question shown with the newest, and gets the answer itself', async () => {
    const answers: Value[] = [];
    const releases: (() => void)[] = [];
    const server = legacyPeer({
      'tools/call': () => new Promise((resolve) => releases.push(() => resolve({ content: [] }))),
    });
    const client = modernClient(server);
    const older = client.send('tools/call', { name: 'older' });
    const newer = client.send('tools/call', { name: 'newer' });
    await client.ask('tools/list');
    const asked = ask((server.sessions[0] as Value).client, 'elicitation/create', FORM).then((got) =>
      answers.push(got),
    );
    const round = await newer.answer;
    const last = client.send('tools/call', retry({ name: 'newer' }, round, { r1: ACCEPTED }));
    await asked;
    expect(answers).toEqual([ACCEPTED]);
    for (const release of releases) release();
    expect(await last.answer).toMatchObject({ resultType: 'complete' });
    expect(await older.answer).toMatchObject({ resultType: 'complete' });
  });

  it('answers the call that carried a question of another has it carried on by the other', async () => {
    const releases = new Map<string, () => void>();
    const server = legacyPeer({
      'tools/call': ({ name }) =>
        new Promise((resolve) => releases.set(name, () => resolve({ content: [{ type: 'text', text: name }] }))),
    });
    const client = modernClient(server);
    const older = client.send('tools/call', { name: 'older' });
    const newer = client.send('tools/call', { name: 'newer' });
    await client.ask('tools/list');
    const asked = ask((server.sessions[0] as Value).client, 'elicitation/create', FORM);
    const round = await newer.answer;
    releases.get('newer')?.();
    // The client comes back without an answer, and the call is over.
    expect(await client.ask('tools/call', retry({ name: 'newer' }, round, {}))).toMatchObject({ content: [{}] });
    const carried = await older.answer;
    expect(carried.inputRequests).toEqual({ r1: { method: 'elicitation/create', params: FORM } });
    const last = client.send('tools/call', retry({ name: 'older' }, carried, { r1: ACCEPTED }));
    expect(await asked).toEqual(ACCEPTED);
    releases.get('older')?.();
    expect(await last.answer).toMatchObject({ resultType: 'complete' });
  });

  it('asks for roots at once has the question wait for a call, which runs only then', async () => {
    const server = legacyPeer();
    const client = modernClient(server);
    await client.ask('tools/list');
    const session = server.sessions[0] as (typeof server.sessions)[number];
    const asked = ask(session.client, 'roots/list');
    const round = await client.ask('tools/call', CALL);
    expect(round.inputRequests).toEqual({ r1: { method: 'roots/list' } });
    expect(session.requests.some(({ method }) => method === 'tools/call')).toBe(false);
    const result = await client.ask('tools/call', retry(CALL, round, { r1: { roots: [{ uri: 'file:///a' }] } }));
    expect(result).toMatchObject({ resultType: 'complete', content: [] });
    expect(await asked).toEqual({ roots: [{ uri: 'file:///a' }] });
  });
});

describe('progress while the user thinks', () => {
  it('arrives with the next request, the newest only, under its token', async () => {
    let tell = (_progress: number): void => {};
    const server = legacyPeer({
      'tools/call': async ({ _meta }, exchange) => {
        tell = (progress) => {
          const params = Buffer.from(JSON.stringify({ progressToken: _meta.progressToken, progress }));
          exchange.notify({ method: 'notifications/progress', params });
        };
        tell(1);
        await ask(exchange, 'elicitation/create', FORM);
        tell(4);
        return { content: [] };
      },
    });
    const client = modernClient(server);
    const first = client.send('tools/call', { ...CALL, _meta: { progressToken: 'first' } });
    const round = await first.answer;
    tell(2);
    tell(3);
    const params = { ...retry(CALL, round, { r1: ACCEPTED }), _meta: { progressToken: 'second' } };
    const second = client.send('tools/call', params);
    await second.answer;
    const told = [first, second].map(({ notified }) =>
      notified.map(({ params }) => [params.progressToken, params.progress]),
    );
    expect(told).toEqual([
      [['first', 1]],
      [
        ['second', 3],
        ['second', 4],
      ],
    ]);
  });
});

describe('a client that', () => {
  it('declares less when it comes back is not asked again for the rest', async () => {
    const server = legacyPeer({
      'tools/call': async (_params, exchange) => ({
        got: await Promise.all([ask(exchange, 'elicitation/create', FORM), ask(exchange, 'roots/list')]),
      }),
    });
    const client = modernClient(server);
    const round = await client.ask('tools/call', CALL);
    const again = await client.ask('tools/call', retry(CALL, round, {}), { roots: {} });
    expect(again.inputRequests).toEqual({ r2: { method: 'roots/list' } });
    const result = await client.ask('tools/call', retry(CALL, again, { r2: { roots: [] } }), { roots: {} });
    expect(result.got).toEqual([
      { error: { code: -32601, message: 'The client did not declare elicitation' } },
      { roots: [] },
    ]);
  });

  it('cancels its call takes the questions with it', async () => {
    const told: Value[] = [];
    const server = legacyPeer({
      'tools/call': async (_params, exchange) => {
        told.push(await ask(exchange, 'elicitation/create', FORM));
        return new Promise(() => {});
      },
    });
    const client = modernClient(server);
    const round = await client.ask('tools/call', CALL);
    const second = client.send('tools/call', retry(CALL, round, {}));
    second.cancel();
    await expect(second.answer).rejects.toThrow('cancelled');
    expect(told).toEqual([{ action: 'cancel' }]);
    expect(server.sessions[0]?.cancelled).toEqual(['tools/call']);
    expect(client.held.size).toBe(0);
  });

  it('never comes back leaves nothing behind', async () => {
    const clock = new TestClock();
    const told: Value[] = [];
    const server = legacyPeer({
      'tools/call': async (_params, exchange) => {
        const asked = [
          ask(exchange, 'elicitation/create', FORM),
          ask(exchange, 'sampling/createMessage', SAMPLING),
          ask(exchange, 'roots/list'),
        ];
        told.push(...(await Promise.all(asked)));
        return new Promise(() => {});
      },
    });
    const client = modernClient(server, { clock });
    const round = await client.ask('tools/call', CALL);
    clock.move(HOLD - 1);
    expect(client.held.size).toBe(1);
    clock.move(1);
    expect(client.held.size).toBe(0);
    await client.ask('tools/list');
    const noAnswer = { error: { code: -1, message: 'no answer from the client' } };
    expect(told).toEqual([{ action: 'cancel' }, noAnswer, noAnswer]);
    expect(server.sessions[0]?.cancelled).toEqual(['tools/call']);
    expect(clock.pending).toBe(0);
    const { error } = await client.ask('tools/call', retry(CALL, round, { r1: ACCEPTED }));
    expect(error.data).toEqual({ reason: 'expired' });
  });
});

describe('a requestState', () => {
  const refused = (reason: string) => ({
    error: { code: -32602, message: 'Invalid or expired requestState', data: { reason } },
  });

  it.each([
    ['of no proxy', () => 'opaque', 'malformed'],
    ['with one more part', (state: string) => `${state}.x`, 'malformed'],
    ['of another version', (state: string) => state.replace('p1', 'p2'), 'malformed'],
    ['without its end', (state: string) => state.slice(0, -1), 'mac'],
    ['with another claim', (state: string) => state.replace(/\.(.)/, (_, c) => `.${c === 'e' ? 'f' : 'e'}`), 'mac'],
    ['that is very long', (state: string) => `${state}${'x'.repeat(2_000)}`, 'malformed'],
    ['that is no string', () => 7 as unknown as string, 'malformed'],
  ])('%s is refused', async (_what, change, reason) => {
    const client = modernClient(legacyPeer({ 'tools/call': asks }));
    const round = await client.ask('tools/call', CALL);
    const changed = { ...round, requestState: change(round.requestState) };
    expect(await client.ask('tools/call', retry(CALL, changed, { r1: ACCEPTED }))).toEqual(refused(reason));
    expect(client.held.size).toBe(1);
  });

  it('of another process is refused', async () => {
    const client = modernClient(legacyPeer({ 'tools/call': asks }));
    const round = await modernClient(legacyPeer({ 'tools/call': asks })).ask('tools/call', CALL);
    expect(await client.ask('tools/call', retry(CALL, round, { r1: ACCEPTED }))).toEqual(refused('mac'));
  });

  it('of another client is refused', async () => {
    const states = requestStates();
    const held: HeldCalls<OngoingCall> = memoryHeldCalls();
    const server = legacyPeer({ 'tools/call': asks });
    const one = modernClient(server, { states, held, owner: 'one' });
    const other = modernClient(server, { states, held, owner: 'other' });
    const round = await one.ask('tools/call', CALL);
    expect(await other.ask('tools/call', retry(CALL, round, { r1: ACCEPTED }))).toEqual(refused('principal'));
    expect(await one.ask('tools/call', retry(CALL, round, { r1: ACCEPTED }))).toMatchObject({ got: ACCEPTED });
  });

  it.each([
    ['another tool', 'tools/call', { ...CALL, name: 'b' }],
    ['other arguments', 'tools/call', { ...CALL, arguments: { n: 2 } }],
    ['one argument more', 'tools/call', { ...CALL, more: 1 }],
    ['another method', 'prompts/get', CALL],
  ])('moved to %s is refused', async (_what, method, params) => {
    const client = modernClient(legacyPeer({ 'tools/call': asks }));
    const round = await client.ask('tools/call', CALL);
    expect(await client.ask(method, retry(params, round, { r1: ACCEPTED }))).toEqual(refused('digest'));
  });

  it('is taken whatever the order of the members', async () => {
    const client = modernClient(legacyPeer({ 'tools/call': asks }));
    const round = await client.ask('tools/call', { name: 'a', arguments: { x: 1, y: [{ a: 1, b: 2 }] } });
    const again = { arguments: { y: [{ b: 2, a: 1 }], x: 1 }, name: 'a' };
    expect(await client.ask('tools/call', retry(again, round, { r1: ACCEPTED }))).toMatchObject({ got: ACCEPTED });
  });

  it('is good once', async () => {
    const client = modernClient(legacyPeer({ 'tools/call': asks }));
    const round = await client.ask('tools/call', CALL);
    const sent = [1, 2].map(() => client.ask('tools/call', retry(CALL, round, { r1: ACCEPTED })));
    expect(await Promise.all(sent)).toEqual([expect.objectContaining({ got: ACCEPTED }), refused('gone')]);
    expect(await client.ask('tools/call', retry(CALL, round, { r1: ACCEPTED }))).toEqual(refused('gone'));
  });

  it('is of no use with requests that carry no questions', async () => {
    const client = modernClient(legacyPeer());
    expect(await client.ask('tools/list', { requestState: 'opaque' })).toMatchObject({ tools: [] });
  });
});

describe('limits', () => {
  it('results that come while the user thinks are kept up to a size, and what is taken makes room', async () => {
    const finish: ((result: Value) => void)[] = [];
    const server = legacyPeer({
      'tools/call': (_params, exchange) => {
        ask(exchange, 'elicitation/create', FORM);
        return new Promise((resolve) => finish.push(resolve));
      },
    });
    const client = modernClient(server, { kept: new KeptBytes(100) });
    const waiting = async (text: string): Promise<Value> => {
      const round = await client.ask('tools/call', CALL);
      finish.pop()?.({ text });
      await client.ask('tools/list');
      return round;
    };
    const [small, large] = [await waiting('x'.repeat(60)), await waiting('y'.repeat(60))];
    await expect(client.ask('tools/call', retry(CALL, large, {}))).rejects.toMatchObject({
      code: 'limit',
      data: { outcome: 'unknown' },
    });
    expect(await client.ask('tools/call', retry(CALL, small, {}))).toMatchObject({ text: 'x'.repeat(60) });
    expect(await client.ask('tools/call', retry(CALL, await waiting('z'.repeat(60)), {}))).toMatchObject({
      text: 'z'.repeat(60),
    });
  });

  it('a client with too many calls that wait is told so, and the server too', async () => {
    const server = legacyPeer({ 'tools/call': asks });
    const held = memoryHeldCalls<OngoingCall>(new TestClock(), { total: 10, own: 2 });
    const client = modernClient(server, { held });
    const rounds = [await client.ask('tools/call', CALL), await client.ask('tools/call', CALL)];
    await expect(client.ask('tools/call', CALL)).rejects.toMatchObject({ code: 'limit' });
    expect(server.sessions[0]?.cancelled).toEqual(['tools/call']);
    expect(await client.ask('tools/call', retry(CALL, rounds[0], { r1: ACCEPTED }))).toMatchObject({ got: ACCEPTED });
    expect(await client.ask('tools/call', CALL)).toMatchObject({ resultType: 'input_required' });
  });

  it('500 calls are held at once, each gets its own answer, and none is left', async () => {
    const server = legacyPeer({ 'tools/call': asks });
    const client = modernClient(server);
    const calls = Array.from({ length: 500 }, (_, n) => ({ name: 'a', arguments: { n } }));
    const rounds = await Promise.all(calls.map((params) => client.ask('tools/call', params)));
    expect(client.held.size).toBe(500);
    const answers = calls.map((params, n) =>
      client.ask('tools/call', retry(params, rounds[n], { r1: { action: 'accept', content: { n } } })),
    );
    expect((await Promise.all(answers)).map(({ got }) => got.content.n)).toEqual(calls.map((_, n) => n));
    expect(client.held.size).toBe(0);
  });
});

describe('a page that the server requires before it runs anything', () => {
  const required = new RpcFailure(-32042, 'visit', {
    elicitations: [{ mode: 'url', elicitationId: 'e1', url: 'https://a.test/', message: 'Visit' }],
  });
  const until = (visits: number): Act => {
    let calls = 0;
    return () => {
      if (calls++ < visits) throw required;
      return { content: [] };
    };
  };

  it('is a question, and the call is sent again when the user has accepted', async () => {
    const client = modernClient(legacyPeer({ 'tools/call': until(1) }));
    const round = await client.ask('tools/call', CALL);
    expect(round).toMatchObject({
      resultType: 'input_required',
      inputRequests: {
        url0: { method: 'elicitation/create', params: { mode: 'url', url: 'https://a.test/', message: 'Visit' } },
      },
    });
    expect(client.held.size).toBe(0);
    const result = await client.ask('tools/call', retry(CALL, round, { url0: { action: 'accept' } }));
    expect(result).toMatchObject({ resultType: 'complete', content: [] });
  });

  it('lets the call wait until the server says that the user has visited it', async () => {
    const server = legacyPeer({ 'tools/call': until(2) });
    const client = modernClient(server);
    const round = await client.ask('tools/call', CALL);
    const sent = client.send('tools/call', retry(CALL, round, { url0: { action: 'accept' } }));
    await client.ask('tools/list');
    server.sessions[0]?.client.notify({ method: 'notifications/elicitation/complete' });
    expect(await sent.answer).toMatchObject({ content: [] });
    expect(sent.notified).toEqual([]);
  });

  it.each([
    ['tools/call', { resultType: 'complete', isError: true }],
    ['prompts/get', { error: { code: -32603 } }],
  ])('that the user declines ends %s', async (method, expected) => {
    const client = modernClient(legacyPeer({ [method]: until(9) }));
    const round = await client.ask(method, CALL);
    const answer = await client.ask(method, retry(CALL, round, { url0: { action: 'decline' } }));
    expect(answer).toMatchObject(expected);
  });

  it('is an error for a client that cannot show it', async () => {
    const client = modernClient(legacyPeer({ 'tools/call': until(9) }));
    const { error } = await client.ask('tools/call', CALL, { ...EVERYTHING, elicitation: {} });
    expect(error).toMatchObject({ code: -32021, data: { requiredCapabilities: { elicitation: { url: {} } } } });
  });

  it.each([undefined, [], [{ url: 7 }], 'x'])(
    'that is malformed is an error of another revision: %j',
    async (elicitations) => {
      const server = legacyPeer({
        'tools/call': () => {
          throw new RpcFailure(-32042, 'visit', { elicitations });
        },
      });
      expect((await modernClient(server).ask('tools/call', CALL)).error.code).toBe(-32603);
    },
  );
});
