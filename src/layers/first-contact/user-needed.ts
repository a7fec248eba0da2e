/** Notices that a request cannot be answered before the user has signed in. */
import type { CancelSignal } from '../../core/cancel.ts';
import type { SignIn } from '../../core/sign-in.ts';

/** How long finding the sign-in page may take before the client gets its answer without it, in milliseconds. */
export const GRACE = 3_000;

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
