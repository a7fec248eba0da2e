/** The environment of a proxy. */
import type { RefreshElsewhere } from '../auth/refresh-process.ts';
import type { OpenHeldCalls } from '../core/ports/held.ts';
import type { Replays } from '../core/ports/replay.ts';
import type { OpenSessions } from '../core/ports/sessions.ts';
import type { Env, Locks, Log, SecretStore, VerdictMemory } from '../core/ports.ts';
import type { Redact } from '../core/redact.ts';
import type { StdioStreams } from '../downstream/stdio/streams.ts';
import type { SharedState } from '../state/redis/shared-state.ts';

/** Everything outside the proxy that it uses, except its clients. */
export interface Environment {
  readonly env: Env;
  readonly log: Log;
  /** The log for events of one server, by its name. If omitted, they go to `log`. */
  readonly logOf?: (server: string) => Log;
  readonly memory: VerdictMemory;
  /** Where sign-ins are stored. If omitted, they end with the process. */
  readonly credentials?: SecretStore;
  /**
   * Excludes other processes that share the sign-ins. If omitted, files in `folder` do that, or only this process is
   * covered.
   */
  readonly locks?: Locks;
  /** Where the processes of this user keep their lock files. */
  readonly folder?: string | undefined;
  /** See `AuthOptions`. */
  readonly refreshElsewhere?: ((serial: number, server: string) => ReturnType<RefreshElsewhere>) | undefined;
  /**
   * For HTTP mode: where sessions are found, and where events are kept for clients that reconnect. If omitted, in this
   * process.
   */
  readonly openSessions?: OpenSessions;
  readonly replays?: Replays;
  /** Where calls wait for clients that the server has asked something. If omitted, in this process. */
  readonly openHeldCalls?: OpenHeldCalls;
  /** For HTTP mode: what several replicas share. If omitted, this process is alone. */
  readonly shared?: SharedState | undefined;
  readonly version: string;
  /** Hides the secrets of the configuration wherever text from outside may repeat them. */
  readonly redact: Redact;
}

/** The environment with the streams of the one client. */
export interface StdioEnvironment extends Environment {
  readonly streams: StdioStreams;
}
