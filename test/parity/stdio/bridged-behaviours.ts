// What a client of an older revision must see in the same way in front of a server of its own revision and, over the
// bridge, in front of one of 2026-07-28.
import type { Behaviour } from './behaviour.ts';
import { BEHAVIOURS } from './behaviours.ts';

/** Differences with a good reason, which other tests check. */
const DIFFERENT = new Set([
  // The words and the codes are those of the two SDKs.
  'invalid params',
  'no params where there must be some',
  'a log level that does not exist',
  // The code of 2026-07-28 is as good in an older revision, whose servers use both.
  'read an unknown resource',
  // Only 2026-07-28 has it; older revisions have nothing to compare it with.
  'state that travels through the client',
]);

/** A server of 2026-07-28 must not log before it is asked to, so the client begins with that. */
const LOGGING: Behaviour = {
  name: 'log messages by level',
  async run({ tool, request }) {
    for (const level of ['warning', 'emergency', 'debug']) {
      await request('logging/setLevel', { level });
      await tool('logs');
    }
  },
};

export const BRIDGED_BEHAVIOURS: Behaviour[] = BEHAVIOURS.filter(({ name }) => !DIFFERENT.has(name)).map((given) =>
  given.name === LOGGING.name ? LOGGING : given,
);
