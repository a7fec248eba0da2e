/** Ends a running proxy with the right exit status, the same for stdio and HTTP mode. */

import type { ShutdownReason } from '../app/shutdown.ts';
import type { RunningProxy } from '../app/stdio-proxy.ts';
import type { Log } from '../core/ports.ts';
import { Unexpected } from '../errors.ts';
import { onSignals } from './end-signals.ts';

export interface Life {
  readonly proxy: Pick<RunningProxy, 'close' | 'hopeless'>;
  readonly log: Log;
  /** Ends the process. */
  readonly exit: (status: number) => void;
  /** What SIGHUP means, if not the end. */
  readonly hangUp?: (() => void) | undefined;
}

export type End = (reason: ShutdownReason, status: number) => void;

/**
 * Ends the proxy at signals, at uncaught errors, and when it can never work. Call the result to end it for other
 * reasons.
 */
export function superviseProxy({ proxy, log, exit, hangUp }: Life): End {
  const end: End = (reason, status) => {
    proxy.close(reason).then(
      () => exit(status),
      () => exit(1),
    );
  };
  const crash = (error: unknown): void => {
    log.error(new Unexpected(error).report);
    end('crash', 1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  onSignals(
    () => end('signal', 0),
    () => exit(1),
    hangUp,
  );
  proxy.hopeless.then((error) => {
    // The answer to the client is under way, and the log says what is wrong.
    setImmediate(() => end('signal', error.meaning.exit));
  });
  return end;
}
