/** What every command other than the proxy itself gets. */
import type { ProcessConfig } from '../../config.ts';
import type { Log } from '../../core/ports.ts';
import type { Redact } from '../../core/redact.ts';

export interface CommandContext {
  readonly config: ProcessConfig;
  readonly log: Log;
  /** Hides the secrets of the arguments. */
  readonly redact: Redact;
  readonly version: string;
  /** Writes one line on stdout. */
  readonly print: (line: string) => void;
}
