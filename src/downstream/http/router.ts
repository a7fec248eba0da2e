/** HTTP mode: routes a request to the part that serves it. Every check comes before any of the body is read. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Closable } from '../../core/exchange.ts';
import { JsonError } from '../../core/json.ts';
import { INVALID_PARAMS, INVALID_REQUEST, type Message, PARSE_ERROR } from '../../core/jsonrpc.ts';
import { atMost } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import { declaredRevision, PROTOCOL_VERSION } from '../../mcp/envelope.ts';
import { isOnlyTold } from '../../mcp/methods.ts';
import { HEADER_MISMATCH, isModernRevision } from '../../mcp/revisions.ts';
import { type ReceivedFrame, readFrame } from '../../wire/frames.ts';
import { replyFrom } from '../../wire/replies.ts';
import { accepts, acceptsEvents, isBrowser, isJson } from './accept.ts';
import { type AccessRules, checkAddressing, checkIdentity } from './access.ts';
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts';
import type { Operation } from './operator/endpoints.ts';
import {
  type ClientService,
  clientUrl,
  endpointAt,
  isOAuthEndpoint,
  isWellKnown,
  pathOf,
  serviceFor,
} from './paths.ts';
import { type Outcome, type Refusal, refuse, refused, refuseSignIn } from './refusal.ts';
import { Bodies, GONE } from './request-body.ts';
import type { ClientOptions, Forwarded, Posted, Request } from './servers.ts';
import { LegacyClients } from './sessions/legacy-clients.ts';
import { StatelessClients } from './stateless/clients.ts';
import { checkModern } from './stateless/header-check.ts';

export interface HttpDownstreamOptions extends ClientOptions {
  readonly rules: AccessRules;
  readonly operation: Operation;
  /** Bytes of one message. */
  readonly maxBody: number;
  readonly forwardHeaders: readonly { readonly from: string; readonly to: string }[];
}

export class HttpDownstream implements Closable {
  readonly #options: HttpDownstreamOptions;
  readonly #bodies: Bodies;
  readonly #legacy: LegacyClients;
  readonly #stateless: StatelessClients;
  #closing = false;

  constructor(options: HttpDownstreamOptions) {
    this.#options = options;
    this.#bodies = new Bodies(options.maxBody);
    this.#legacy = new LegacyClients(options);
    this.#stateless = new StatelessClients(options);
  }

  /** Serves one request. */
  readonly handle = (req: IncomingMessage, res: ServerResponse): void => {
    // A client that has gone needs no answer.
    res.on('error', ignore);
    this.#contained(res, () => this.#let(req, res));
  };

  /** Refuses a request that is not served. A fault in one request must not end the others. */
  #contained(res: ServerResponse, serve: () => Outcome): void {
    const end = (refusal: Refusal | undefined): void => {
      if (refusal) refuse(res, refusal);
    };
    const fault = (error: unknown): void => {
      this.#options.log.error(`internal error, please report it: ${error instanceof Error ? error.stack : error}`);
      refuse(res, FAULT);
    };
    try {
      const outcome = serve();
      if (outcome instanceof Promise) outcome.then(end).catch(fault);
      else end(outcome);
    } catch (error) {
      fault(error);
    }
  }

  /** Admits a request, and routes it. */
  #let(req: IncomingMessage, res: ServerResponse): Outcome {
    const { rules, operation, forwardHeaders } = this.#options;
    const { method = '', headers, socket } = req;
    const { remoteAddress, localAddress } = socket;
    // A client that has gone in the meantime no longer has an address.
    if (remoteAddress === undefined) {
      res.destroy();
      return undefined;
    }
    const visitor = { headers, hosts: countHosts(req.rawHeaders), remoteAddress, localAddress };
    const entry = checkAddressing(visitor, rules);
    if (entry.kind === 'refused') return entry.refusal;
    if (entry.origin !== undefined) {
      for (const [name, value] of Object.entries(corsHeaders(entry.origin))) res.setHeader(name, value);
    }
    if (isPreflight(method, headers)) {
      const names = forwardHeaders.map(({ from }) => from);
      res.writeHead(204, preflightHeaders(headers, names)).end();
      return undefined;
    }
    const path = pathOf(req.url);
    // Clients look here before they know what they need, and treat a 401 as a broken response.
    if (isWellKnown(path)) return NOT_FOUND;
    if (isOAuthEndpoint(path)) {
      refuseSignIn(res, { hasToken: rules.isToken !== undefined });
      return undefined;
    }
    const endpoint = endpointAt(path);
    const stranger = checkIdentity(visitor, rules);
    if (stranger && !endpoint?.open) return stranger;
    if (endpoint?.page !== undefined && isBrowser(req)) {
      operation.home(res, endpoint.page, clientUrl(req));
      return undefined;
    }
    if (!endpoint || endpoint.audience === 'browsers') return NOT_FOUND;
    const { methods } = endpoint;
    if (!methods.includes(method)) return notAllowed(methods);
    if (method === 'OPTIONS') {
      res.writeHead(204, { allow: methods.join(', ') }).end();
      return undefined;
    }
    if (endpoint.audience === 'operators') {
      operation.serve(endpoint.service, res, { known: stranger === undefined });
      return undefined;
    }
    if (this.#closing && method !== 'POST') return SHUTTING_DOWN;
    const request = { req, res, forwarded: this.#forwarded(req) };
    const service = serviceFor(endpoint.service, method, headers);
    if (method === 'POST') return this.#post(request, service);
    return service === 'sse' ? this.#events(request) : this.#sessionOnly(request);
  }

  /** Takes no new calls either, but still the answers to questions of the server. */
  close(limit: number): Promise<void> {
    this.#closing = true;
    const idle = Promise.all([this.#options.sessions.idle(), this.#stateless.idle()]);
    return atMost(
      limit,
      idle.then(() => {}),
    );
  }

  destroy(reason: ProxyError): void {
    this.#options.sessions.destroy(reason);
    this.#stateless.destroy(reason);
  }

  #forwarded(req: IncomingMessage): Forwarded {
    const { forwardHeaders } = this.#options;
    if (forwardHeaders.length === 0) return NOTHING;
    const forwarded: Record<string, string> = {};
    for (const { from, to } of forwardHeaders) {
      const value = req.headers[from];
      if (value !== undefined) forwarded[to] = Array.isArray(value) ? value.join(', ') : value;
    }
    return forwarded;
  }

  #events(request: Request): Refusal | undefined {
    if (!acceptsEvents(request.req.headers.accept)) return NO_EVENTS;
    return this.#legacy.connect(request);
  }

  /** GET and DELETE at the endpoint for POSTs. */
  #sessionOnly(request: Request): Outcome {
    const { req } = request;
    const version = req.headers['mcp-protocol-version'];
    if (typeof version === 'string' && isModernRevision(version)) return notAllowed(['POST']);
    if (req.method === 'DELETE') return this.#legacy.delete(request);
    if (!acceptsEvents(req.headers.accept)) return NO_EVENTS;
    return this.#legacy.listen(request);
  }

  #post(request: Request, service: ClientService): Refusal | undefined {
    const { req, res } = request;
    if (!isJson(req.headers['content-type'])) return refused(415, 'Content-Type must be application/json');
    if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') return ENCODED;
    if (service === 'streamable' && accepts(req.headers.accept) === undefined) return NOT_ACCEPTABLE;
    this.#bodies.read(req, res, (body) => {
      if (body === GONE) return;
      this.#contained(res, () => (Buffer.isBuffer(body) ? this.#frame(request, service, body) : body));
    });
    return undefined;
  }

  #frame(request: Request, service: ClientService, body: Buffer): Outcome {
    let frame: ReceivedFrame;
    try {
      frame = readFrame(body);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      return refused(400, `Parse error: ${error.message}`, {}, PARSE_ERROR);
    }
    if (this.#closing && frame.messages.some(({ kind }) => kind === 'request')) return SHUTTING_DOWN;
    const { req, res, forwarded } = request;
    const posted = { req, res, forwarded, size: body.length };
    return service === 'message' ? this.#legacy.message(posted, frame.messages) : this.#messages(posted, frame);
  }

  /** Each message tells its era (specification 2026-07-28, "Versioning"). */
  #messages(request: Posted, frame: ReceivedFrame): Outcome {
    const { req, res } = request;
    const { batch, messages } = frame;
    const [first] = messages;
    const spoken = req.headers['mcp-protocol-version'];
    const saysModern = typeof spoken === 'string' && isModernRevision(spoken);
    if (batch && (saysModern || req.headers['mcp-session-id'] === undefined)) return NO_BATCH;
    if (batch || first === undefined || (first.kind !== 'request' && first.kind !== 'notification')) {
      return this.#legacy.post(request, frame);
    }
    let declared: string | undefined;
    try {
      declared = declaredRevision(first.call);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      return withId(first, refused(400, `Invalid params: ${error.message}`, {}, INVALID_PARAMS));
    }
    if (declared === undefined && !saysModern) return this.#legacy.post(request, frame);
    if (first.kind === 'notification') {
      // Over HTTP, this revision does not cancel with a notification, and upstream the id would belong to another
      // request.
      if (first.call.method !== 'notifications/cancelled' && isOnlyTold(first.call)) {
        const server = this.#options.servers.stateless(request.forwarded);
        const refusal = this.#stateless.tell(request, first.call, server);
        if (refusal) return refusal;
      }
      res.writeHead(202, { 'content-length': 0 }).end();
      return undefined;
    }
    return this.#modern(request, first, declared);
  }

  #modern(request: Posted, message: Message & { kind: 'request' }, declared: string | undefined): Refusal | undefined {
    const { req, forwarded } = request;
    const { headers } = req;
    if (declared === undefined && message.call.method === 'initialize') {
      const reason = 'Header mismatch: the revision in MCP-Protocol-Version has no initialize';
      return withId(message, refused(400, reason, {}, HEADER_MISMATCH));
    }
    if (declared === undefined) {
      const missing = `Invalid params: _meta has no ${PROTOCOL_VERSION}`;
      return withId(message, refused(400, missing, {}, INVALID_PARAMS));
    }
    try {
      const wrong = checkModern(message.call, declared, headers);
      if (wrong) return withId(message, { status: 400, reply: wrong });
    } catch (error) {
      if (!(error instanceof JsonError || error instanceof ProxyError)) throw error;
      return withId(message, { status: 400, reply: replyFrom(error) });
    }
    const { id, call } = message;
    const asked = { id, call, headers, accepts: accepts(headers.accept) ?? 'both' };
    return this.#stateless.serve(request, asked, this.#options.servers.stateless(forwarded));
  }
}

const NOTHING: Forwarded = {};

function ignore(): void {}

function countHosts(raw: readonly string[]): number {
  let hosts = 0;
  for (let i = 0; i < raw.length; i += 2) if (raw[i]?.length === 4 && raw[i]?.toLowerCase() === 'host') hosts++;
  return hosts;
}

const NOT_FOUND = refused(404, 'nothing is served at this path; use /mcp or /sse');
const NO_BATCH = refused(400, 'Invalid Request: no batch is allowed here', {}, INVALID_REQUEST);
const NO_EVENTS = refused(406, 'Accept must allow text/event-stream');
const ENCODED = refused(415, 'no Content-Encoding is supported', { 'accept-encoding': 'identity' });
const NOT_ACCEPTABLE = refused(406, 'Accept must allow application/json and text/event-stream');
const FAULT: Refusal = { status: 500, reply: replyFrom(new ProxyError('internal', 'internal error, see the log')) };
const SHUTTING_DOWN: Refusal = {
  status: 503,
  reply: replyFrom(new ProxyError('limit', 'this proxy is shutting down')),
  headers: { connection: 'close' },
};

function notAllowed(methods: readonly string[]): Refusal {
  return refused(405, `only ${methods.join(', ')} here`, { allow: methods.join(', ') });
}

function withId(message: Message & { kind: 'request' | 'notification' }, refusal: Refusal): Refusal {
  return message.kind === 'request' ? { ...refusal, id: message.id } : refusal;
}
