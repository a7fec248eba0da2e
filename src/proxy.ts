/**
 * The composition root: a configuration in, a running proxy out. The only file that sees all
 * parts; it owns their lifetimes and the order in which they end.
 */

import type { RenewApart } from './auth/context.ts';
import { Auth } from './auth/fetch.ts';
import { memoryStore, type SecretStore } from './auth/store.ts';
import type { Config } from './config.ts';
import { compose, type Handler, type Middleware } from './core/exchange.ts';
import type { Call } from './core/jsonrpc.ts';
import type { Fetch, Log, VerdictMemory } from './core/ports.ts';
import { type Redact, showUrl } from './core/redact.ts';
import { StdioDownstream, type StdioStreams } from './downstream/stdio.ts';
import { ProxyError } from './errors.ts';
import { DEADLINES, deadline } from './middleware/deadline.ts';
import { blocksNotification, filterTools } from './middleware/filter.ts';
import { FirstContact } from './middleware/first-contact.ts';
import { redactErrors } from './middleware/redaction.ts';
import { trace } from './middleware/trace.ts';
import { Upstream } from './upstream/connect.ts';
import { createHttpClient } from './upstream/http.ts';
import type { LinkHandlers } from './wire/link.ts';

/** Everything outside that the proxy touches. */
export interface Surroundings {
  readonly streams: StdioStreams;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly memory: VerdictMemory;
  /** Where sign-ins are kept; nothing is kept beyond the process when it is left out. */
  readonly credentials?: SecretStore;
  /** Where processes of this user keep out of each other's way. */
  readonly folder?: string | undefined;
  /** See `AuthOptions`. */
  readonly renewApart?: RenewApart | undefined;
  readonly version: string;
  /** Hides what the configuration holds of secrets, wherever text of others may repeat it. */
  readonly redact: Redact;
}

/** Why a proxy ends, and so how much time it has. */
export type Ending = 'client-gone' | 'signal' | 'crash';

/** Milliseconds for each step of an end. */
interface Patience {
  /** For answers to requests that reached the server, and for a slow reader to take them. */
  readonly drain: number;
  /** For answers while the connection is still being made. */
  readonly connect: number;
  /** For telling the server. */
  readonly close: number;
}

const PATIENCE: Record<Ending, Patience> = {
  'client-gone': { drain: 5_000, connect: 1_500, close: 1_500 },
  signal: { drain: 700, connect: 500, close: 900 },
  crash: { drain: 300, connect: 0, close: 300 },
};

export interface RunningProxy {
  /** Resolves when the client is gone by itself. */
  readonly clientGone: Promise<void>;
  /** Resolves when the proxy can be of no use the way it was started. */
  readonly hopeless: Promise<ProxyError>;
  /** Answers what is open, ends the session at the server, and closes every connection. Idempotent. */
  close(ending: Ending): Promise<void>;
}

/** Connects the client on two streams to the server of the configuration. */
export function startStdioProxy(config: Config, surroundings: Surroundings): RunningProxy {
  const { streams, env, log, memory, version } = surroundings;
  const http = createHttpClient({ ...config, userAgent: `mcp-proxy/${version}`, env });
  let giveUp: (error: ProxyError) => void = () => {};
  const hopeless = new Promise<ProxyError>((resolve) => {
    giveUp = resolve;
  });
  const auth = signsIn(config) ? createAuth(config, surroundings, http.fetch, giveUp) : undefined;
  const redact: Redact = auth ? (text) => auth.redact(surroundings.redact(text)) : surroundings.redact;
  const downstream = new StdioDownstream(streams, log);
  const upstream = new Upstream({
    url: config.url,
    strategy: config.strategy,
    fetch: auth?.fetch ?? http.fetch,
    connected: () => http.connected,
    peer: downstream,
    memory,
    log,
  });
  const server: LinkHandlers = {
    request: (exchange) => upstream.request(exchange),
    notify: (call) => upstream.notify(call),
  };
  const limited = compose([deadline(DEADLINES)], server.request);
  const contact =
    auth &&
    new FirstContact(
      {
        signIn: auth.state,
        answers: auth.answers,
        peer: downstream,
        server: showUrl(config.url),
        version,
      },
      limited,
      server.notify,
    );
  const notify = contact ? (call: Call) => contact.notify(call) : server.notify;
  const blocked = config.ignoreTools.length > 0 ? blocksNotification(config.ignoreTools) : () => false;
  downstream.start({
    request: pipeline(config, { ...surroundings, redact }, contact?.request ?? limited),
    notify: (call) => {
      if (!blocked(call)) notify(call);
    },
  });

  let closing: Promise<void> | undefined;
  const clock = new EndClock();
  const close = async (): Promise<void> => {
    // Nobody who waits for a user will get an answer any more.
    if (!upstream.established) auth?.close();
    if (!downstream.deaf) {
      await clock.wait('connect', downstream.idle());
      // Nobody is left who could sign in, so what waits for that gets its error now.
      if (auth && downstream.busy) await clock.wait('close', auth.close());
      if (downstream.busy && upstream.established) await clock.wait('drain', downstream.idle());
    }
    const error = new ProxyError('failed', 'the proxy has ended before the server answered', { outcome: 'unknown' });
    const written = downstream.end(error);
    // The server is told while the client is still reading.
    const limit = upstream.established ? clock.left('close') : 0;
    const told = upstream.close(limit);
    const given = auth ? clock.wait('close', auth.close()) : undefined;
    await Promise.all([clock.wait('drain', written), clock.wait('close', told), given]);
    http.close();
  };
  return {
    clientGone: downstream.ended,
    hopeless,
    close(ending) {
      clock.hurry(PATIENCE[ending]);
      closing ??= close();
      return closing;
    },
  };
}

/** The time that is left for each step of an end. A more urgent reason to end may only shorten it. */
class EndClock {
  #until = { drain: Number.POSITIVE_INFINITY, connect: Number.POSITIVE_INFINITY };
  #close = Number.POSITIVE_INFINITY;
  readonly #waiting = new Set<() => void>();

  hurry(patience: Patience): void {
    const now = Date.now();
    this.#until = {
      drain: Math.min(this.#until.drain, now + patience.drain),
      connect: Math.min(this.#until.connect, now + patience.connect),
    };
    this.#close = Math.min(this.#close, patience.close);
    for (const again of this.#waiting) again();
  }

  /** Milliseconds left for a step that begins now. */
  left(step: keyof Patience): number {
    return step === 'close' ? this.#close : Math.max(0, this.#until[step] - Date.now());
  }

  /** Waits for a promise, but no longer than the step may take. */
  wait(step: keyof Patience, promise: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(again);
        resolve();
      };
      const again = (): void => {
        clearTimeout(timer);
        timer = setTimeout(done, this.left(step));
      };
      this.#waiting.add(again);
      again();
      promise.then(done, done);
    });
  }
}

/** A user who sends credentials of their own has signed in already. */
function signsIn({ headers }: Config): boolean {
  return !headers.some(([name]) => name.toLowerCase() === 'authorization');
}

function createAuth(
  config: Config,
  { env, log, folder, renewApart, credentials = memoryStore() }: Surroundings,
  fetch: Fetch,
  hopeless: (error: ProxyError) => void,
): Auth {
  const common = { server: config.url, config: config.auth, fetch, env, log };
  return new Auth({ ...common, store: credentials, folder, renewApart, hopeless });
}

function pipeline(config: Config, { log, redact }: Surroundings, handler: Handler): Handler {
  const middlewares: Middleware[] = [redactErrors(redact)];
  if (config.logLevel === 'debug') middlewares.push(trace(log));
  if (config.ignoreTools.length > 0) middlewares.push(filterTools(config.ignoreTools));
  return compose(middlewares, handler);
}
