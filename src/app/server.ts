/**
 * The parts that stdio and HTTP mode share: one HTTP client with one sign-in, and the layers between each client and
 * the server.
 */

import { Auth } from '../auth/fetch.ts';
import type { Config, HttpServer, ProcessConfig } from '../config.ts';
import type { Peer, Session } from '../core/exchange.ts';
import type { Cookies, Fetch } from '../core/fetch.ts';
import type { Connect, Layer, NamedLayer } from '../core/layer.ts';
import type { AnswerMemory } from '../core/ports.ts';
import { type Redact, redactedLog, showUrl } from '../core/redact.ts';
import { ProxyError } from '../errors.ts';
import { createHttpClient } from '../http/client.ts';
import { tellWhenSlow } from '../http/slow.ts';
import { downgrade, type MakeBridge } from '../layers/bridge/downgrade.ts';
import type { Bridge } from '../layers/bridge/held/bridge.ts';
import { DEADLINES, deadline } from '../layers/deadline.ts';
import { firstContact } from '../layers/first-contact/layer.ts';
import { filterTools } from '../layers/policy/filter.ts';
import { redactErrors } from '../layers/redact-errors.ts';
import { slowStart, TELL_AFTER } from '../layers/slow-start.ts';
import { trace } from '../layers/trace.ts';
import { forgivingAnswers, forgivingReads, forgivingVerdicts } from '../state/forgiving.ts';
import { localLocks } from '../state/local-locks.ts';
import { memoryStore } from '../state/memory-secrets.ts';
import { storedAnswers } from '../state/remembered-answers.ts';
import type { Neighbours } from '../upstream/detection/neighbours.ts';
import { Upstream } from '../upstream/upstream.ts';
import type { Environment } from './environment.ts';

/** The server of a configuration that has exactly one, a remote one. */
export function onlyServer({ servers }: Config): HttpServer {
  const [server] = servers;
  if (server?.kind === 'http' && servers.length === 1) return server;
  throw new ProxyError('internal', 'only a single remote server is supported');
}

/** The parts that all clients share. */
export interface Shared {
  readonly server: HttpServer;
  readonly config: ProcessConfig;
  readonly environment: Environment;
  readonly fetch: Fetch;
  /** Undefined where the user sends their own credentials. */
  readonly auth: Auth | undefined;
  readonly answers: AnswerMemory;
  /** Whether any connection to the server has succeeded so far. */
  readonly connected: () => boolean;
  /** Suggests what to type when the URL or the transport leads to no MCP server. Never rejects. */
  readonly advise: () => Promise<string | undefined>;
  /** Resolves when the proxy, as it was started, can never work. */
  readonly hopeless: Promise<ProxyError>;
  /** Gives up a sign-in in progress, and stores what is not stored yet. */
  endSignIn(): Promise<void>;
  /** Closes every connection. */
  close(): void;
}

export interface SharedOptions {
  /** False: credentials come with the requests, or not at all. */
  readonly signsIn?: boolean;
  /** Whether to keep answers for times when the server requires a sign-in. */
  readonly remembers?: boolean;
  /** Called whenever tokens were refreshed. */
  readonly renewed?: () => void;
}

export function openShared(
  server: HttpServer,
  config: ProcessConfig,
  environment: Environment,
  { signsIn = true, remembers = true, renewed }: SharedOptions = {},
): Shared {
  const {
    env,
    folder,
    refreshElsewhere,
    credentials = memoryStore(),
    locks = localLocks(folder),
    version,
  } = environment;
  const http = createHttpClient({ ...server, enableProxy: config.enableProxy, userAgent: `mcp-proxy/${version}`, env });
  let hopeless: (error: ProxyError) => void = () => {};
  const given = new Promise<ProxyError>((resolve) => {
    hopeless = resolve;
  });
  // The secrets of a sign-in become known only after the start; hide them from then on.
  let auth: Auth | undefined;
  let neighbours: Promise<Neighbours> | undefined;
  const redact: Redact = (text) => environment.redact(auth ? auth.redact(text) : text);
  const log = redactedLog(environment.logOf?.(server.name) ?? environment.log, redact);
  const store = forgivingReads(credentials, log);
  const fetch = tellWhenSlow(http.fetch, {
    after: TELL_AFTER,
    tell: (url) => log.warn(`waiting for ${showUrl(url)}, which has not answered in 10 s`),
    // The layer that knows the clients' requests reports waits for the server itself.
    except: server.url,
  });
  const common = { server: server.url, config: server.auth, fetch, env, log, redact, store };
  if (signsIn && !isAuthorized(server))
    auth = new Auth({ ...common, locks, folder, refreshElsewhere, hopeless, renewed });
  const owner = auth;
  const answers = owner && storedAnswers(credentials, () => owner.name);
  return {
    server,
    config,
    environment: { ...environment, log, redact, memory: forgivingVerdicts(environment.memory, log) },
    fetch: auth?.fetch ?? http.fetch,
    auth,
    answers: remembers && answers ? forgivingAnswers(answers, log) : FORGETFUL,
    connected: () => http.connected,
    advise: () => {
      neighbours ??= import('../upstream/detection/neighbours.ts').then(
        ({ Neighbours }) => new Neighbours(server.url, server.strategy, http.fetch),
      );
      return neighbours.then((found) => found.advise());
    },
    hopeless: given,
    endSignIn: async () => {
      await Promise.all([auth?.close(), answers?.flushed()]);
    },
    close: () => http.close(),
  };
}

/** The parts that a client does not share with the others. */
export interface Own {
  readonly fetch: Fetch;
  readonly cookies: Cookies;
}

const FORGETFUL: AnswerMemory = { recall: () => Promise.resolve(undefined), remember: () => Promise.resolve() };

/** A session with the server itself, without layers. */
export function openServer(shared: Shared, client: Peer, own?: Own): Session {
  const { server, connected, advise } = shared;
  const { memory, log } = shared.environment;
  const { url, strategy } = server;
  const { fetch, cookies } = own ?? { fetch: shared.fetch, cookies: undefined };
  return new Upstream({ url, strategy, fetch, cookies, connected, advise, peer: client, memory, log });
}

export interface LayerChoice {
  /** Counts the requests of clients. */
  readonly measure?: Layer;
  /** Gives all clients one session, and each request a progress token of its own. */
  readonly sharing?: Readonly<Record<'sharing' | 'progress-tokens', Layer>>;
}

/** The layers between the clients and the server, the one nearest to the clients first. */
export function layersOf(shared: Shared, { measure, sharing }: LayerChoice = {}): NamedLayer[] {
  const { server, config, auth, answers } = shared;
  const { log, redact, version } = shared.environment;
  const { ignoreTools } = server;
  const url = showUrl(server.url);
  const waits = (): boolean => auth?.state.waits() ?? false;
  const all: Record<string, Layer | false | undefined> = {
    'redact-errors': redactErrors(redact),
    measure,
    trace: config.logLevel === 'debug' && trace(log),
    filter: ignoreTools.length > 0 && filterTools(ignoreTools),
    'first-contact': auth && firstContact({ signIn: auth.state, answers, server: url, version }),
    downgrade: downgrade(bridgesFor(shared.environment)),
    ...sharing,
    deadline: deadline(DEADLINES, url),
    'slow-start': slowStart({ server: url, log, signingIn: waits }),
  };
  const chosen = Object.entries(all).flatMap(([name, layer]) => (layer ? [{ name, layer }] : []));
  log.debug(`layers in front of ${url}: ${chosen.map(({ name }) => name).join(', ')}`);
  return chosen;
}

/** Loaded when the first client needs it. */
function bridgesFor(environment: Environment): MakeBridge {
  let made: Promise<(connect: Connect) => Bridge> | undefined;
  return async (connect) => {
    made ??= import('./bridge.ts').then(({ bridges }) => bridges(environment));
    return (await made)(connect);
  };
}

/** A user who sends their own credentials has signed in already. */
function isAuthorized({ headers }: HttpServer): boolean {
  return headers.some(([name]) => name.toLowerCase() === 'authorization');
}
