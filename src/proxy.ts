/**
 * The composition root: a configuration in, a running proxy out. The only file that sees all
 * parts; it owns their lifetimes and the order in which they end.
 */
import type { Config } from './config.ts';
import { compose, type Handler, type Middleware } from './core/exchange.ts';
import type { Log, VerdictMemory } from './core/ports.ts';
import type { Redact } from './core/redact.ts';
import { StdioDownstream, type StdioStreams } from './downstream/stdio.ts';
import { ProxyError } from './errors.ts';
import { DEADLINES, deadline } from './middleware/deadline.ts';
import { blocksNotification, filterTools } from './middleware/filter.ts';
import { redactErrors } from './middleware/redaction.ts';
import { trace } from './middleware/trace.ts';
import { Upstream } from './upstream/connect.ts';
import { createHttpClient } from './upstream/http.ts';

/** Everything outside that the proxy touches. */
export interface Surroundings {
  readonly streams: StdioStreams;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly memory: VerdictMemory;
  readonly userAgent: string;
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
  /** Answers what is open, ends the session at the server, and closes every connection. Idempotent. */
  close(ending: Ending): Promise<void>;
}

/** Connects the client on two streams to the server of the configuration. */
export function startStdioProxy(config: Config, surroundings: Surroundings): RunningProxy {
  const { streams, env, log, memory, userAgent } = surroundings;
  const http = createHttpClient({ ...config, userAgent, env });
  const downstream = new StdioDownstream(streams, log);
  const upstream = new Upstream({
    url: config.url,
    strategy: config.strategy,
    fetch: http.fetch,
    connected: () => http.connected,
    peer: downstream,
    memory,
    log,
  });
  const request = pipeline(config, surroundings, (exchange) => upstream.request(exchange));
  const blocked = config.ignoreTools.length > 0 ? blocksNotification(config.ignoreTools) : () => false;
  downstream.start({
    request,
    notify: (call) => {
      if (!blocked(call)) upstream.notify(call);
    },
  });

  let closing: Promise<void> | undefined;
  const clock = new EndClock();
  const close = async (): Promise<void> => {
    if (!downstream.deaf) {
      await clock.wait('connect', downstream.idle());
      if (downstream.busy && upstream.established) await clock.wait('drain', downstream.idle());
    }
    const error = new ProxyError('failed', 'the proxy has ended before the server answered', { outcome: 'unknown' });
    const written = downstream.end(error);
    // The server is told while the client is still reading.
    const limit = upstream.established ? clock.left('close') : 0;
    const told = upstream.close(limit);
    await Promise.all([clock.wait('drain', written), clock.wait('close', told)]);
    http.close();
  };
  return {
    clientGone: downstream.ended,
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

function pipeline(config: Config, { log, redact }: Surroundings, handler: Handler): Handler {
  const middlewares: Middleware[] = [redactErrors(redact)];
  if (config.logLevel === 'debug') middlewares.push(trace(log));
  middlewares.push(deadline(DEADLINES));
  if (config.ignoreTools.length > 0) middlewares.push(filterTools(config.ignoreTools));
  return compose(middlewares, handler);
}
