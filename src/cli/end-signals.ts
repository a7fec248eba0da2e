/** Tells when the program must end: at signals, and at the death of the parent. */

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const LOOK_EVERY = 1_000;

/**
 * Calls `end` at the first signal and `now` at the second.
 * @param hangUp what SIGHUP means, if not the end
 */
export function onSignals(end: () => void, now: () => void, hangUp?: () => void): void {
  let seen = false;
  const onSignal = (): void => {
    if (seen) now();
    seen = true;
    end();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('SIGHUP', hangUp ?? onSignal);
}

/**
 * Resolves when the parent process is gone. The end of stdin also tells that, unless another process has inherited the
 * other end of the pipe and keeps it open.
 */
export function parentGone(): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (isAlive(parent)) return;
      clearInterval(timer);
      resolve();
    }, LOOK_EVERY);
    timer.unref();
  });
}

/**
 * Resolves at the first signal, and when the parent is gone.
 * @param now called at a second signal
 */
export function toldToEnd(now: () => void): Promise<void> {
  return Promise.race([parentGone(), new Promise<void>((resolve) => onSignals(resolve, now))]);
}

function isAlive(parent: number): boolean {
  // An orphan gets a new parent, except on Windows.
  if (process.ppid !== parent) return false;
  if (process.platform !== 'win32') return true;
  try {
    process.kill(parent, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
