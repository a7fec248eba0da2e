/** What a proxy finds around it. */
import type { RenewApart } from '../auth/refresh-process.ts';
import type { Replays } from '../core/ports/replay.ts';
import type { OpenSessions } from '../core/ports/sessions.ts';
import type { Locks, Log, SecretStore, VerdictMemory } from '../core/ports.ts';
import type { Redact } from '../core/redact.ts';
import type { StdioStreams } from '../downstream/stdio/streams.ts';

/** Everything outside that a proxy touches, but for its clients. */
export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly memory: VerdictMemory;
  /** Where sign-ins are kept; nothing is kept beyond the process when it is left out. */
  readonly credentials?: SecretStore;
  /** Keeps those who share the sign-ins out of each other's way; left out, files in `folder` do that, or this process alone. */
  readonly locks?: Locks;
  /** Where processes of this user keep out of each other's way. */
  readonly folder?: string | undefined;
  /** See `AuthOptions`. */
  readonly renewApart?: RenewApart | undefined;
  /** Of HTTP mode: where sessions are found, and what clients that come back may have missed. Left out, in this process. */
  readonly openSessions?: OpenSessions;
  readonly replays?: Replays;
  readonly version: string;
  /** Hides what the configuration holds of secrets, wherever text of others may repeat it. */
  readonly redact: Redact;
}

/** The same with the streams of the one client. */
export interface StdioEnvironment extends Environment {
  readonly streams: StdioStreams;
}
