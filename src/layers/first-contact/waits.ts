/** Waiting that ends by itself: for a user, and for the page that the user has to see. */
import type { CancelSignal } from '../../core/cancel.ts';
import type { SignIn } from '../../core/sign-in.ts';

/** How long the page of the sign-in may take to be found before the client is answered without it, in milliseconds. */
const GRACE = 3_000;

/** Resolves when the time is over; `end` takes the timer away. */
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
 * Resolves when a request waits for the user, and where to go is known, or has been looked for
 * long enough.
 *
 * @param signal of the request; others may wait without this one having to. Left out for the
 * first request of a connection: it is answered after a while whatever it waits for.
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

/** Resolves as soon as it can be said where to sign in. */
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
