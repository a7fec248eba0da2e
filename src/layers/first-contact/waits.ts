/** Limited waits: for the user, and for the page that the user must see. */
import type { CancelSignal } from '../../core/cancel.ts';
import type { SignIn } from '../../core/sign-in.ts';

/** How long finding the sign-in page may take before the client gets its answer without it, in milliseconds. */
const GRACE = 3_000;

/** Resolves when the time is over. `end` cancels the timer. */
export interface Patience {
  readonly promise: Promise<'late'>;
  end(): void;
}

export function later(milliseconds: number): Patience & { onEnd?: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience: Patience & { onEnd?: () => void } = {
    promise: new Promise((resolve) => {
      timer = setTimeout(() => resolve('late'), milliseconds);
    }),
    end() {
      clearTimeout(timer);
      patience.onEnd?.();
    },
  };
  return patience;
}

/**
 * Resolves when a request waits for the user, and the page is known or its search has taken too long.
 * @param signal of the request. Other requests may wait although this one need not. Omit it for the first request of a
 * connection, which gets its answer after a while whatever it waits for.
 */
export function userNeeded(signIn: SignIn, answered: Promise<unknown>, signal?: CancelSignal): Promise<'user-needed'> {
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (): void => {
      clearTimeout(timer);
      unwatch();
    };
    const settle = (): void => {
      end();
      resolve('user-needed');
    };
    const look = (): void => {
      const waits = signIn.waits(signal) && (signIn.pending !== undefined || signal === undefined);
      if (waits && signIn.pending?.url !== undefined) settle();
      else if (waits) timer ??= setTimeout(settle, GRACE);
      else {
        clearTimeout(timer);
        timer = undefined;
      }
    };
    const unwatch = signIn.watch(look);
    answered.then(end, end);
    look();
  });
}

/** Resolves as soon as the sign-in page is known, or its search has taken too long. */
export function pageKnown(signIn: SignIn): Patience {
  const waiting = later(GRACE);
  return {
    promise: new Promise((resolve) => {
      const look = (): void => {
        if (signIn.pending?.url !== undefined) resolve('late');
      };
      const unwatch = signIn.watch(look);
      waiting.promise.then(resolve);
      waiting.onEnd = unwatch;
      look();
    }),
    end: () => waiting.end(),
  };
}
