/** What every command other than the proxy itself gets. */
import type { ProcessConfig } from '../../config.ts';
import type { Redact } from '../../core/redact.ts';
import type { CommandOutput } from './output.ts';

export interface CommandContext extends CommandOutput {
  readonly config: ProcessConfig;
  /** Hides the secrets of the arguments. */
  readonly redact: Redact;
  readonly version: string;
}
