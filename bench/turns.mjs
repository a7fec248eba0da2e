// Interleaving: every contestant has its process at the same time and they take
// short turns, so that what the machine does meanwhile falls on all of them.
import { within } from './client.mjs';
import { rotated } from './statistics.mjs';

const TURN_SECONDS = 60;

/** How often a measure of small differences is repeated in a round: one process differs from the next by up to a tenth. */
export const PROCESSES_A_ROUND = 3;

/**
 * Runs `turns` turns for each contestant and returns a Map from its name to what
 * `finish` makes of its state, or to the Error that ended its participation.
 * `open` prepares the state of a fresh process and warms it up.
 */
export async function takeTurns({ contestants, url, round, turns, open, turn, finish }) {
  const outcome = new Map();
  const playing = new Map();
  const attempt = async (name, work) => {
    try {
      return await within(TURN_SECONDS, work());
    } catch (error) {
      outcome.set(name, error);
      await playing.get(name)?.client.kill();
      playing.delete(name);
    }
  };
  for (const { name, absent, start } of rotated(contestants, round)) {
    if (absent) {
      outcome.set(name, new Error(absent));
      continue;
    }
    const client = start(url);
    playing.set(name, { client });
    await attempt(name, async () => {
      await client.handshake();
      playing.set(name, { client, state: await open(client) });
    });
  }
  for (let i = 0; i < turns; i++) {
    for (const [name, { client, state }] of rotated([...playing], i)) {
      await attempt(name, () => turn(client, state));
    }
  }
  for (const [name, { client, state }] of [...playing]) {
    await attempt(name, async () => outcome.set(name, finish(client, state)));
  }
  await Promise.all([...playing.values()].map(({ client }) => client.kill()));
  return outcome;
}
