/** How V8 collects garbage in a process that passes messages on: many small objects, of which nearly none lives long. */
import { setFlagsFromString } from 'node:v8';

/**
 * Changes two habits of V8 that cost a fifth of the CPU of a call between the eras (`npm run bench`, crossing-down):
 *
 * - It counts how long the objects of each line of code live. While it does, the objects of calls that are over often
 *   stay until the next full collection, and are copied twice before.
 * - It collects young garbage with several threads, which spend more time on sharing the work than on the work.
 *
 * Compiled code is kept only together with the first of these flags, so that one is as it was when Node stores compiled
 * code, which it does at the end.
 */
export function collectShortLived(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--no-parallel-scavenge');
  process.once('exit', () => setFlagsFromString('--allocation-site-pretenuring'));
}
