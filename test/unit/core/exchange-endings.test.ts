// The two ways to end everything that carries calls, in every order: each call in flight gets exactly one answer.
import http from 'node:http';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { Closable, Session } from '../../../src/core/exchange.ts';
import { parseFrame, type Reply } from '../../../src/core/jsonrpc.ts';
import type { Sessions } from '../../../src/core/ports/sessions.ts';
import { Budget, BYTES } from '../../../src/downstream/http/body-budget.ts';
import type { HttpSession } from '../../../src/downstream/http/contracts.ts';
import { Operation } from '../../../src/downstream/http/operator/endpoints.ts';
import { Heartbeats } from '../../../src/downstream/http/response/heartbeat.ts';
import { HttpDownstream } from '../../../src/downstream/http/router.ts';
import { type ListenerOptions, listen } from '../../../src/downstream/http/server.ts';
import { SessionStreams } from '../../../src/downstream/http/sessions/session-streams.ts';
import { SseClientSession } from '../../../src/downstream/http/sessions/sse-session.ts';
import { StreamableClientSession } from '../../../src/downstream/http/sessions/streamable-session.ts';
import { StdioDownstream } from '../../../src/downstream/stdio/stdio.ts';
import { ProxyError } from '../../../src/errors.ts';
import { memoryReplays } from '../../../src/state/memory/replay-buffer.ts';
import { memorySessions } from '../../../src/state/memory/sessions.ts';
import { Received, settled } from '../downstream/http/response.ts';

/** Longer than any test may take, so no test waits for it. */
const LONG = 3_600_000;
const REASON = new ProxyError('failed', 'the reason');
const LOG = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}';
const MODERN = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'a',
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
});

const pulse = new Heartbeats();
afterAll(() => pulse.stop());

/** A server with one call in flight. */
class Server implements Session {
  readonly established = true;
  readonly era = undefined;
  answer: () => void = () => {};
  called: () => void = () => {};
  /** Resolves when the call has arrived. */
  readonly reached = new Promise<void>((resolve) => {
    this.called = resolve;
  });

  readonly request = (): Promise<Reply> => {
    this.called();
    return new Promise((resolve) => {
      this.answer = () => resolve({ result: Buffer.from('{"answer":true}') });
    });
  };

  notify(): undefined {}

  async close(): Promise<void> {}

  destroy(): void {}
}

/** The carrier of the call, and the answers that its client has got: `result`, `error`, or `cut` for a connection. */
interface Setting {
  readonly carrier: Closable;
  answers(): Promise<string[]>;
}

/** The answers in what a client has received. */
function answersIn(text: string): string[] {
  return [...text.matchAll(/"id":1,"(result|error)"/g)].map(([, kind]) => kind as string);
}

function stdio(server: Server): Setting {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const carrier = new StdioDownstream({ input, output }, LOG);
  carrier.start(server);
  input.write(`${CALL}\n`);
  return { carrier, answers: async () => answersIn(String(output.read() ?? '')) };
}

function streamable(server: Server): Setting & { readonly carrier: StreamableClientSession } {
  const received = new Received();
  const carrier = new StreamableClientSession({
    base: '',
    id: 'streamable',
    pulse,
    channels: new SessionStreams(memoryReplays()('streamable')),
    open: () => server,
    failed: () => {},
    abandoned: () => {},
  });
  carrier.post(received.res, { ...parseFrame(Buffer.from(CALL)), accepts: 'json', claim: () => () => {} });
  return { carrier, answers: async () => answersIn(received.text) };
}

function sse(server: Server): Setting {
  const received = new Received();
  const carrier = new SseClientSession(received.res, {
    base: '',
    id: 'sse',
    pulse,
    path: '/message',
    open: () => server,
    ended: () => {},
  });
  const [message] = parseFrame(Buffer.from(CALL)).messages;
  if (message) carrier.post(message, () => () => {});
  return { carrier, answers: async () => answersIn(received.text) };
}

function allSessions(server: Server): Setting {
  const carrier = memorySessions<HttpSession>({ max: 1, idle: LONG });
  const session = streamable(server);
  carrier.add(session.carrier);
  return { carrier, answers: session.answers };
}

/** A listener, and a client of it with one request in flight. */
async function listening(handle: ListenerOptions['handle'], body: string) {
  const closed = (): void => {};
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls: undefined,
    maxConnections: 10,
    handle,
    closed,
    notAccepted: closed,
  });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'a',
  };
  const response = new Promise<string>((resolve) => {
    const request = http.request(`${listener.url}/mcp`, { method: 'POST', headers, agent: false }, async (res) => {
      let text = '';
      for await (const chunk of res) text += chunk;
      resolve(text);
    });
    request.on('error', () => resolve('cut'));
    request.end(body);
  });
  return { listener, response };
}

function downstreamOf(server: Server): { readonly carrier: HttpDownstream; readonly sessions: Sessions<HttpSession> } {
  const sessions = memorySessions<HttpSession>({ max: 1, idle: LONG });
  const site = {
    servers: { open: () => server, stateless: () => server, keeps: () => 'nothing' as const },
    forwardHeaders: [],
  };
  const carrier = new HttpDownstream({
    rules: { allowedHosts: new Set(), allowedOrigins: new Set(), isToken: undefined },
    site: () => site,
    via: undefined,
    sessions,
    replays: memoryReplays(),
    pulse,
    bytes: new Budget(BYTES),
    operation: new Operation({
      server: '',
      ready: () => Promise.reject(REASON),
      ending: () => false,
      metrics: () => Promise.reject(REASON),
      status: () => Promise.reject(REASON),
    }),
    maxBody: 1_000_000,
    log: LOG,
  });
  return { carrier, sessions };
}

function sessionOverHttp(server: Server): Setting {
  const { carrier, sessions } = downstreamOf(server);
  const session = streamable(server);
  sessions.add(session.carrier);
  return { carrier, answers: session.answers };
}

async function requestOverHttp(server: Server): Promise<Setting> {
  const { carrier } = downstreamOf(server);
  const { listener, response } = await listening(carrier.handle, MODERN);
  const answers = async (): Promise<string[]> => {
    const text = await response;
    listener.destroy();
    return answersIn(text);
  };
  return { carrier, answers };
}

async function httpListener(server: Server): Promise<Setting> {
  const { listener, response } = await listening((_req, res) => {
    server.request().then(() => res.end('{"id":1,"result":{}}'));
  }, '{}');
  const answers = async (): Promise<string[]> => {
    const text = await response;
    listener.destroy();
    return text === 'cut' ? ['cut'] : answersIn(text);
  };
  return { carrier: listener, answers };
}

const CARRIERS: Record<string, (server: Server) => Setting | Promise<Setting>> = {
  'a client on stdio': stdio,
  'a session over Streamable HTTP': streamable,
  'a session over HTTP+SSE': sse,
  'all sessions': allSessions,
  'all clients over HTTP, one of them with a session': sessionOverHttp,
  'all clients over HTTP, one of them without a session': requestOverHttp,
  'the HTTP server': httpListener,
};

interface Way {
  readonly end: (carrier: Closable, server: Server) => Promise<unknown>;
  /** Whether the server still answers the call. */
  readonly answered: boolean;
}

const WAYS: Record<string, Way> = {
  'close, while the server answers': {
    end(carrier, server) {
      const closed = carrier.close(LONG);
      server.answer();
      return closed;
    },
    answered: true,
  },
  'close twice, while the server answers': {
    end(carrier, server) {
      const closed = [carrier.close(LONG), carrier.close(LONG)];
      server.answer();
      return Promise.all(closed);
    },
    answered: true,
  },
  'destroy while draining': {
    end(carrier) {
      const closed = carrier.close(LONG);
      carrier.destroy(REASON);
      return closed;
    },
    answered: false,
  },
  'destroy after close': {
    async end(carrier) {
      await carrier.close(0);
      carrier.destroy(REASON);
    },
    answered: false,
  },
  'destroy twice': {
    async end(carrier) {
      carrier.destroy(REASON);
      carrier.destroy(new ProxyError('failed', 'another reason'));
    },
    answered: false,
  },
  'close after destroy': {
    async end(carrier) {
      carrier.destroy(REASON);
      await carrier.close(LONG);
    },
    answered: false,
  },
};

describe.each(Object.entries(CARRIERS))('%s', (carrier, open) => {
  it.each(Object.entries(WAYS))('%s', async (_way, { end, answered }) => {
    const server = new Server();
    const setting = await open(server);
    await server.reached;
    await end(setting.carrier, server);
    // Nothing that is over already gets this.
    server.answer();
    await settled();
    const failed = carrier === 'the HTTP server' ? 'cut' : 'error';
    expect(await setting.answers()).toEqual([answered ? 'result' : failed]);
  });
});
