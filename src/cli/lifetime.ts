/** How a running proxy ends, and with which exit status: the same for every way to serve clients. */

import type { ShutdownReason } from '../app/shutdown.ts';
import type { RunningProxy } from '../app/stdio-proxy.ts';
import type { Log } from '../core/ports.ts';
import { onSignals } from './signals.ts';

export interface Life {
  readonly proxy: Pick<RunningProxy, 'close' | 'hopeless'>;
  readonly log: Log;
  /** Ends the process. */
  readonly exit: (status: number) => void;
}

export type End = (reason: ShutdownReason, status: number) => void;

/** Ends the proxy at signals, at errors that nobody caught, and when it is of no use; the result ends it for other reasons. */
export function superviseProxy({ proxy, log, exit }: Life): End {
  const end: End = (reason, status) => {
    proxy.close(reason).then(
      () => exit(status),
      () => exit(1),
    );
  };
  const crash = (error: unknown): void => {
    log.error(
      `internal error, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    end('crash', 1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  onSignals(
    () => end('signal', 0),
    () => exit(1),
  );
  proxy.hopeless.then((error) => {
    // The answer to whoever asked is under way, and what is wrong stands in the log.
    setImmediate(() => end('signal', error.meaning.exit));
  });
  return end;
}
