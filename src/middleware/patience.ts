/** Waiting that ends by itself. */

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
