// How long a host waits: from spawning the program to its answer to `initialize`.
import { within } from '../client.mjs';
import { median, rotated } from '../statistics.mjs';

const spawns = 15;

async function once(contestant, url) {
  const client = contestant.start(url);
  try {
    const { at } = await within(30, client.initialize());
    return at - client.spawnedAt;
  } finally {
    await client.kill();
  }
}

export const start = {
  name: 'start',
  metrics: [{ id: 'start', title: 'spawn → answer to initialize', unit: 'ms', digits: 0 }],
  async run({ contestants, url, round, rounds, quick }) {
    const samples = new Map(contestants.map(({ name, absent }) => [name, absent ? new Error(absent) : []]));
    // In the first round one more, untimed: it brings the files into the page cache.
    const repetitions = quick ? 3 : Math.max(3, Math.ceil(spawns / rounds));
    for (let i = round === 0 ? -1 : 0; i < repetitions; i++) {
      for (const contestant of rotated(contestants, i + 1)) {
        const mine = samples.get(contestant.name);
        if (mine instanceof Error) continue;
        try {
          const taken = await once(contestant, url);
          if (i >= 0) mine.push(taken);
        } catch (error) {
          samples.set(contestant.name, error);
        }
      }
    }
    for (const [name, taken] of samples) {
      if (!(taken instanceof Error)) samples.set(name, { start: median(taken) });
    }
    return samples;
  },
};
