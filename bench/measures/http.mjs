// HTTP mode: many clients at once, each with a session of its own that calls
// again as soon as it has its answer.
import { ROOMY } from '../contestants.mjs';
import { cpuMicros, memory } from '../process-stats.mjs';
import { percentile } from '../statistics.mjs';
import { PROCESSES_A_ROUND, takeTurns } from '../turns.mjs';

const CLIENTS = 32;
/** Time and not calls: the slow ones would make most of the run. */
const TURN_MS = 150;
/** Until the engine has compiled what a call runs through; for the slow ones, as much of that as a while allows. */
const WARM_UP_CALLS = 20_000;
const WARM_UP_MS = 6_000;

export const http = {
  name: 'http',
  mode: 'http',
  repeats: PROCESSES_A_ROUND,
  metrics: [
    { id: 'httpRate', title: `calls a second, ${CLIENTS} clients`, unit: '/s', digits: 0 },
    { id: 'httpCpu', title: `CPU a call, ${CLIENTS} clients`, unit: 'µs', digits: 0 },
    { id: 'httpP50', title: `a call, p50, ${CLIENTS} clients`, unit: 'ms', digits: 1 },
    { id: 'httpRss', title: `resident memory, ${CLIENTS} clients`, unit: 'MB', digits: 0 },
  ],
  run: ({ contestants, url, round, quick }) =>
    takeTurns({
      contestants: contestants
        .filter(({ name }) => name !== ROOMY)
        .map((contestant) => ({
          ...contestant,
          start: (upstream) => contestant.start(upstream, { clients: CLIENTS }),
        })),
      url,
      round,
      turns: quick ? 4 : 5,
      async open(clients) {
        const until = performance.now() + WARM_UP_MS;
        await clients.call((done) => done < WARM_UP_CALLS && performance.now() < until);
        return { taken: [], millis: 0, cpuBefore: cpuMicros(clients.pid) };
      },
      async turn(clients, state) {
        const from = performance.now();
        const until = from + TURN_MS;
        const taken = await clients.call(() => performance.now() < until);
        state.millis += performance.now() - from;
        state.taken.push(...taken);
      },
      finish(clients, { taken, millis, cpuBefore }) {
        const { rss } = memory(clients.pid);
        return {
          httpRate: (taken.length / millis) * 1000,
          httpCpu: cpuBefore === undefined ? undefined : (cpuMicros(clients.pid) - cpuBefore) / taken.length,
          httpP50: percentile(taken, 0.5),
          httpRss: rss && rss / 1e6,
        };
      },
    }),
};
