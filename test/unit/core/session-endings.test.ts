// The two ways to end a session with a server, for every kind of session, and through every layer that has calls of its
// own. A session that is closed still answers its call; one that is destroyed answers it with the reason, and tells the
// server nothing.
import { afterEach, describe, expect, it } from 'vitest';
import type { Peer, Session } from '../../../src/core/exchange.ts';
import type { Fetch, HttpResponse } from '../../../src/core/fetch.ts';
import type { Reply } from '../../../src/core/jsonrpc.ts';
import { type Layer, loadedLayer, requestLayer } from '../../../src/core/layer.ts';
import type { TransportName } from '../../../src/core/ports.ts';
import { SignInState } from '../../../src/core/sign-in.ts';
import { drained } from '../../../src/core/timer.ts';
import { LegacyOnly, ModernOnly, ProxyError } from '../../../src/errors.ts';
import { downgrade } from '../../../src/layers/bridge/downgrade.ts';
import { Bridge } from '../../../src/layers/bridge/held/bridge.ts';
import { KeptBytes } from '../../../src/layers/bridge/held/kept-bytes.ts';
import { upgrade } from '../../../src/layers/bridge/upgrade.ts';
import { firstContact } from '../../../src/layers/first-contact/layer.ts';
import { Join } from '../../../src/layers/join/join.ts';
import { KeptResults } from '../../../src/layers/policy/max-result/kept-results.ts';
import { maxResult } from '../../../src/layers/policy/max-result/max-result.ts';
import { sharing } from '../../../src/layers/sharing/sharing.ts';
import { memoryHeldCalls } from '../../../src/state/memory/held-calls.ts';
import { requestStates } from '../../../src/state/request-states.ts';
import { SceneIndex } from '../../../src/upstream/recorded/scene-index.ts';
import { RecordedSession } from '../../../src/upstream/recorded/session.ts';
import { LocalServer } from '../../../src/upstream/stdio/server.ts';
import { Upstream } from '../../../src/upstream/upstream.ts';
import { OpenCalls } from '../../../src/wire/open-calls.ts';
import { settled } from '../downstream/http/response.ts';
import { exchangeOf, result, SILENT } from '../layers/exchanges.ts';

/** Longer than any test may take, so no test waits for it. */
const LONG = 3_600_000;
const REASON = new ProxyError('failed', 'the reason');
const LOG = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

// A local server shows with a log message that it has the call.
const MODERN =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/logLevel":"debug"}';
const INITIALIZE =
  '{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},"clientInfo":{"name":"c","version":"1"}}';
const INITIALIZED =
  '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}';
const DISCOVERED =
  '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"}';
const QUESTION =
  '{"resultType":"input_required","inputRequests":{"q":{"method":"elicitation/create","params":{"message":"?","requestedSchema":{"type":"object","properties":{}}}}}}';
const ANSWER = '{"resultType":"complete","content":[]}';
const CALL = '{"name":"a"}';
const MODERN_CALL = `{"name":"a",${MODERN}}`;

/** A session with one call in flight. */
interface Setting {
  readonly session: Session;
  readonly replied: Promise<Reply>;
  /** Resolves when the call has arrived where it waits. */
  readonly reached: Promise<void>;
  /** Lets the server, or the client, give the answer that the call waits for. */
  answer(): void;
}

/** Something to wait for, and the way to let it happen. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** A server without a wire. It answers a tool call when the test says so, and everything else at once. */
class Server implements Session {
  readonly established = true;
  readonly era: 'legacy' | 'modern';
  readonly open = new OpenCalls();
  readonly called = gate();
  readonly answered = gate();
  /** What it answers at first, instead of the answer. */
  first: Reply | undefined;
  #isOver = false;

  constructor(era: 'legacy' | 'modern' = 'legacy') {
    this.era = era;
  }

  request: Session['request'] = (exchange) => this.open.during(exchange, this.#reply(exchange.call.method));

  async #reply(method: string): Promise<Reply> {
    if (this.#isOver) throw new Error('the session is over');
    if (method === 'server/discover') return result(DISCOVERED);
    if (method === 'initialize') return result(INITIALIZED);
    if (method !== 'tools/call') return result('{"tools":[{"name":"a","inputSchema":{"type":"object"}}]}');
    const { first } = this;
    this.first = undefined;
    if (first) return first;
    this.called.open();
    await this.answered.opened;
    return result(ANSWER);
  }

  notify(): undefined {}

  async close(limit: number): Promise<void> {
    await drained(this.open.idle(), limit);
    this.#isOver = true;
  }

  destroy(reason: ProxyError): void {
    this.#isOver = true;
    this.open.destroy(reason);
  }
}

/** A call through a layer, which waits at the server. */
async function through(layer: Layer, params = CALL, server = new Server()): Promise<Setting> {
  const session = layer(() => server)(SILENT);
  if (params === CALL) await session.request(exchangeOf('initialize', INITIALIZE).exchange);
  const replied = session.request(exchangeOf('tools/call', params).exchange);
  return { session, replied, reached: server.called.opened, answer: server.answered.open };
}

function bridgeTo(connect: (client: Peer) => Session): Bridge {
  return new Bridge({
    connect,
    held: memoryHeldCalls(),
    states: requestStates(),
    kept: new KeptBytes(),
    owner: 'o',
    several: false,
    ourselves: Buffer.from('{"name":"mcp-proxy","version":"1"}'),
    log: LOG,
  });
}

/** A modern client of a legacy server. */
function bridged(): Promise<Setting> {
  const server = new Server();
  const open = server.request;
  server.request = (exchange) => {
    const isModern = exchange.call.params?.includes('io.modelcontextprotocol') ?? false;
    return isModern ? Promise.reject(new LegacyOnly('legacy only', {})) : open(exchange);
  };
  return through(
    downgrade(async (connect) => bridgeTo(connect)),
    MODERN_CALL,
    server,
  );
}

/** A legacy client of a modern server. The call waits at the server, or at the client, which the server has asked. */
async function upgraded(waitsAt: 'server' | 'client'): Promise<Setting> {
  const server = new Server('modern');
  const open = server.request;
  server.request = (exchange) =>
    exchange.call.method === 'initialize'
      ? Promise.reject(new ModernOnly('modern only', {}, { discovered: Buffer.from(DISCOVERED) }))
      : open(exchange);
  const session = upgrade({ log: LOG, host: 'h' })(() => server)(SILENT);
  await session.request(exchangeOf('initialize', INITIALIZE).exchange);
  const [asked, answered] = [gate(), gate()];
  if (waitsAt === 'client') {
    server.first = result(QUESTION);
    server.answered.open();
  }
  const call = exchangeOf('tools/call', CALL, async () => {
    asked.open();
    await answered.opened;
    return result('{"action":"decline"}');
  });
  const replied = session.request(call.exchange);
  if (waitsAt === 'server') return { session, replied, reached: server.called.opened, answer: server.answered.open };
  return { session, replied, reached: asked.opened, answer: answered.open };
}

/** The first request of a client, while the layer that it needs is being loaded. */
async function loading(): Promise<Setting> {
  const [loaded, server] = [gate(), new Server()];
  const layer = loadedLayer(async () => {
    await loaded.opened;
    return (inner) => inner;
  });
  const session = layer(() => server)(SILENT);
  const replied = session.request(exchangeOf('tools/call', CALL).exchange);
  loaded.open();
  return { session, replied, reached: Promise.resolve(), answer: server.answered.open };
}

/** A list that waits for the user, who is signing in. */
async function signingIn(): Promise<Setting> {
  const signIn = new SignInState();
  signIn.pending = { url: 'https://login.example/' };
  signIn.beginWaiting(undefined);
  const opened = gate();
  const answers = { recall: async () => undefined, remember: async () => {} };
  const layer = firstContact({ signIn, answers, server: 'https://server.example/mcp', version: '1' });
  const server = new Server();
  const open = server.request;
  server.request = async (exchange) => {
    if (exchange.call.method === 'initialize') await opened.opened;
    return open(exchange);
  };
  const session = layer(() => server)(SILENT);
  await session.request(exchangeOf('initialize', INITIALIZE).exchange);
  const replied = session.request(exchangeOf('tools/list').exchange);
  return { session, replied, reached: Promise.resolve(), answer: opened.open };
}

/** One of several clients that have one session together. */
async function shared(): Promise<Setting> {
  const { layer } = sharing({ version: '1', idle: LONG, log: LOG });
  const setting = await through(layer);
  closing.push(() => setting.session.close(0));
  return setting;
}

/** The session that several clients have together. */
async function sharedByAll(): Promise<Setting> {
  const all = sharing({ version: '1', idle: LONG, log: LOG });
  const { session, ...setting } = await through(all.layer);
  return {
    ...setting,
    session: { ...session, close: (limit) => all.close(limit), destroy: (why) => all.destroy(why) },
  };
}

function joined(server: Server): Session {
  const memory = { recall: async () => undefined, remember: async () => {} };
  const one = {
    name: 's',
    prefix: false,
    local: false,
    idle: undefined,
    openTimeout: undefined,
    personal: false,
    memory,
    provisional: () => false,
  };
  const join = new Join([{ ...one, open: () => server }], { id: 'i', version: '1', idle: LONG, log: LOG });
  return join.connect(SILENT);
}

/** A call to one of several servers. */
async function toOneOfSeveral(): Promise<Setting> {
  const server = new Server();
  const session = joined(server);
  await session.request(exchangeOf('initialize', INITIALIZE).exchange);
  await session.request(exchangeOf('tools/list').exchange);
  const replied = session.request(exchangeOf('tools/call', CALL).exchange);
  return { session, replied, reached: server.called.opened, answer: server.answered.open };
}

/** A call to one of several servers, none of which has been asked for its tools before. */
async function toUnknownServers(): Promise<Setting> {
  const server = new Server();
  const [asked, opened] = [gate(), gate()];
  const open = server.request;
  server.request = async (exchange) => {
    asked.open();
    await opened.opened;
    return open(exchange);
  };
  server.answered.open();
  const session = joined(server);
  const initialized = session.request(exchangeOf('initialize', INITIALIZE).exchange);
  const replied = session.request(exchangeOf('tools/call', CALL).exchange);
  initialized.catch(() => {});
  return { session, replied, reached: asked.opened, answer: opened.open };
}

async function recorded(): Promise<Setting> {
  const [asked, answered] = [gate(), gate()];
  const question = { kind: 'question', call: { method: 'roots/list' } } as const;
  const call = { method: 'tools/call', params: Buffer.from(CALL) };
  const scene = { call, during: [question], reply: result(ANSWER), after: [], used: false };
  const header = { run: 'r', program: 'p', began: '2026-01-01T00:00:00Z', server: 's', arguments: true };
  const session = new RecordedSession({ header, scenes: new SceneIndex([scene]) }, SILENT);
  const replied = session.request(
    exchangeOf('tools/call', CALL, async () => {
      asked.open();
      await answered.opened;
      return result('{"roots":[]}');
    }).exchange,
  );
  return { session, replied, reached: asked.opened, answer: answered.open };
}

/** A server over HTTP, of which the test knows each request. */
function remote(kind: TransportName | 'modern', fetch: Fetch): Upstream {
  return new Upstream({
    url: new URL('http://127.0.0.1:1/mcp'),
    strategy: kind === 'sse' ? 'sse-only' : 'http-only',
    fetch,
    log: LOG,
    peer: SILENT,
    memory: { peek: () => kind, recall: async () => kind, remember: async () => {} },
    connected: () => true,
    advise: async () => undefined,
  });
}

type Sink = Parameters<HttpResponse['body']['each']>[0];

/** A response whose body comes as the test wants, until its request is aborted. */
function response(
  type: string,
  signal: Parameters<Fetch>[0]['signal'],
  write: (sink: Sink) => Promise<unknown>,
): HttpResponse {
  const cut = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  cut.catch(() => {});
  const parts: Buffer[] = [];
  const bytes = async (): Promise<Buffer> => {
    await Promise.race([write((part) => void parts.push(part as Buffer)), cut]);
    return Buffer.concat(parts);
  };
  return {
    status: 200,
    headers: { 'content-type': type, 'mcp-session-id': 's' },
    body: { each: async (sink) => void (await Promise.race([write(sink), cut])), bytes, destroy: () => {} },
  };
}

async function overHttp(kind: 'http' | 'modern'): Promise<Setting> {
  const [called, answered] = [gate(), gate()];
  const upstream = remote(kind, async ({ method, body, signal }) => {
    const sent = method === 'POST' ? JSON.parse(Buffer.concat([...(body ?? [])]).toString()) : {};
    const answer = (text: string): Buffer => Buffer.from(`{"jsonrpc":"2.0","id":${sent.id},"result":${text}}`);
    return response('application/json', signal, async (sink) => {
      if (sent.method === 'initialize') return sink(answer(INITIALIZED));
      if (sent.method !== 'tools/call') return sink(Buffer.from('{}'));
      called.open();
      await answered.opened;
      return sink(answer(ANSWER));
    });
  });
  if (kind === 'http') await upstream.request(exchangeOf('initialize', INITIALIZE).exchange);
  const replied = upstream.request(exchangeOf('tools/call', kind === 'http' ? CALL : MODERN_CALL).exchange);
  return { session: upstream, replied, reached: called.opened, answer: answered.open };
}

async function overSse(): Promise<Setting> {
  const [called, answered] = [gate(), gate()];
  let stream: Sink = () => undefined;
  const upstream = remote('sse', async ({ method, body, signal }) => {
    if (method === 'GET') {
      return response('text/event-stream', signal, async (sink) => {
        stream = sink;
        await sink(Buffer.from('event: endpoint\ndata: /message\n\n'));
        await new Promise(() => {});
      });
    }
    const { id, method: called_ } = JSON.parse(Buffer.concat([...(body ?? [])]).toString());
    const answer = (text: string): void =>
      void stream(Buffer.from(`event: message\ndata: {"jsonrpc":"2.0","id":${id},"result":${text}}\n\n`));
    if (called_ === 'initialize') setImmediate(answer, INITIALIZED);
    if (called_ === 'tools/call') {
      called.open();
      answered.opened.then(() => answer(ANSWER));
    }
    return response('text/plain', signal, async () => {});
  });
  await upstream.request(exchangeOf('initialize', INITIALIZE).exchange);
  const replied = upstream.request(exchangeOf('tools/call', CALL).exchange);
  return { session: upstream, replied, reached: called.opened, answer: answered.open };
}

/** A program that answers a tool call when it is told to. */
const PROGRAM = `
let call;
const say = (message) => console.log(JSON.stringify({ jsonrpc: '2.0', ...message }));
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  if (method === 'initialize') say({ id, result: ${INITIALIZED} });
  else if (method === 'server/discover') say({ id, result: ${DISCOVERED} });
  else if (method === 'tools/call') { call = id; say({ method: 'notifications/message', params: {} }); }
  else if (method === 'notifications/answer') say({ id: call, result: ${ANSWER} });
  else if (id !== undefined) say({ id, result: {} });
});`;

async function local(kind: 'legacy' | 'modern'): Promise<Setting> {
  const called = gate();
  const command = { command: process.execPath, args: ['-e', PROGRAM], cwd: undefined, env: [], cleanEnv: false };
  const server = new LocalServer({
    server: {
      kind: 'stdio',
      name: 'local',
      ...command,
      withheld: [],
      ignoreTools: [],
      timeout: LONG,
    },
    env: process.env,
    log: LOG,
    stderr: LOG,
    folder: undefined,
    sharing: kind === 'modern' ? { maxChildren: 4, idle: LONG } : undefined,
  });
  closing.push(() => server.close(0));
  const session = server.connect({ ...SILENT, notify: () => void called.open() as undefined });
  if (kind === 'legacy') await session.request(exchangeOf('initialize', INITIALIZE).exchange);
  else await session.request(exchangeOf('server/discover', `{${MODERN}}`).exchange);
  const call = exchangeOf('tools/call', kind === 'legacy' ? CALL : MODERN_CALL);
  const exchange = { ...call.exchange, notify: () => void called.open() as undefined };
  const replied = session.request(exchange);
  const params = Buffer.from(kind === 'legacy' ? '{}' : `{${MODERN}}`);
  const answer = (): void => void session.notify({ method: 'notifications/answer', params });
  return { session, replied, reached: called.opened, answer };
}

const SESSIONS: Record<string, () => Promise<Setting>> = {
  'a session over Streamable HTTP': () => overHttp('http'),
  'a session over HTTP+SSE': overSse,
  'requests without a session': () => overHttp('modern'),
  'a local server': () => local('legacy'),
  'a local server with one process for all clients': () => local('modern'),
  'a recorded session': recorded,
  'a client that shares its session': shared,
  'a session that clients share': sharedByAll,
  'one of several servers': toOneOfSeveral,
  'several servers that nothing is known of': toUnknownServers,
  'a layer for requests': () => through(requestLayer((next) => next)),
  'a layer that is being loaded': loading,
  'a layer that has been loaded': () => through(loadedLayer(async () => (inner) => inner)),
  'a layer that cuts results': () => through(maxResult(1_000, new KeptResults())),
  'a client that waits for its user to sign in': signingIn,
  'a modern client of a legacy server': bridged,
  'a modern client of a modern server': () =>
    through(
      downgrade(async (connect) => bridgeTo(connect)),
      MODERN_CALL,
      new Server('modern'),
    ),
  'a legacy client of a modern server': () => upgraded('server'),
  'a legacy client that a modern server has asked': () => upgraded('client'),
  'a legacy client of a legacy server': () => through(upgrade({ log: LOG, host: 'h' })),
};

interface Way {
  readonly end: (setting: Setting) => Promise<unknown>;
  /** Whether the call is still answered. */
  readonly answered: boolean;
}

const WAYS: Record<string, Way> = {
  'answers its call when it is closed': {
    end({ session, answer }) {
      const closed = session.close(LONG);
      answer();
      return closed;
    },
    answered: true,
  },
  'answers its call when it is closed twice': {
    end({ session, answer }) {
      const closed = [session.close(LONG), session.close(LONG)];
      answer();
      return Promise.all(closed);
    },
    answered: true,
  },
  'answers its call with the reason when it is destroyed': {
    end: async ({ session }) => session.destroy(REASON),
    answered: false,
  },
  'answers its call with the first reason when it is destroyed twice': {
    async end({ session }) {
      session.destroy(REASON);
      session.destroy(new ProxyError('failed', 'another reason'));
    },
    answered: false,
  },
  'answers its call with the reason when it is destroyed while it closes': {
    async end({ session }) {
      const closed = session.close(LONG);
      await settled();
      session.destroy(REASON);
      await closed;
    },
    answered: false,
  },
  'answers its call with the reason when it is closed after it was destroyed': {
    async end({ session }) {
      session.destroy(REASON);
      await session.close(LONG);
    },
    answered: false,
  },
};

describe.each(Object.entries(SESSIONS))('%s', (_name, open) => {
  it.each(Object.entries(WAYS))('%s', async (_way, { end, answered }) => {
    const setting = await open();
    await setting.reached;
    const outcome = setting.replied.then(
      (reply) => ('result' in reply ? 'answered' : String(reply.error)),
      (error: unknown) => error,
    );
    await end(setting);
    expect(await outcome).toBe(answered ? 'answered' : REASON);
  });
});
