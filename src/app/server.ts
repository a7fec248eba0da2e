/**
 * The parts that stdio and HTTP mode share: one HTTP client with one sign-in, and the layers between each client and
 * the server.
 */

import { Auth } from '../auth/fetch.ts';
import type { CaptureConfig, Config, HttpServer, ProcessConfig, Server } from '../config.ts';
import type { Peer, Session } from '../core/exchange.ts';
import type { Cookies, Fetch } from '../core/fetch.ts';
import { type Connect, type Layer, loadedLayer, type NamedLayer, stack } from '../core/layer.ts';
import type { AnswerMemory } from '../core/ports.ts';
import { type Redact, redactedLog, showUrl } from '../core/redact.ts';
import { ProxyError } from '../errors.ts';
import { createHttpClient } from '../http/client.ts';
import { tellWhenSlow } from '../http/slow.ts';
import { downgrade, type MakeBridge } from '../layers/bridge/downgrade.ts';
import type { Bridge } from '../layers/bridge/held/bridge.ts';
import { upgrade } from '../layers/bridge/upgrade.ts';
import { deadline, deadlines } from '../layers/deadline.ts';
import { firstContact } from '../layers/first-contact/layer.ts';
import { redactErrors } from '../layers/redact-errors.ts';
import { repeatedPage } from '../layers/repeated-page.ts';
import { slowStart, TELL_AFTER } from '../layers/slow-start.ts';
import { trace } from '../layers/trace.ts';
import { forgivingAnswers, forgivingReads, forgivingVerdicts } from '../state/forgiving-memory.ts';
import { localLocks } from '../state/locks.ts';
import { memoryStore } from '../state/memory/secrets.ts';
import { storedAnswers } from '../state/remembered-answers.ts';
import type { Neighbours } from '../upstream/detection/neighbours.ts';
import { Upstream } from '../upstream/upstream.ts';
import type { Leg } from '../wire/recording.ts';
import type { Environment } from './environment.ts';
import type { OpenedPins } from './policy/pins.ts';

/** The server of a configuration that has exactly one, a remote one. */
export function onlyRemoteServer({ servers }: Config): HttpServer {
  const [server] = servers;
  if (server?.kind === 'http' && servers.length === 1) return server;
  throw new ProxyError('internal', 'only one remote server is supported');
}

/** A server that is a program on this machine. */
export interface Local {
  /** Why it cannot be started at present; undefined as far as it can. Never rejects. */
  look(): Promise<string | undefined>;
  /** Ends every process within about `limit` milliseconds, and with 0 as soon as it can. Never rejects. */
  close(limit: number): Promise<void>;
}

/** The parts that all clients share. */
export interface Shared {
  readonly server: Server;
  /** The server in logs and errors: its URL or its name, without secrets. */
  readonly label: string;
  /** What to do when it is silent during the handshake; undefined: what one does with a URL. */
  readonly silentHint?: string;
  readonly config: ProcessConfig;
  readonly environment: Environment;
  /** Opens a session with the server itself, without layers. */
  readonly connect: (client: Peer, own?: Own) => Session;
  readonly fetch: Fetch;
  /** The server, if it is a program on this machine. */
  readonly local: Local | undefined;
  /** Undefined where the user sends their own credentials, and where nothing asks for any. */
  readonly auth: Auth | undefined;
  readonly answers: AnswerMemory;
  readonly pins: OpenedPins;
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
  readonly refreshed?: () => void;
}

export function openShared(
  server: HttpServer,
  config: ProcessConfig,
  environment: Environment,
  { signsIn = true, remembers = true, refreshed }: SharedOptions = {},
): Shared {
  const {
    env,
    folder,
    refreshElsewhere,
    shared,
    credentials = memoryStore(),
    locks = localLocks(folder),
    version,
  } = environment;
  const http = createHttpClient({ ...server, enableProxy: config.enableProxy, userAgent: `mcp-proxy/${version}`, env });
  const elsewhere = refreshElsewhere && ((serial: number) => refreshElsewhere(serial, server.name));
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
  const isShared = shared !== undefined;
  const fetch = tellWhenSlow(http.fetch, {
    after: TELL_AFTER,
    tell: (url) => log.warn(`waiting for ${showUrl(url)}, which has not answered in 10 s`),
    // The layer that knows the clients' requests reports waits for the server itself.
    except: server.url,
  });
  const addresses = (url: URL) => http.addresses(url);
  const common = { server: server.url, config: server.auth, fetch, addresses, env, log, redact, store, isShared };
  if (signsIn && !isAuthorized(server))
    auth = new Auth({ ...common, locks, folder, refreshElsewhere: elsewhere, hopeless, refreshed });
  const owner = auth;
  const answers = owner && storedAnswers(credentials, () => owner.name);
  const memory = forgivingVerdicts(environment.memory, log);
  const { url, strategy } = server;
  const connected = (): boolean => http.connected;
  const advise = (): Promise<string | undefined> => {
    neighbours ??= import('../upstream/detection/neighbours.ts').then(
      ({ Neighbours }) => new Neighbours(url, strategy, http.fetch),
    );
    return neighbours.then((found) => found.advise());
  };
  const signedIn = auth?.fetch ?? http.fetch;
  return {
    server,
    label: showUrl(url),
    config,
    environment: { ...environment, log, redact, memory },
    // Spelled out: V8 would give each copy of an object a shape of its own, and each call reads several of these.
    connect: (peer, { fetch: own, cookies, hide } = { fetch: signedIn, cookies: undefined, hide: undefined }) => {
      const told = hide ? redactedLog(log, hide) : log;
      return new Upstream({ url, strategy, memory, log: told, connected, advise, fetch: own, cookies, peer });
    },
    fetch: signedIn,
    local: undefined,
    auth,
    pins: {},
    answers: remembers && answers ? forgivingAnswers(answers, log) : FORGETFUL,
    hopeless: given,
    endSignIn: () => Promise.all([auth?.close(), answers?.flushed()]).then(() => {}),
    close: () => http.close(),
  };
}

/** One server with its layers, or several servers together. */
export interface LayeredServer extends Pick<Shared, 'local' | 'hopeless' | 'endSignIn' | 'close'> {
  readonly connect: Connect;
  /** Whether a user may have to sign in. */
  readonly signsIn: boolean;
}

export function layered(shared: Shared, choice?: LayerChoice): LayeredServer {
  return { ...shared, connect: stack(layersOf(shared, choice), shared.connect), signsIn: shared.auth !== undefined };
}

/** The parts that a client does not share with the others. */
export interface Own {
  readonly fetch: Fetch;
  /** Undefined: the cookies that all users of the server share. */
  readonly cookies: Cookies | undefined;
  /** Hides what only this client sends upstream. Undefined: nothing. */
  readonly hide: Redact | undefined;
}

export const FORGETFUL: AnswerMemory = { recall: () => Promise.resolve(undefined), remember: () => Promise.resolve() };

export interface LayerChoice {
  /** Counts the requests of clients. */
  readonly measure?: Layer;
  /** Sees the tools of the server before a policy hides any. */
  readonly offered?: Layer;
  /** Gives all clients one session, and each request a progress token of its own. */
  readonly sharing?: Readonly<Record<'sharing' | 'progress-tokens', Layer>>;
  /** Joins the session that all clients share, for those that need a bridge to it. */
  readonly joinShared?: Connect;
  /** How long a list waits for a user who must sign in, in milliseconds. */
  readonly patience?: number;
  /** For all clients of HTTP mode whose revision has no sessions, together. */
  readonly stateless?: boolean;
}

/** The layers between the clients and the server, the one nearest to the clients first. */
export function layersOf(
  shared: Shared,
  { measure, offered, sharing, joinShared, patience, stateless = false }: LayerChoice = {},
): NamedLayer[] {
  const { server, label, silentHint, config, auth, answers } = shared;
  const { log, redact, version } = shared.environment;
  const { timeout, openTimeout } = server;
  const waits = (): boolean => auth?.state.waits() ?? false;
  // A user has a limit of their own. The silence of an authorization server counts as that of the server.
  const asksUser = (): boolean => auth?.state.pending !== undefined;
  const recorded = config.capture && capturing(shared, config.capture);
  const all: Record<string, Layer | false | undefined> = {
    'capture-client': recorded && loadedLayer(() => recorded('client')),
    measure,
    trace: config.logLevel === 'debug' && trace(log),
    'redact-errors': redactErrors(redact),
    policy: (server.policy || server.ignoreTools.length > 0) && loadedLayer(() => policyOf(shared)),
    'first-contact': auth && firstContact({ signIn: auth.state, answers, server: label, version, patience }),
    'repeated-page': repeatedPage(log),
    'offered-tools': offered,
    downgrade: downgrade(bridgesFor(shared.environment, stateless), joinShared),
    ...sharing,
    upgrade: !stateless && upgrade({ log, host: server.kind === 'http' ? server.url.host : server.name }),
    deadline: deadline(deadlines(timeout, openTimeout), label, silentHint, asksUser),
    'slow-start': slowStart({ server: label, log, signingIn: waits }),
    'capture-server': recorded && loadedLayer(() => recorded('server')),
  };
  const chosen = Object.entries(all).flatMap(([name, layer]) => (layer ? [{ name, layer }] : []));
  log.debug(`layers in front of ${label}: ${chosen.map(({ name }) => name).join(', ')}`);
  return chosen;
}

/** Loaded for servers that have a policy. */
async function policyOf(shared: Shared): Promise<Layer> {
  return (await import('./policy/policy-layers.ts')).policyLayer(shared);
}

/** Opens the recording for the first client. */
function capturing(shared: Shared, config: CaptureConfig): (leg: Leg) => Promise<Layer> {
  let opened: Promise<Readonly<Record<Leg, Layer>>> | undefined;
  return async (leg) => {
    opened ??= import('./capture.ts').then(({ openCapture }) => openCapture(config, shared));
    return (await opened)[leg];
  };
}

/** Loaded when the first client needs it. */
function bridgesFor(environment: Environment, several: boolean): MakeBridge {
  let made: Promise<(connect: Connect) => Bridge> | undefined;
  return async (connect) => {
    made ??= import('./bridge.ts').then(({ bridges }) => bridges(environment, several));
    return (await made)(connect);
  };
}

/** A user who sends their own credentials has signed in already. */
function isAuthorized({ headers }: HttpServer): boolean {
  return headers.some(([name]) => name.toLowerCase() === 'authorization');
}
