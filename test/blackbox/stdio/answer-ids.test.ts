// Answers under another id than that of the request, on every wire and in both directions: an id that spells the same
// number counts, and if only one request is open, an answer under any id ends it at once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { type Era, LEGACY, MODERN_ERA } from '../../peers/hostile-eras.ts';
import { regularPost, startHostileSse } from '../../peers/hostile-sse.ts';
import { type Scripted, scripted } from '../../peers/local/scripted.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import type { Received } from '../../peers/rpc.ts';

const OK = { content: [{ type: 'text', text: 'ok' }] };
const RESULT = `"result":${JSON.stringify(OK)}`;
const ERROR = '"error":{"code":-32050,"message":"said the server"}';
const message = (id: string, body: string): string => `{"jsonrpc":"2.0","id":${id},${body}}`;

/** The ids under which the answer comes, by the id of the request. */
const SAME: Record<string, (id: string) => string> = {
  'its number as a string': (id) => `"${id}"`,
  'its number as a string, escaped': (id) => `"\\u003${id.slice(0, 1)}${id.slice(1)}"`,
  'its number as a decimal': (id) => `${id}.0`,
  'its number as a decimal in a string': (id) => `"${id}.0"`,
  'its number with an exponent': (id) => `${id}e0`,
};
const STRAY: Record<string, (id: string) => string> = {
  'a number that is no request': () => '987654',
  'a string that is no request': () => '"987654"',
  'a string that is no number': () => '"one"',
  'its number after a zero': (id) => `"0${id}"`,
  'its number after a space': (id) => `" ${id}"`,
  null: () => 'null',
};

/** A server whose answer to a tool call the test gives. Every call is answered, or fails, without a wait. */
interface Wire {
  readonly name: string;
  /** Whether the answer has an HTTP status that can be checked. */
  readonly status: boolean;
  open(): Promise<ProxyProcess>;
  /** Calls a tool; `text` makes the server's answer from the id that the request has there. */
  ask(text: (id: string) => string): Promise<Received>;
  close?(): Promise<void>;
}

function overHttp(name: string, era: Era, answer: (text: (id: string) => string) => Answer): Wire {
  let server: Hostile;
  let proxy: ProxyProcess;
  return {
    name,
    status: true,
    async open() {
      server = await startHostile();
      if (name.includes('GET'))
        server.on(
          'GET',
          a.openSse((res) => streams.push(res)),
        );
      proxy = startProxy(server.url);
      await era.open(proxy);
      if (name.includes('GET')) await server.seen('GET');
      return proxy;
    },
    ask(text) {
      server.on('tools/call', answer(text));
      return era.ask(proxy, 'tools/call', { name: 'echo', arguments: {} });
    },
  };
}

const streams: { write(text: string): unknown }[] = [];

function overSse(): Wire {
  let proxy: ProxyProcess;
  let text: (id: string) => string;
  return {
    name: 'HTTP+SSE',
    status: false,
    async open() {
      const server = await startHostileSse();
      server.post = (posted, stream, res) => {
        if (posted.message.method !== 'tools/call') return regularPost(posted, stream, res);
        res.writeHead(202).end();
        stream.send(text(JSON.stringify(posted.message.id)));
      };
      proxy = startProxy(server.url);
      await proxy.rpc.initialize('2024-11-05');
      await server.posted('notifications/initialized');
      return proxy;
    },
    ask(answer) {
      text = answer;
      return LEGACY.ask(proxy, 'tools/call', { name: 'echo', arguments: {} });
    },
  };
}

/** A stream that stays open: a request that it does not end at once would never end. */
const onStream = (text: (id: string) => string): Answer => a.openSse((res, seen) => res.write(a.event(text(seen.id))));
const onOther = (text: (id: string) => string): Answer =>
  a.openSse((_, { id }) => streams.at(-1)?.write(a.event(text(id))));

function overPipe(): Wire {
  let server: Scripted;
  let proxy: ProxyProcess;
  // The first one is that of `initialize`.
  let lastId = 1;
  return {
    name: 'the stdout of a local server',
    status: false,
    async open() {
      server = scripted();
      proxy = startProxy(undefined, ['--', ...server.command]);
      await proxy.rpc.initialize();
      return proxy;
    },
    ask(text) {
      const lines = [text(String(++lastId))];
      return LEGACY.ask(proxy, 'tools/call', { name: 'print', arguments: { lines } });
    },
    close: () => server.close(),
  };
}

const WIRES: Wire[] = [
  overHttp('Streamable HTTP, JSON', LEGACY, a.json),
  overHttp('Streamable HTTP, a stream', LEGACY, onStream),
  overHttp('Streamable HTTP, the stream of the GET', LEGACY, onOther),
  overHttp('2026-07-28, JSON', MODERN_ERA, a.json),
  overHttp('2026-07-28, a stream', MODERN_ERA, onStream),
  overSse(),
  overPipe(),
];

/** Servers whose libraries write no version, or an older one. */
const UNVERSIONED: Record<string, (id: string, body: string) => string> = {
  'without a version': (id, body) => `{"id":${id},${body}}`,
  'of JSON-RPC 1.0': (id, body) => `{"jsonrpc":"1.0","id":${id},${body}}`,
  'without a version, under its number as a string': (id, body) => `{"id":"${id}",${body}}`,
};

describe.each(WIRES)('an answer of the server over $name', (wire) => {
  beforeAll(() => wire.open());
  afterAll(async () => {
    await closeProxies();
    await wire.close?.();
    await closeHostiles();
  });

  it.each(Object.entries(SAME))('under %s is the answer', async (_, as) => {
    const { message: answered } = await wire.ask((id) => message(as(id), RESULT));
    expect(answered.result).toEqual(OK);
  });

  it.each(Object.entries(UNVERSIONED))('%s is the answer', async (_, as) => {
    const { message: answered } = await wire.ask((id) => as(id, RESULT));
    expect(answered.result).toEqual(OK);
    const { message: refused } = await wire.ask((id) => as(id, ERROR));
    expect(refused.error).toEqual({ code: -32050, message: 'said the server' });
  });

  it.each(Object.entries(STRAY))('with a result under %s ends the request with an error', async (_, as) => {
    let sent = '';
    const { message: answered } = await wire.ask((id) => {
      sent = message(as(id), RESULT);
      return sent;
    });
    expect(answered.error).toMatchObject({
      code: -31003,
      data: { outcome: 'unknown', body: sent, ...(wire.status && { httpStatus: 200 }) },
    });
  });

  it.each(Object.entries(STRAY))('with an error under %s ends the request with that error', async (_, as) => {
    const { message: answered } = await wire.ask((id) => message(as(id), ERROR));
    expect(answered.error).toEqual({ code: -32050, message: 'said the server' });
  });
});

describe.each(WIRES.filter(({ name }) => /JSON|a stream/.test(name)))('on $name', (wire) => {
  beforeAll(() => wire.open());
  afterAll(async () => {
    await closeProxies();
    await closeHostiles();
  });

  it('a result under the id of an earlier request ends the call, because the stream carries no other', async () => {
    await wire.ask((id) => message(id, RESULT));
    const { message: answered } = await wire.ask(() => message('1', RESULT));
    expect(answered.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
  });
});

describe('several calls over HTTP+SSE', () => {
  afterAll(async () => {
    await closeProxies();
    await closeHostiles();
  });

  it('are not ended by an answer that could be for any of them, nor by one that is late', async () => {
    const server = await startHostileSse();
    server.post = (posted, stream, res) => {
      if (posted.message.method !== 'tools/call') return regularPost(posted, stream, res);
      res.writeHead(202).end();
    };
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize('2024-11-05');
    const asked = [1, 2, 3].map(() => LEGACY.ask(proxy, 'tools/call', { name: 'echo', arguments: {} }));
    await server.posted('tools/call', 3);
    const ids = server.posts.filter(({ message: m }) => m.method === 'tools/call').map(({ message: m }) => m.id);
    const stream = server.streams[0];
    for (const id of ['"x"', 'null', '987654']) stream?.send(message(id, RESULT));
    for (const id of [ids[1], ids[1], ids[0], ids[0], ids[1], ids[2]]) stream?.send(message(`"${id}"`, RESULT));
    const results = (await Promise.all(asked)).map(({ message: answered }) => answered.result);
    expect(results).toEqual([OK, OK, OK]);
  });
});

const QUESTIONS: [string, object, object][] = [
  ['sampling/createMessage', { messages: [], maxTokens: 1 }, { role: 'assistant', model: 'm', content: OK.content[0] }],
  [
    'elicitation/create',
    { message: 'who?', requestedSchema: { type: 'object', properties: {} } },
    { action: 'decline' },
  ],
  ['roots/list', {}, { roots: [] }],
  ['ping', {}, {}],
];
const CAPABILITIES = { sampling: {}, elicitation: {}, roots: {} };

describe('an answer of the client on stdio', () => {
  afterAll(async () => {
    await closeProxies();
    await closeHostiles();
  });

  /** A question of the server, and how the server gets its answer. */
  async function asked(
    method: string,
    params: object,
  ): Promise<{ proxy: ProxyProcess; id: string; heard(): Promise<unknown> }> {
    const server = await startHostile();
    server.on(
      'tools/call',
      a.openSse((res) => res.write(a.event(JSON.stringify({ jsonrpc: '2.0', id: 'theirs', method, params })))),
    );
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize('2025-11-25', CAPABILITIES);
    proxy.rpc.raw('{"jsonrpc":"2.0","id":"call","method":"tools/call","params":{"name":"echo"}}');
    const question = await proxy.rpc.next(method);
    const heard = async (): Promise<unknown> => (await server.seen('response')).message;
    return { proxy, id: JSON.stringify(question.message.id), heard };
  }

  it.each(QUESTIONS)('to %s under the number as a string is the answer', async (method, params, result) => {
    const { proxy, id, heard } = await asked(method, params);
    proxy.rpc.raw(message(`"${id}"`, `"result":${JSON.stringify(result)}`));
    expect(await heard()).toEqual({ jsonrpc: '2.0', id: 'theirs', result });
  });

  it.each(['"x"', 'null', '987654'])('under %s ends the only question with an error', async (stray) => {
    const { proxy, heard } = await asked('elicitation/create', QUESTIONS[1]?.[1] as object);
    proxy.rpc.raw(message(stray, '"result":{"action":"accept"}'));
    expect(await heard()).toMatchObject({ id: 'theirs', error: { code: -31003 } });
  });
});
