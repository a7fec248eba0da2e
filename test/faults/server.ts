// A server over HTTP with one fault: Streamable HTTP with sessions, 2026-07-28, or HTTP+SSE. It is healthy until the
// fault is armed, and again when it is lifted.
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { Changes } from '../peers/changes.ts';
import type { RpcMessage } from '../peers/rpc.ts';
import { createAuthority, selfSigned } from '../peers/tls.ts';
import { asksForToken, type Cell, faultOf, type Phase } from './cells.ts';
import { FORM, type Incoming, LIST_CHANGED, outcomeOf, phaseOf } from './messages.ts';
import { setName } from './names.ts';
import { answerBadly, type Carrier, event, respond } from './reactions.ts';
import { isAuthorized, refuse, signInDocument, TOKEN_PATH } from './sign-in.ts';

export interface FaultyServer {
  readonly url: URL;
  /** The authority to trust; undefined where nothing is encrypted. */
  readonly ca: string | undefined;
  readonly tokenEndpoint: string;
  /** How often a token was asked for. */
  readonly tokenRequests: number;
  /** How often each call has run, by the text that it was sent with. */
  readonly runs: ReadonlyMap<string, number>;
  /** Sessions that are open. */
  readonly sessions: ReadonlySet<string>;
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
  /** Waits until something is true of the server. */
  until(isTrue: () => boolean, what: string): Promise<unknown>;
  arm(): Promise<void>;
  lift(): Promise<void>;
  close(): Promise<void>;
}

const authority = createAuthority('Authority of the faults');
const DAY = 86_400_000;
/** By the clock of the system: some cells move that of the program. */
const VALID = { from: new Date(performance.timeOrigin - DAY), until: new Date(performance.timeOrigin + DAY) };
const META = 'io.modelcontextprotocol/';

/** Each server has an address of its own, so that its port is still free when it comes back. */
let servers = 0;
function ownAddress(): string {
  servers += 1;
  return `127.${64 + (process.pid % 128)}.${1 + (servers >> 8)}.${servers & 0xff}`;
}

/** @param tokenEndpoint where clients get tokens, if this server asks for some */
export async function startFaultyServer(cell: Cell, tokenEndpoint?: string): Promise<FaultyServer> {
  const server = new Server(cell, tokenEndpoint);
  await server.listen();
  return server;
}

class Server implements FaultyServer {
  readonly runs = new Map<string, number>();
  readonly sessions = new Set<string>();
  readonly sockets = new Set<Socket>();
  readonly #cell: Cell;
  readonly #changes = new Changes();
  readonly #host = ownAddress();
  readonly #name: string;
  readonly #server: http.Server | https.Server;
  readonly #good = authority.issue({ ...VALID, hosts: [this.#host, setName(this.#host)] });
  /** Streams of HTTP+SSE, by session. */
  readonly #streams = new Map<string, http.ServerResponse>();
  /** Calls that wait for the answer to a question, by the id of the question. */
  readonly #asking = new Map<string, () => unknown>();
  readonly #tokens: string | undefined;
  tokenRequests = 0;
  #port = 0;
  #armed = false;
  #count = 0;

  constructor(cell: Cell, tokens: string | undefined) {
    this.#cell = cell;
    this.#tokens = tokens;
    this.#name = cell.fault === 'unknown host name' ? setName(this.#host) : this.#host;
    const handle: http.RequestListener = (req, res) => {
      res.on('error', () => {});
      this.#handle(req, res).catch(() => res.destroy());
    };
    this.#server = this.#isEncrypted ? https.createServer(this.#good, handle) : http.createServer(handle);
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('tlsClientError', () => {});
    this.#server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket
        .on('error', () => {})
        .once('close', () => {
          this.sockets.delete(socket);
          this.#changes.changed();
        });
    });
  }

  get #isEncrypted(): boolean {
    // A sign-in uses `http:` at addresses of this machine only.
    return this.#cell.fault === 'TLS failure' || (asksForToken(this.#cell) && this.#name !== this.#host);
  }

  get ca(): string | undefined {
    return this.#isEncrypted ? authority.pem : undefined;
  }

  get #origin(): string {
    return `${this.#isEncrypted ? 'https' : 'http'}://${this.#name}:${this.#port}`;
  }

  get url(): URL {
    return new URL(`${this.#origin}${this.#cell.upstream === 'sse' ? '/sse' : '/mcp'}`);
  }

  get tokenEndpoint(): string {
    return `${this.#origin}${TOKEN_PATH}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, this.#host, resolve);
    });
    const address = this.#server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  until(isTrue: () => boolean, what: string): Promise<unknown> {
    return this.#changes.until(
      () => isTrue() || undefined,
      (reason) => `${reason} for ${what}; sockets: ${this.sockets.size}, sessions: ${[...this.sessions]}`,
    );
  }

  async arm(): Promise<void> {
    this.#armed = true;
    const isStreamLost = this.#cell.upstream === 'sse' && this.#cell.phase === 'GET stream';
    if (faultOf(this.#cell).part !== 'connection' && !isStreamLost) return;
    if (this.#cell.fault === 'unknown host name') setName(this.#host, 'unknown');
    if (this.#isEncrypted) (this.#server as https.Server).setSecureContext(selfSigned('nobody', [this.#host]));
    if (this.#cell.fault === 'connection refused') await this.#stop();
    else await this.#cut();
    // The kernel has delivered the end of the connections; in these turns the proxy, in this process, reads of it.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  }

  async lift(): Promise<void> {
    if (!this.#armed) return;
    this.#armed = false;
    if (this.#cell.fault === 'unknown host name') setName(this.#host);
    if (this.#isEncrypted) (this.#server as https.Server).setSecureContext(this.#good);
    if (this.#cell.fault === 'connection refused') await this.listen();
    // A request for a token is under way for longer than the call that waits for it.
    if (asksForToken(this.#cell)) await this.#cut();
  }

  close(): Promise<void> {
    return this.#server.listening ? this.#stop() : Promise.resolve();
  }

  #stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.sockets) socket.destroy();
    });
  }

  async #cut(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await this.until(() => this.sockets.size === 0, 'the end of all connections');
  }

  /** Whether the fault is there, in the given part of a phase. */
  #isFaulty(phase: Phase, part: 'response' | 'answer'): boolean {
    const { phase: own } = this.#cell;
    if (phase === 'token call') return this.#armed && asksForToken(this.#cell) && faultOf(this.#cell).part === part;
    return this.#armed && faultOf(this.#cell).part === part && (own === phase || own === 'first contact');
  }

  async #handle(req: http.IncomingMessage, res: http.ServerResponse): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const isJson = /json/.test(req.headers['content-type'] ?? '');
    const message = isJson ? (JSON.parse(text) as RpcMessage) : undefined;
    const incoming = { req, res, message, path: req.url ?? '' };
    const phase = phaseOf(incoming, this.#cell.upstream === 'stateless');
    const isMoved = incoming.path === '/moved';
    if (phase === 'token call') this.#asked();
    // The answer to a question is what a server of an older revision refuses, not the call that asked it.
    const isAsking =
      phase === 'questions' && message?.method !== undefined && message.params?.inputResponses === undefined;
    if (phase && !isMoved && !isAsking && this.#isFaulty(phase, 'response')) {
      if (message?.method === 'tools/call' && !faultOf(this.#cell).unread) this.#ran(message);
      return respond(this.#cell.fault, res, message?.id);
    }
    if (this.#cell.upstream === 'sse') return this.#overSse(incoming, phase);
    return this.#streamable(incoming, phase);
  }

  #streamable(incoming: Incoming, phase: Phase | undefined): unknown {
    const { req, res, message } = incoming;
    if (asksForToken(this.#cell)) {
      const document = signInDocument(incoming, this.#tokens ?? '');
      if (document) return this.#document(document, incoming, phase);
      if (!isAuthorized(req)) return refuse(incoming);
    }
    const isModern = this.#cell.upstream === 'stateless';
    const session = String(req.headers['mcp-session-id'] ?? '');
    if (req.method === 'DELETE') {
      if (this.#isFaulty('DELETE', 'answer'))
        return answerBadly(this.#cell.fault, { res, stream: false }, 0, () => ({}));
      this.sessions.delete(session);
      this.#changes.changed();
      return res.writeHead(200).end();
    }
    if (req.method === 'GET') {
      if (isModern || !this.sessions.has(session)) return res.writeHead(isModern ? 405 : 404).end();
      if (this.#isFaulty('GET stream', 'answer')) {
        return answerBadly(this.#cell.fault, { res, stream: false }, 'none', () => LIST_CHANGED);
      }
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      return res.flushHeaders();
    }
    if (!message) return res.writeHead(405).end();
    const opens = message.method === 'initialize';
    if (!isModern && !opens && message.method !== 'server/discover' && !this.sessions.has(session)) {
      return res.writeHead(404).end();
    }
    if (message.method === undefined || message.id === undefined) {
      res.writeHead(202).end();
      return this.#take(message);
    }
    const isLost = this.#isFaulty('initialize', 'answer') && !faultOf(this.#cell).harmless;
    if (opens && !isModern && !isLost) {
      const fresh = this.#fresh();
      this.sessions.add(fresh);
      res.setHeader('mcp-session-id', fresh);
    }
    return this.#answer(message, { res, stream: false }, phase);
  }

  /** Answers a request of the sign-in. */
  #document(document: object, { res }: Incoming, phase: Phase | undefined): unknown {
    if (phase && this.#isFaulty(phase, 'answer'))
      return answerBadly(this.#cell.fault, { res, stream: false, document: true }, 0, () => document);
    return res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  }

  #overSse({ req, res, message, path }: Incoming, phase: Phase | undefined): unknown {
    if (req.method === 'GET') {
      const fresh = this.#fresh();
      this.#streams.set(fresh, res);
      this.sessions.add(fresh);
      res.once('close', () => {
        this.#streams.delete(fresh);
        this.sessions.delete(fresh);
        this.#changes.changed();
      });
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      return res.write(`event: endpoint\ndata: /message?session=${fresh}\n\n`);
    }
    const session =
      new URL(path, 'http://host').searchParams.get('session') ??
      (path === '/moved' ? [...this.#streams.keys()].at(-1) : undefined);
    const stream = this.#streams.get(session ?? '');
    if (!message || !stream) return res.writeHead(404).end();
    res.writeHead(202).end('Accepted');
    if (message.method === undefined || message.id === undefined) return this.#take(message);
    return this.#answer(message, { res: stream, stream: true }, phase);
  }

  #asked(): void {
    this.tokenRequests += 1;
    this.#changes.changed();
  }

  #fresh(): string {
    this.#count += 1;
    return `session-${this.#count}`;
  }

  #take(message: RpcMessage): unknown {
    const finish = this.#asking.get(String(message.id));
    this.#asking.delete(String(message.id));
    return message.method === undefined ? finish?.() : undefined;
  }

  #ran({ params }: RpcMessage): void {
    const text = String(params?.arguments?.text);
    if (params?.inputResponses === undefined) this.runs.set(text, (this.runs.get(text) ?? 0) + 1);
  }

  #answer(message: RpcMessage, carrier: Carrier, phase: Phase | undefined): unknown {
    const { id, method, params } = message;
    if (method === 'tools/call') this.#ran(message);
    const finish = (): unknown => this.#finish(message, carrier, phase);
    const send = (more: object): void => {
      if (!carrier.res.headersSent) carrier.res.writeHead(200, { 'content-type': 'text/event-stream' });
      carrier.res.write(event({ jsonrpc: '2.0', ...more }));
    };
    if (method === 'subscriptions/listen' && !(phase && this.#isFaulty(phase, 'answer'))) {
      const meta = { _meta: { [`${META}subscriptionId`]: id } };
      return send({
        method: 'notifications/subscriptions/acknowledged',
        params: { notifications: params?.notifications, ...meta },
      });
    }
    const tool = params?.name;
    if (tool === 'progress') {
      send({ method: 'notifications/progress', params: { progressToken: params?._meta?.progressToken, progress: 1 } });
    }
    if (tool === 'ask' && this.#cell.upstream !== 'stateless') {
      const question = `question-${id}`;
      this.#asking.set(question, finish);
      return send({ id: question, method: 'elicitation/create', params: FORM });
    }
    return finish();
  }

  /** Answers a request, with the fault if it is there. */
  #finish(message: RpcMessage, carrier: Carrier, phase: Phase | undefined): unknown {
    const answer = (id: unknown): object => ({
      jsonrpc: '2.0',
      id,
      ...outcomeOf(message, this.#cell.upstream === 'stateless'),
    });
    if (phase && this.#isFaulty(phase, 'answer')) {
      return answerBadly(this.#cell.fault, carrier, message.id, answer);
    }
    const { res, stream } = carrier;
    if (stream) return res.write(event(answer(message.id)));
    if (res.headersSent) return res.end(event(answer(message.id)));
    return res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer(message.id)));
  }
}
