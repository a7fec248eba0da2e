/** Where a command writes: results on stdout, and on stderr the log and what the command is waiting for. */
import type { ProcessConfig } from '../../config.ts';
import type { Log } from '../../core/ports.ts';
import type { Redact } from '../../core/redact.ts';
import { announcement, createLog } from '../stderr-log.ts';
import { canRewrite, Progress } from './progress.ts';

export interface CommandOutput {
  readonly log: Log;
  readonly progress: Progress;
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean;
  /** Writes one line on stdout. */
  readonly print: (line: string) => void;
}

/**
 * Milliseconds after which a step is shown. Output that is not a terminal may go unread, and a job that succeeds
 * should write nothing there.
 */
const [FOR_USERS, FOR_PROGRAMS] = [500, 10_000];

interface OutputOptions {
  readonly redact: Redact;
  /** The name of the server that the command is about, if it is about one. */
  readonly server: string | undefined;
  /** Whether the results are in a format of their own, so that `--log-format` does not apply to them. */
  readonly isAnswer: boolean;
}

export function commandOutput(
  { logLevel: level, logFormat: format, quiet }: ProcessConfig,
  { redact, server, isAnswer }: OutputOptions,
): CommandOutput {
  const { stdout, stderr, env } = process;
  const write = (text: string): void => void stderr.write(text);
  const above = (text: string): void => progress.above(() => write(text));
  const log = createLog({ level, format, quiet, redact, server, plain: true, write: above });
  const isTTY = stderr.isTTY === true;
  const wantsLine = format === 'text' && (level === 'info' || level === 'debug') && canRewrite({ isTTY, env });
  const progress = new Progress({
    after: isTTY ? FOR_USERS : FOR_PROGRAMS,
    write: wantsLine ? write : undefined,
    columns: () => stderr.columns,
    redact,
    log,
  });
  // However the command ends, signals included.
  process.once('exit', () => progress.end());
  const print = (line: string): void => {
    progress.end();
    stdout.write(isAnswer || format === 'text' ? `${line}\n` : announcement(redact(line), format, server));
  };
  return { log, progress, isTerminal: stdout.isTTY === true, print };
}
