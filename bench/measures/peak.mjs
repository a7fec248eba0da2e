// What a very large result costs in memory while it crosses, and whether it
// arrives byte for byte.
import { within } from '../client.mjs';
import { OURS } from '../contestants.mjs';
import { largeResult } from '../payload.mjs';
import { memory } from '../process-stats.mjs';

const SIZE = 16 * 1024 * 1024;
/** When the collector runs is chance; the most of several fresh processes says what can happen. */
const RUNS = 3;

/** The most memory above what the process held before, in multiples of the size. */
async function extra(contestant, url, sse) {
  const client = contestant.start(url);
  try {
    await within(30, client.handshake());
    const { rss } = memory(client.pid);
    const { line } = await within(60, client.request('tools/call', { name: 'big', arguments: { size: SIZE, sse } }));
    const { peak } = memory(client.pid);
    if (!line.includes(largeResult(SIZE))) throw new Error('the result was changed on its way');
    return rss === undefined ? undefined : (peak - rss) / SIZE;
  } finally {
    await client.kill();
  }
}

async function most(contestant, url, sse) {
  let highest;
  for (let i = 0; i < RUNS; i++) {
    const seen = await extra(contestant, url, sse);
    if (seen === undefined) return undefined;
    highest = Math.max(highest ?? 0, seen);
  }
  return highest;
}

export const peak = {
  name: 'peak',
  once: true,
  metrics: [
    { id: 'peakJson', title: 'peak memory for a 16 MiB result as JSON', unit: '× its size', digits: 1 },
    { id: 'peakSse', title: 'peak memory for a 16 MiB result as SSE', unit: '× its size', digits: 1 },
  ],
  async run({ contestants, url }) {
    const outcome = new Map();
    for (const contestant of contestants.filter(({ name }) => name === OURS)) {
      const entry = {};
      for (const [id, sse] of [
        ['peakJson', false],
        ['peakSse', true],
      ]) {
        try {
          if (contestant.absent) throw new Error(contestant.absent);
          entry[id] = await most(contestant, url, sse);
        } catch (error) {
          entry[id] = error;
        }
      }
      outcome.set(contestant.name, entry);
    }
    return outcome;
  },
};
