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
  /** For answers to requests that reached the server. */
  readonly drain: number;
  /** For answers while the connection is still being made. */
  readonly connect: number;
  /** For writing the last answers out. */
  readonly flush: number;
  /** For telling the server. */
  readonly close: number;
}

const PATIENCE: Record<Ending, Patience> = {
  'client-gone': { drain: 5_000, connect: 1_500, flush: 300, close: 1_500 },
  signal: { drain: 700, connect: 500, flush: 200, close: 900 },
  crash: { drain: 0, connect: 0, flush: 300, close: 300 },
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
  const blocked = blocksNotification(config.ignoreTools);
  downstream.start({
    request,
    notify: (call) => {
      if (!blocked(call)) upstream.notify(call);
    },
  });

  let closing: Promise<void> | undefined;
  const close = async (ending: Ending): Promise<void> => {
    const patience = PATIENCE[ending];
    await drained(downstream, () => upstream.established, patience);
    const error = new ProxyError('failed', 'the proxy has ended before the server answered', { outcome: 'unknown' });
    await within(patience.flush, downstream.end(error));
    const limit = upstream.established ? patience.close : 0;
    await within(limit, upstream.close(limit));
    http.close();
  };
  return {
    clientGone: downstream.ended,
    close(ending) {
      closing ??= close(ending);
      return closing;
    },
  };
}

function pipeline(config: Config, { log, redact }: Surroundings, handler: Handler): Handler {
  const middlewares: Middleware[] = [redactErrors(redact)];
  if (config.logLevel === 'debug') middlewares.push(trace(log));
  middlewares.push(deadline(DEADLINES));
  if (config.ignoreTools.length > 0) middlewares.push(filterTools(config.ignoreTools));
  return compose(middlewares, handler);
}

/** Waits for the open answers: long when the server works on them, short when it was never reached. */
async function drained(downstream: StdioDownstream, established: () => boolean, patience: Patience): Promise<void> {
  if (downstream.deaf) return;
  const started = Date.now();
  await within(patience.connect, downstream.idle());
  if (downstream.busy && established()) await within(patience.drain - (Date.now() - started), downstream.idle());
}

/** Waits for a promise, but no longer than the given milliseconds. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  if (ms <= 0) return;
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    promise,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    }),
  ]);
  clearTimeout(timer);
}
