/**
 * What both ways to serve clients are made of: the one HTTP client with the one sign-in, and for
 * each client the way from its requests to the server.
 */

import { Auth } from './auth/fetch.ts';
import { memoryStore } from './auth/store.ts';
import type { Config } from './config.ts';
import { compose, type Handler, type Middleware, type Peer, type Session } from './core/exchange.ts';
import type { Cookies, Fetch } from './core/fetch.ts';
import type { AnswerMemory } from './core/ports.ts';
import { type Redact, redactedLog, showUrl } from './core/redact.ts';
import type { ProxyError } from './errors.ts';
import { DEADLINES, deadline } from './middleware/deadline.ts';
import { blocksNotification, filterTools } from './middleware/filter.ts';
import { FirstContact } from './middleware/first-contact.ts';
import { redactErrors } from './middleware/redaction.ts';
import { slowStart, TELL_AFTER } from './middleware/slow-start.ts';
import { trace } from './middleware/trace.ts';
import type { Surroundings } from './surroundings.ts';
import { Upstream } from './upstream/connect.ts';
import { createHttpClient } from './upstream/http.ts';
import type { Neighbours } from './upstream/neighbours.ts';
import { tellWhenSlow } from './upstream/slow.ts';

/** What all clients have in common. */
export interface Shared {
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly fetch: Fetch;
  /** Undefined where the user sends credentials of their own. */
  readonly auth: Auth | undefined;
  readonly answers: AnswerMemory;
  /** Whether any connection to the server has come about so far. */
  readonly connected: () => boolean;
  /** What to type instead of a URL, or a transport, that leads to no MCP server. Never rejects. */
  readonly advise: () => Promise<string | undefined>;
  /** Resolves when the proxy can be of no use the way it was started. */
  readonly hopeless: Promise<ProxyError>;
  /** Closes every connection. */
  close(): void;
}

export interface SharedOptions {
  /** False: credentials come with the requests, or not at all. */
  readonly signsIn?: boolean;
  /** Whether answers are kept for the time that the server asks for a sign-in. */
  readonly remembers?: boolean;
  /** Told whenever tokens were renewed. */
  readonly renewed?: () => void;
}

export function openShared(
  config: Config,
  surroundings: Surroundings,
  { signsIn = true, remembers = true, renewed }: SharedOptions = {},
): Shared {
  const { env, folder, renewApart, credentials = memoryStore(), version } = surroundings;
  const http = createHttpClient({ ...config, userAgent: `mcp-proxy/${version}`, env });
  let hopeless: (error: ProxyError) => void = () => {};
  const given = new Promise<ProxyError>((resolve) => {
    hopeless = resolve;
  });
  // The secrets of a sign-in become known only after the start; hide them from then on.
  let auth: Auth | undefined;
  let neighbours: Promise<Neighbours> | undefined;
  const redact: Redact = (text) => surroundings.redact(auth ? auth.redact(text) : text);
  const log = redactedLog(surroundings.log, redact);
  const fetch = tellWhenSlow(http.fetch, {
    after: TELL_AFTER,
    tell: (url) => log.warn(`waiting for ${showUrl(url)}, which has not answered in 10 s`),
    // The layer that knows the clients' requests reports what they wait for there.
    except: config.url,
  });
  const common = { server: config.url, config: config.auth, fetch, env, log, redact, store: credentials };
  if (signsIn && !isAuthorized(config)) auth = new Auth({ ...common, folder, renewApart, hopeless, renewed });
  return {
    config,
    surroundings: { ...surroundings, log, redact },
    fetch: auth?.fetch ?? http.fetch,
    auth,
    answers: remembers && auth ? auth.answers : FORGETFUL,
    connected: () => http.connected,
    advise: () => {
      neighbours ??= import('./upstream/neighbours.ts').then(
        ({ Neighbours }) => new Neighbours(config.url, config.strategy, http.fetch),
      );
      return neighbours.then((found) => found.advise());
    },
    hopeless: given,
    close: () => http.close(),
  };
}

/** What one of several clients of a server does not share with the others. */
export interface Own {
  readonly fetch: Fetch;
  readonly cookies: Cookies;
}

const FORGETFUL: AnswerMemory = { recall: () => undefined, remember: () => Promise.resolve() };

/** A session with the server in the name of one client, without anything in between but time limits. */
export function openServer(shared: Shared, client: Peer, own?: Own): Session {
  const { config, connected, advise } = shared;
  const { memory, log } = shared.surroundings;
  const { url, strategy } = config;
  const { fetch, cookies } = own ?? { fetch: shared.fetch, cookies: undefined };
  const upstream = new Upstream({ url, strategy, fetch, cookies, connected, advise, peer: client, memory, log });
  const slow = slowStart({ server: showUrl(url), log, signingIn: () => shared.auth?.state.waits() ?? false });
  return {
    request: compose([deadline(DEADLINES, showUrl(url)), slow], (exchange) => upstream.request(exchange)),
    notify: (call) => upstream.notify(call),
    get established() {
      return upstream.established;
    },
    close: (limit) => upstream.close(limit),
  };
}

export interface BetweenOptions {
  /** What comes first. */
  readonly outer?: readonly Middleware[];
  /** Whether a client may be led over a small bridge that was promised another era than the server's. */
  readonly bridges?: boolean;
}

/** What stands between a client and the server: sign-in, filters, and what is told of it all. */
export function between(
  shared: Shared,
  client: Peer,
  server: Session,
  { outer = [], bridges = true }: BetweenOptions = {},
): Session {
  const { config, auth } = shared;
  const contact = auth && firstContact(shared, auth, client, server, bridges);
  const notify = contact ? contact.notify.bind(contact) : server.notify.bind(server);
  const blocked = config.ignoreTools.length > 0 ? blocksNotification(config.ignoreTools) : () => false;
  return {
    request: pipeline(shared, outer, contact?.request ?? server.request),
    notify: (call) => (blocked(call) ? undefined : notify(call)),
    get established() {
      return server.established;
    },
    close(limit) {
      contact?.end();
      return server.close(limit);
    },
  };
}

function firstContact(
  { config, surroundings, answers }: Shared,
  auth: Auth,
  peer: Peer,
  server: Session,
  bridges: boolean,
): FirstContact {
  const { version } = surroundings;
  const options = { signIn: auth.state, answers, peer, server: showUrl(config.url), version, bridges };
  return new FirstContact(options, server.request, (call) => server.notify(call));
}

/** A user who sends credentials of their own has signed in already. */
function isAuthorized({ headers }: Config): boolean {
  return headers.some(([name]) => name.toLowerCase() === 'authorization');
}

function pipeline({ config, surroundings }: Shared, outer: readonly Middleware[], handler: Handler): Handler {
  const middlewares: Middleware[] = [redactErrors(surroundings.redact), ...outer];
  if (config.logLevel === 'debug') middlewares.push(trace(surroundings.log));
  if (config.ignoreTools.length > 0) middlewares.push(filterTools(config.ignoreTools));
  return compose(middlewares, handler);
}
