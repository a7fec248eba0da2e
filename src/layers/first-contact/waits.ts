/** Limited waits: for some time, and for the page that the user must see. */
import type { SignIn } from '../../core/sign-in.ts';
import { GRACE } from './user-needed.ts';

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
