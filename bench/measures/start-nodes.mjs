// How long a host waits under newer versions of Node, from the second start on: Node 22.8 and newer can keep compiled
// code, and a host starts the same program in the same home again and again.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nodeOf } from '../../scripts/nodes.mjs';
import { within } from '../client.mjs';
import { median, rotated } from '../statistics.mjs';

const spawns = 15;
const MAJORS = ['24', '26'];

const idOf = (major) => `start${major}`;

/** Starts a contestant, waits for its answer to `initialize`, and ends it as a host does; the milliseconds. */
async function once(contestant, url, options) {
  const client = contestant.start(url, options);
  try {
    const { at } = await within(30, client.initialize());
    await within(30, client.close());
    return at - client.spawnedAt;
  } finally {
    await client.kill();
  }
}

async function under(major, { contestants, url, repetitions }) {
  const node = await nodeOf(major);
  const taken = new Map();
  const homes = new Map(contestants.map(({ name }) => [name, mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-bench-'))]));
  try {
    // The first one is the first start, which is not counted.
    for (let i = -1; i < repetitions; i++) {
      for (const contestant of rotated(contestants, i + 1)) {
        const { name, absent } = contestant;
        const mine = taken.get(name) ?? (absent ? new Error(absent) : []);
        taken.set(name, mine);
        if (mine instanceof Error) continue;
        try {
          const ms = await once(contestant, url, { node, home: homes.get(name) });
          if (i >= 0) mine.push(ms);
        } catch (error) {
          taken.set(name, error);
        }
      }
    }
  } finally {
    for (const home of homes.values()) rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
  return taken;
}

export const startNodes = {
  name: 'start-nodes',
  metrics: MAJORS.map((major) => ({
    id: idOf(major),
    title: `spawn → answer to initialize, Node ${major}, from the second start on`,
    unit: 'ms',
    digits: 0,
  })),
  async run({ contestants, url, rounds, quick }) {
    const repetitions = quick ? 3 : Math.max(3, Math.ceil(spawns / rounds));
    const outcome = new Map(contestants.map(({ name }) => [name, {}]));
    for (const major of MAJORS) {
      const none = (error) => new Map(contestants.map(({ name }) => [name, error]));
      for (const [name, taken] of await under(major, { contestants, url, repetitions }).catch(none)) {
        outcome.get(name)[idOf(major)] = taken instanceof Error ? taken : median(taken);
      }
    }
    return outcome;
  },
};
