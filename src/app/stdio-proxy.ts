/**
 * The composition root for one client on two streams: takes a configuration and returns a running proxy. It owns the
 * lifetimes of all parts and the order in which they end.
 */

import type { Config } from '../config.ts';
import type { Session } from '../core/exchange.ts';
import { StdioDownstream } from '../downstream/stdio/stdio.ts';
import { EndedByProxy, type ProxyError } from '../errors.ts';
import type { StdioEnvironment } from './environment.ts';
import { type LayeredServer, layered, onlyRemoteServer, openShared } from './server.ts';
import { Shutdown, type ShutdownReason, type Steps } from './shutdown.ts';

export interface RunningProxy {
  /** Resolves when the client has left. */
  readonly clientGone: Promise<void>;
  /** Resolves when the proxy, as it was started, can never work. */
  readonly hopeless: Promise<ProxyError>;
  /** Answers open requests, ends the session with the server, and closes every connection. Idempotent. */
  close(reason: ShutdownReason): Promise<void>;
}

export type OpenServer = (config: Config, environment: StdioEnvironment) => LayeredServer;

/**
 * Connects the client on two streams to the server of the configuration.
 * @param open opens the server, or several together; left out: a remote one
 */
export function startStdioProxy(
  config: Config,
  environment: StdioEnvironment,
  open: OpenServer = openOnlyRemote,
): RunningProxy {
  const target = open(config, environment);
  const downstream = new StdioDownstream(environment.streams, environment.log);
  const upstream = target.connect(downstream);
  downstream.start(upstream);

  const shutdown = new Shutdown(stepsOf(target, downstream, upstream));
  return {
    clientGone: downstream.ended,
    hopeless: target.hopeless,
    close: (reason) => shutdown.begin(reason),
  };
}

function openOnlyRemote(config: Config, environment: StdioEnvironment): LayeredServer {
  return layered(openShared(onlyRemoteServer(config), config, environment));
}

function stepsOf(target: LayeredServer, client: StdioDownstream, server: Session): Steps {
  const reason = new EndedByProxy('failed', 'the proxy has ended before the server answered', { outcome: 'unknown' });
  const endSignIn = (): Promise<void> => target.endSignIn();
  const { signsIn } = target;
  const busy = (): boolean => !client.deaf && client.busy;
  return [
    {
      // Do not wait for it yet: requests that wait for a user will no longer get an answer.
      name: 'give up the sign-in',
      limit: 'close',
      needed: () => !server.established,
      run: () => void endSignIn(),
    },
    {
      name: 'wait for the connection',
      limit: 'connect',
      needed: () => !client.deaf,
      run: (left) => client.close(left),
    },
    // No user is left who could sign in, so requests that wait for it get their errors now.
    { name: 'end the sign-in', limit: 'close', needed: () => signsIn && busy(), run: endSignIn },
    {
      name: 'wait for answers',
      limit: 'drain',
      needed: () => busy() && server.established,
      run: (left) => client.close(left),
    },
    [
      {
        name: 'answer what is left with an error',
        limit: 'drain',
        run: () => {
          client.destroy(reason);
          return client.flushed();
        },
      },
      // Do this while the client is still reading.
      {
        name: 'end the session at the server',
        limit: 'close',
        run: (left) => {
          if (target.local) return target.local.close(server.established ? left : 0);
          // A server that has answered nothing has no session to be ended.
          return server.established ? server.close(left) : server.destroy(reason);
        },
      },
      { name: 'store the results of the sign-in', limit: 'close', needed: () => signsIn, run: endSignIn },
    ],
    { name: 'close every connection', limit: 'cut', run: () => target.close() },
  ];
}
