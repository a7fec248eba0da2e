// What a process weighs while nobody calls: before the first call, and a minute after many.
import { spawn } from 'node:child_process';
import { FLOOR, OURS } from '../contestants.mjs';
import { memory } from '../process-stats.mjs';
import { burst } from './load.mjs';

const CALLS = 10_000;
/** Until what a start leaves behind has been collected, and until buffers are given back; in milliseconds. */
const SETTLED_MS = 2_000;
const REST_MS = 60_000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resident memory of a Node that waits for input, in bytes. */
async function restingNode(node = process.execPath) {
  const child = spawn(node, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    await pause(SETTLED_MS);
    return memory(child.pid).rss;
  } finally {
    child.kill();
  }
}

async function weigh({ start }, url, quick) {
  const client = start(url);
  try {
    await client.handshake();
    await pause(SETTLED_MS);
    const idle = memory(client.pid).rss;
    await burst(client, quick ? CALLS / 10 : CALLS);
    await pause(quick ? SETTLED_MS : REST_MS);
    return { idle, rested: memory(client.pid).rss };
  } finally {
    await client.kill();
  }
}

export const rest = {
  name: 'rest',
  metrics: [
    { id: 'idle', title: 'resident memory, idle, × a Node that does nothing', unit: '', digits: 2 },
    { id: 'rested', title: 'resident memory after load and a minute of rest, × idle', unit: '', digits: 2 },
  ],
  async run({ contestants, url, quick }) {
    const weighed = contestants.filter(({ name, start }) => start && (name === FLOOR || name === OURS));
    const [nothing, ...all] = await Promise.all([
      restingNode(weighed[0]?.node),
      ...weighed.map((contestant) => weigh(contestant, url, quick).catch((error) => error)),
    ]);
    return new Map(
      weighed.map(({ name }, at) => {
        const { [at]: found } = all;
        if (found instanceof Error || found.idle === undefined) return [name, found instanceof Error ? found : {}];
        return [name, { idle: found.idle / nothing, rested: found.rested / found.idle }];
      }),
    );
  },
};
