/**
 * The composition root for one client on two streams: a configuration in, a running proxy out. It
 * owns the lifetimes of all parts and the order in which they end.
 */

import type { Config } from '../config.ts';
import { stack } from '../core/layer.ts';
import { StdioDownstream } from '../downstream/stdio/stdio.ts';
import { ProxyError } from '../errors.ts';
import { EndClock } from './end-clock.ts';
import type { Ending } from './end-reason.ts';
import type { StdioSurroundings } from './environment.ts';
import { layersOf, openServer, openShared } from './server.ts';

export interface RunningProxy {
  /** Resolves when the client is gone by itself. */
  readonly clientGone: Promise<void>;
  /** Resolves when the proxy can be of no use the way it was started. */
  readonly hopeless: Promise<ProxyError>;
  /** Answers what is open, ends the session at the server, and closes every connection. Idempotent. */
  close(ending: Ending): Promise<void>;
}

/** Connects the client on two streams to the server of the configuration. */
export function startStdioProxy(config: Config, surroundings: StdioSurroundings): RunningProxy {
  const shared = openShared(config, surroundings);
  const { auth, hopeless } = shared;
  const downstream = new StdioDownstream(surroundings.streams, surroundings.log);
  const connect = stack(layersOf(shared), (client) => openServer(shared, client));
  const upstream = connect(downstream);
  downstream.start(upstream);

  let closing: Promise<void> | undefined;
  const clock = new EndClock();
  const close = async (): Promise<void> => {
    // Nobody who waits for a user will get an answer any more.
    if (!upstream.established) shared.endSignIn();
    if (!downstream.deaf) {
      await clock.wait('connect', downstream.idle());
      // Nobody is left who could sign in, so what waits for that gets its error now.
      if (auth && downstream.busy) await clock.wait('close', shared.endSignIn());
      if (downstream.busy && upstream.established) await clock.wait('drain', downstream.idle());
    }
    const error = new ProxyError('failed', 'the proxy has ended before the server answered', { outcome: 'unknown' });
    const written = downstream.end(error);
    // The server is told while the client is still reading.
    const limit = upstream.established ? clock.left('close') : 0;
    const told = upstream.close(limit);
    const given = auth ? clock.wait('close', shared.endSignIn()) : undefined;
    await Promise.all([clock.wait('drain', written), clock.wait('close', told), given]);
    shared.close();
  };
  return {
    clientGone: downstream.ended,
    hopeless,
    close(ending) {
      clock.hurry(ending);
      closing ??= close();
      return closing;
    },
  };
}
