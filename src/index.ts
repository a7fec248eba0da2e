/** The public API: what a program may import. */

import type { RunningHttpProxy } from './app/http-proxy.ts';
import type { HttpProxyOptions, StdioProxyOptions } from './app/library/options.ts';
import { type RunningProxy, startStdioProxy as start } from './app/stdio-proxy.ts';

export type { Environment } from './app/environment.ts';
export type { RunningHttpProxy } from './app/http-proxy.ts';
export type { CommandOptions } from './app/library/local-server.ts';
export type {
  HttpProxyOptions,
  LocalOptions,
  ProxyOptions,
  RemoteOptions,
  StdioProxyOptions,
} from './app/library/options.ts';
export type { ShutdownReason } from './app/shutdown.ts';
export type { RunningProxy } from './app/stdio-proxy.ts';
export {
  type AuthConfig,
  DEFAULTS,
  type ForwardedHeader,
  type Grant,
  HTTP_SERVER_DEFAULTS,
  type HttpServerOptions,
  LISTEN_DEFAULTS,
  type ListenConfig,
  type LogFormat,
  type Policy,
  type ProcessConfig,
  STRATEGIES,
  type Strategy,
  type TlsConfig,
  type UpstreamSession,
} from './config.ts';
export type { KeptEvent, ReplayBuffer, Replays } from './core/ports/replay.ts';
export type { OpenSessions, Served, Sessions, SessionsOptions } from './core/ports/sessions.ts';
export {
  LEVELS,
  type Level,
  type Lock,
  type Locks,
  type Log,
  NOT_YET,
  type Peeked,
  type SecretStore,
  type Spoken,
  type TransportName,
  type VerdictMemory,
} from './core/ports.ts';
export type { Redact } from './core/redact.ts';
export type { StdioStreams } from './downstream/stdio/streams.ts';
export { type ErrorCode, type ErrorData, ProxyError } from './errors.ts';
export { fileStore } from './state/files/secrets.ts';
export { fileMemory } from './state/files/verdicts.ts';
export { memoryStore } from './state/memory/secrets.ts';

/**
 * Connects a client on two streams, by default standard input and output, to a server: one at a URL, or one that a
 * command starts.
 * Rejects with a ProxyError `usage` when an option is wrong.
 */
export async function startStdioProxy(options: StdioProxyOptions): Promise<RunningProxy> {
  const { stdioOptions } = await import('./app/library/options.ts');
  const { config, environment } = stdioOptions(options);
  const isLocal = config.servers.some(({ kind }) => kind === 'stdio');
  return start(config, environment, isLocal ? (await import('./app/local-server.ts')).openOnlyLocal : undefined);
}

/**
 * Listens for HTTP clients and connects them to a server. Rejects with a ProxyError when an option is wrong, or when
 * it cannot listen.
 */
export async function startHttpProxy(options: HttpProxyOptions): Promise<RunningHttpProxy> {
  const { httpOptions } = await import('./app/library/options.ts');
  const { config, environment } = httpOptions(options);
  return (await import('./app/http-proxy.ts')).startHttpProxy(config, environment);
}
