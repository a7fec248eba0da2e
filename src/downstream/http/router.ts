/** HTTP mode: routes a request to the part that serves it. Every check comes before any of the body is read. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Closable } from '../../core/exchange.ts';
import { JsonError } from '../../core/json.ts';
import { INVALID_PARAMS, type Message, PARSE_ERROR } from '../../core/jsonrpc.ts';
import { atMost } from '../../core/timer.ts';
import { ProxyError, Unexpected } from '../../errors.ts';
import { declaredRevision, PROTOCOL_VERSION } from '../../mcp/envelope.ts';
import { isOnlyTold } from '../../mcp/methods.ts';
import { HEADER_MISMATCH, isModernRevision } from '../../mcp/revisions.ts';
import { type ReceivedFrame, readFrame } from '../../wire/frames.ts';
import { replyFrom } from '../../wire/replies.ts';
import { accepts, acceptsEvents, isBrowser } from './accept.ts';
import { type AccessRules, checkAddressing, checkIdentity, checkOwnPage, countHosts, takeAuthority } from './access.ts';
import { type ClientOptions, type Posted, postedOf, type Request, type Site } from './contracts.ts';
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts';
import { forwardedOf } from './forwarded.ts';
import type { Operation } from './operator/endpoints.ts';
import { type ClientService, clientUrl, isOAuthEndpoint, isWellKnown, pathOf, placeAt, serviceFor } from './paths.ts';
import { type MaybeRefused, type Refusal, refuse, refused, refuseSignIn } from './refusal.ts';
import { SHUTTING_DOWN, unless } from './replicas/away.ts';
import type { Adopt, Elsewhere } from './replicas/elsewhere.ts';
import { MAY_MOVE, MAY_RETURN } from './replicas/hop-listener.ts';
import { ANYWHERE, rendezvousKey } from './replicas/rendezvous.ts';
import { Bodies, GONE } from './request-body.ts';
import { FAULT, LOOP, NO_BATCH, NO_EVENTS, NOT_FOUND, notAllowed, unreadable } from './routing-refusals.ts';
import { LegacyClients } from './sessions/legacy-clients.ts';
import { StatelessClients } from './stateless/clients.ts';
import { checkModern } from './stateless/header-check.ts';

export interface HttpDownstreamOptions extends ClientOptions {
  readonly rules: AccessRules;
  readonly operation: Operation;
  /** Bytes of one message. */
  readonly maxBody: number;
  /** What clients find at the usual paths, or at those of the server with a name. */
  readonly site: (server: string | undefined) => Site | undefined;
  /** Names this proxy in the header `Via` of its own requests; undefined where none of them can come back. */
  readonly via: string | undefined;
  /** The other replicas of this proxy, if there are any. */
  readonly elsewhere?: Elsewhere | undefined;
}

export class HttpDownstream implements Closable {
  readonly #options: HttpDownstreamOptions;
  readonly #bodies: Bodies;
  /** The clients of each site that open sessions. */
  readonly #legacy = new WeakMap<Site, LegacyClients>();
  readonly #stateless: StatelessClients;
  #closing = false;

  constructor(options: HttpDownstreamOptions) {
    this.#options = options;
    this.#bodies = new Bodies(options.maxBody);
    this.#stateless = new StatelessClients(options);
  }

  /** Serves one request. */
  readonly handle = (req: IncomingMessage, res: ServerResponse): void => {
    // A client that has gone needs no answer.
    res.on('error', ignore);
    this.#contained(res, () => this.#let(req, res));
  };

  /** Serves a request that another replica has admitted and passed on. */
  readonly hop = (req: IncomingMessage, res: ServerResponse): void => {
    res.on('error', ignore);
    this.#contained(res, () => {
      const { server, base, endpoint } = placeAt(pathOf(req.url));
      const site = this.#options.site(server);
      if (endpoint?.audience !== 'clients' || !site) return NOT_FOUND;
      const request = {
        req,
        res,
        forwarded: forwardedOf(req, site),
        base,
        hopped: true,
        returns: MAY_RETURN in req.headers,
      };
      const service = serviceFor(endpoint.service, req.method ?? '', req.headers);
      const how = { moves: MAY_MOVE in req.headers, ending: this.#closing };
      const away = this.#options.elsewhere?.arrived(request, how, this.#adopter(request, site));
      return unless(away, request, (stays) => this.#serve({ ...request, stays }, service, site));
    });
  };

  /** Refuses a request that is not served. A fault in one request must not end the others. */
  #contained(res: ServerResponse, serve: () => MaybeRefused): void {
    const end = (refusal: Refusal | undefined): void => {
      if (refusal) refuse(res, refusal);
    };
    const fault = (error: unknown): void => {
      this.#options.log.error(new Unexpected(error).report);
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
  #let(req: IncomingMessage, res: ServerResponse): MaybeRefused {
    const { rules, operation, via } = this.#options;
    const { method = '', headers, socket } = req;
    const { remoteAddress, localAddress } = socket;
    // A client that has gone in the meantime no longer has an address.
    if (remoteAddress === undefined) {
      res.destroy();
      return undefined;
    }
    const authority = takeAuthority(req);
    const visitor = { headers, hosts: countHosts(req.rawHeaders), authority, remoteAddress, localAddress };
    const entry = checkAddressing(visitor, rules);
    if (entry.kind === 'refused') return entry.refusal;
    if (via !== undefined && headers.via?.includes(via)) return LOOP;
    const path = pathOf(req.url);
    const { server, base, endpoint } = placeAt(path);
    const site = this.#options.site(server);
    const isForBrowsers = endpoint?.audience === 'browsers';
    if (entry.origin !== undefined && isForBrowsers) {
      const foreign = checkOwnPage(headers);
      if (foreign) return foreign;
    } else if (entry.origin !== undefined) {
      for (const [name, value] of Object.entries(corsHeaders(entry.origin))) res.setHeader(name, value);
    }
    if (isPreflight(method, headers)) {
      const names = site?.forwardHeaders.map(({ from }) => from) ?? [];
      res.writeHead(204, preflightHeaders(headers, names)).end();
      return undefined;
    }
    // Clients look here before they know what they need, and treat a 401 as a broken response.
    if (isWellKnown(path)) return NOT_FOUND;
    if (isOAuthEndpoint(path)) {
      refuseSignIn(res, { hasToken: rules.isToken !== undefined });
      return undefined;
    }
    const stranger = checkIdentity(visitor, rules);
    if (stranger && !endpoint?.open) return stranger;
    if (this.#closing && isForBrowsers) return SHUTTING_DOWN;
    if (endpoint?.page !== undefined && isBrowser(req)) {
      return isForBrowsers ? operation.page(req, res) : operation.home(res, endpoint.page, clientUrl(req, base));
    }
    if (!endpoint || !site || endpoint.methods.length === 0) return NOT_FOUND;
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
    if (endpoint.audience === 'browsers') return operation.browse(req, res, endpoint.service);
    const forwarded = forwardedOf(req, site);
    const request = { req, res, forwarded, base, hopped: false, returns: false, stays: undefined };
    return this.#serve(request, serviceFor(endpoint.service, method, headers), site);
  }

  #serve(request: Request, service: ClientService, site: Site): MaybeRefused {
    if (request.req.method === 'POST') return this.#post(request, service, site);
    const here = (stays = request.stays): MaybeRefused => {
      if (this.#closing && !stays) return SHUTTING_DOWN;
      return service === 'sse' ? this.#events(request, site) : this.#sessionOnly(request, site);
    };
    const { elsewhere } = this.#options;
    if (!elsewhere || request.hopped) return here();
    return unless(elsewhere.inSession(request, this.#closing, this.#adopter(request, site)), request, here);
  }

  #adopter(request: Request, site: Site): Adopt {
    return (id, record) => this.#legacyOf(site).adopt(request, id, record);
  }

  #legacyOf(site: Site): LegacyClients {
    const known = this.#legacy.get(site) ?? new LegacyClients(this.#options, site.servers);
    this.#legacy.set(site, known);
    return known;
  }

  /** Takes no new calls either, but still the answers to questions of the server. */
  close(limit: number): Promise<void> {
    this.#closing = true;
    this.#options.operation.close();
    const { sessions, elsewhere } = this.#options;
    const idle = Promise.all([sessions.idle(), this.#stateless.idle(), elsewhere?.idle()]);
    return atMost(
      limit,
      idle.then(() => {}),
    );
  }

  destroy(reason: ProxyError): void {
    this.#options.sessions.destroy(reason);
    this.#stateless.destroy(reason);
    this.#options.elsewhere?.end();
  }

  #events(request: Request, site: Site): Refusal | undefined {
    if (!acceptsEvents(request.req.headers.accept)) return NO_EVENTS;
    return this.#legacyOf(site).connect(request);
  }

  /** GET and DELETE at the endpoint for POSTs. */
  #sessionOnly(request: Request, site: Site): MaybeRefused {
    const { req } = request;
    const version = req.headers['mcp-protocol-version'];
    if (typeof version === 'string' && isModernRevision(version)) return notAllowed(['POST']);
    if (req.method === 'DELETE') return this.#legacyOf(site).delete(request);
    if (!acceptsEvents(req.headers.accept)) return NO_EVENTS;
    return this.#legacyOf(site).listen(request);
  }

  #post(request: Request, service: ClientService, site: Site): Refusal | undefined {
    const { req, res } = request;
    const refusal = unreadable(req.headers, service);
    if (refusal) return refusal;
    const done = (body: Buffer | Refusal | typeof GONE): void => {
      if (body === GONE) return;
      this.#contained(res, () => (Buffer.isBuffer(body) ? this.#frame(request, { service, site }, body) : body));
    };
    this.#bodies.read(req, res, done, () => this.#legacyOf(site).senderOf(request, service));
    return undefined;
  }

  #frame(request: Request, { service, site }: { service: ClientService; site: Site }, body: Buffer): MaybeRefused {
    let frame: ReceivedFrame;
    try {
      frame = readFrame(body);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      return refused(400, `Parse error: ${error.message}`, {}, PARSE_ERROR);
    }
    const { messages } = frame;
    const here = (stays = request.stays): MaybeRefused => {
      if (this.#closing && !stays && messages.some(({ kind }) => kind === 'request')) return SHUTTING_DOWN;
      const posted = postedOf(request, body.length);
      return service === 'message'
        ? this.#legacyOf(site).message(posted, messages)
        : this.#messages(posted, frame, site);
    };
    const { elsewhere } = this.#options;
    if (request.returns && (this.#closing || site.servers.keeps(request.forwarded) === 'nothing')) return ANYWHERE;
    if (!elsewhere || request.hopped) return here();
    const what = { body, ending: this.#closing, key: rendezvousKey(request, messages[0], site) };
    return unless(elsewhere.post(request, messages, what, this.#adopter(request, site)), request, here);
  }

  /** Each message tells its era (specification 2026-07-28, "Versioning"). */
  #messages(request: Posted, frame: ReceivedFrame, site: Site): MaybeRefused {
    const { req, res } = request;
    const { batch, messages } = frame;
    const [first] = messages;
    const spoken = req.headers['mcp-protocol-version'];
    const saysModern = typeof spoken === 'string' && isModernRevision(spoken);
    if (batch && (saysModern || req.headers['mcp-session-id'] === undefined)) return NO_BATCH;
    if (batch || first === undefined || (first.kind !== 'request' && first.kind !== 'notification')) {
      return this.#legacyOf(site).post(request, frame);
    }
    let declared: string | undefined;
    try {
      declared = declaredRevision(first.call);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      return withId(first, refused(400, `Invalid params: ${error.message}`, {}, INVALID_PARAMS));
    }
    if (declared === undefined && !saysModern) return this.#legacyOf(site).post(request, frame);
    if (first.kind === 'notification') {
      // Over HTTP, this revision does not cancel with a notification, and upstream the id would belong to another
      // request.
      if (first.call.method !== 'notifications/cancelled' && isOnlyTold(first.call)) {
        const server = site.servers.stateless(request.forwarded);
        const refusal = this.#stateless.tell(request, first.call, server);
        if (refusal) return refusal;
      }
      res.writeHead(202, { 'content-length': 0 }).end();
      return undefined;
    }
    return this.#modern(request, first, declared, site);
  }

  #modern(
    request: Posted,
    message: Message & { kind: 'request' },
    declared: string | undefined,
    site: Site,
  ): Refusal | undefined {
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
    return this.#stateless.serve(request, asked, site.servers.stateless(forwarded));
  }
}

function ignore(): void {}

function withId(message: Message & { kind: 'request' | 'notification' }, refusal: Refusal): Refusal {
  return message.kind === 'request' ? { ...refusal, id: message.id } : refusal;
}
