/** The public API: what a program may import. */

export { fileStore, memoryStore, type SecretStore } from './auth/store.ts';
export {
  type AuthConfig,
  type Config,
  type CredentialStore,
  DEFAULTS,
  type Grant,
  STRATEGIES,
  type Strategy,
  type TlsConfig,
} from './config.ts';
export { LEVELS, type Level, type Log, type TransportName, type VerdictMemory } from './core/ports.ts';
export type { Redact } from './core/redact.ts';
export type { StdioStreams } from './downstream/stdio.ts';
export { type ErrorCode, type ErrorData, ProxyError } from './errors.ts';
export { type Ending, type RunningProxy, type Surroundings, startStdioProxy } from './proxy.ts';
export { fileMemory } from './upstream/memory.ts';
