// One call after the other, as a host with one conversation does.
import { cpuMicros } from '../process-stats.mjs';
import { percentile } from '../statistics.mjs';
import { takeTurns } from '../turns.mjs';

/** Long enough that a turn does not mostly measure how its process comes back into the caches. */
const CALLS_A_TURN = 1_000;
const FIRST = 200;
/** Until the engine has compiled what a call runs through; the first calls have a row of their own. */
const WARM_UP = 4_000;

async function calls(client, count, taken) {
  for (let i = 0; i < count; i++) {
    const text = `call ${i}`;
    const sent = performance.now();
    const { message, at } = await client.request('tools/call', { name: 'echo', arguments: { text } });
    taken.push(at - sent);
    if (message.result.content[0].text !== text) throw new Error('the answer of another call');
  }
}

export const latency = {
  name: 'latency',
  metrics: [
    { id: 'first', title: `a call, p50 of the first ${FIRST}`, unit: 'ms', digits: 2 },
    { id: 'p50', title: 'a call, p50', unit: 'ms', digits: 2 },
    { id: 'p99', title: 'a call, p99', unit: 'ms', digits: 2 },
    { id: 'callCpu', title: 'CPU a call, one after the other', unit: 'µs', digits: 0 },
  ],
  run: ({ contestants, url, round, quick }) =>
    takeTurns({
      contestants,
      url,
      round,
      turns: quick ? 1 : 6,
      async open(client) {
        const first = [];
        await calls(client, FIRST, first);
        await calls(client, quick ? 0 : WARM_UP - FIRST, []);
        return { first, taken: [], cpuBefore: cpuMicros(client.pid) };
      },
      turn: (client, { taken }) => calls(client, CALLS_A_TURN, taken),
      finish: (client, { first, taken, cpuBefore }) => ({
        first: percentile(first, 0.5),
        p50: percentile(taken, 0.5),
        p99: percentile(taken, 0.99),
        callCpu: cpuBefore === undefined ? undefined : (cpuMicros(client.pid) - cpuBefore) / taken.length,
      }),
    }),
};
