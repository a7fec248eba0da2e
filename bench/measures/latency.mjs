// One call after the other, as a host with one conversation does.
import { cpuMicros } from '../process-stats.mjs';
import { percentile } from '../statistics.mjs';
import { PROCESSES_A_ROUND, takeTurns } from '../turns.mjs';

const FIRST = 200;
/** Short, because the first calls of a process come only once: other work of the machine must fall on those of all. */
const FIRST_A_TURN = 20;
/** Long enough that a turn does not mostly measure how its process comes back into the caches. */
const CALLS_A_TURN = 1_000;
/** Until the engine has compiled what a call runs through; the first calls have a measure of their own. */
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

export const firstCalls = {
  name: 'first',
  repeats: PROCESSES_A_ROUND,
  metrics: [{ id: 'first', title: `a call, p50 of the first ${FIRST}`, unit: 'ms', digits: 2 }],
  run: ({ contestants, url, round }) =>
    takeTurns({
      contestants,
      url,
      round,
      turns: FIRST / FIRST_A_TURN,
      open: async () => [],
      turn: (client, taken) => calls(client, FIRST_A_TURN, taken),
      finish: (_, taken) => ({ first: percentile(taken, 0.5) }),
    }),
};

export const latency = {
  name: 'latency',
  metrics: [
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
        await calls(client, quick ? FIRST : WARM_UP, []);
        return { taken: [], cpuBefore: cpuMicros(client.pid) };
      },
      turn: (client, { taken }) => calls(client, CALLS_A_TURN, taken),
      finish: (client, { taken, cpuBefore }) => ({
        p50: percentile(taken, 0.5),
        p99: percentile(taken, 0.99),
        callCpu: cpuBefore === undefined ? undefined : (cpuMicros(client.pid) - cpuBefore) / taken.length,
      }),
    }),
};
