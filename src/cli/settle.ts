/** What makes a running process cheaper, after its start: to load it takes a millisecond, and nobody should wait for it. */

/** How long a start may take until its client has its first answers, in milliseconds. */
const SETTLED = 1_000;

export function settleLater(): void {
  setTimeout(settle, SETTLED).unref();
}

/**
 * Makes calls cheaper, and a process that rests smaller. Without it they only cost more, as when an update has just
 * replaced the files of the program.
 */
function settle(): void {
  import('../platform/garbage-collection.ts').then(
    ({ collectShortLived }) => collectShortLived(),
    () => {},
  );
  import('../platform/memory-at-rest.ts').then(
    ({ freeCompilerMemory, giveMemoryBackAtRest }) => {
      freeCompilerMemory();
      giveMemoryBackAtRest();
    },
    () => {},
  );
}
