/** The public API: what a program may import. */

import { checkArguments } from './app/arguments.ts';
import type { Environment, StdioEnvironment } from './app/environment.ts';
import type { RunningHttpProxy } from './app/http-proxy.ts';
import { type RunningProxy, startStdioProxy as start } from './app/stdio-proxy.ts';
import type { Config, ListenConfig } from './config.ts';

export type { Environment, StdioEnvironment } from './app/environment.ts';
export type { RunningHttpProxy } from './app/http-proxy.ts';
export type { ShutdownReason } from './app/shutdown.ts';
export type { RunningProxy } from './app/stdio-proxy.ts';
export {
  type AuthConfig,
  type Config,
  type CredentialStore,
  DEFAULTS,
  type ForwardedHeader,
  type Grant,
  LISTEN_DEFAULTS,
  type ListenConfig,
  type LogFormat,
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
  type TransportName,
  type VerdictMemory,
} from './core/ports.ts';
export type { Redact } from './core/redact.ts';
export type { StdioStreams } from './downstream/stdio/streams.ts';
export { type ErrorCode, type ErrorData, ProxyError } from './errors.ts';
export { fileStore } from './state/file-secrets.ts';
export { memoryStore } from './state/memory-secrets.ts';
export { fileMemory } from './state/verdicts.ts';

/** Connects the client on two streams to the server of the configuration. Throws a ProxyError `usage` when an argument is wrong. */
export function startStdioProxy(config: Config, environment: StdioEnvironment): RunningProxy {
  checkArguments('startStdioProxy', config, environment);
  return start(config, environment);
}

/** Listens for HTTP clients and connects them to the server of the configuration. Rejects with a ProxyError when it cannot serve, or when an argument is wrong. */
export async function startHttpProxy(
  config: Config & { readonly listen: ListenConfig },
  environment: Environment,
): Promise<RunningHttpProxy> {
  checkArguments('startHttpProxy', config, environment);
  const http = await import('./app/http-proxy.ts');
  return http.startHttpProxy(config, environment);
}
