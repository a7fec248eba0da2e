/** How much V8 puts together when it optimizes a process that serves many clients. */
import { setFlagsFromString } from 'node:v8';

const FLAG = '--max-inlined-bytecode-size-cumulative';
/** V8's own limit, in bytes of bytecode; the same in Node 20 to 26. */
const OWN_LIMIT = 920;
const LIMIT = 4_000;

/**
 * Lets V8 put more of the functions that call each other into one. A call of HTTP mode runs through hundreds of small
 * ones, and takes a twentieth less CPU this way (`npm run bench`, http). It takes longer to compile, so this is not for
 * processes of one client, which are often over soon.
 *
 * V8 uses no stored code under other flags than those it was stored under, so the flag is as it was when Node stores
 * compiled code, which it does at the end.
 */
export function inlineMore(): void {
  setFlagsFromString(`${FLAG}=${LIMIT}`);
  process.once('exit', () => setFlagsFromString(`${FLAG}=${OWN_LIMIT}`));
}
