// Many calls at once: how many get through, what one costs in CPU, and what the
// process weighs before and after.
import { cpuMicros, memory } from '../process-stats.mjs';
import { PROCESSES_A_ROUND, takeTurns } from '../turns.mjs';

const IN_FLIGHT = 32;
const CALLS_A_TURN = 500;
/** Until the engine has compiled what a call runs through; for the slow ones, as much of that as a while allows. */
const WARM_UP_CALLS = 20_000;
const WARM_UP_MS = 6_000;
const MEGA = 1e6;

/** Makes so many calls, some of them at a time. */
export function burst(client, count) {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let answered = 0;
    const next = () => {
      if (sent === count) return;
      const text = `call ${sent++}`;
      client.request('tools/call', { name: 'echo', arguments: { text } }).then(({ message }) => {
        if (message.result.content[0].text !== text) reject(new Error('the answer of another call'));
        else if (++answered === count) resolve();
        else next();
      }, reject);
    };
    for (let i = 0; i < IN_FLIGHT; i++) next();
  });
}

async function warmUp(client) {
  const until = performance.now() + WARM_UP_MS;
  for (let done = 0; done < WARM_UP_CALLS && performance.now() < until; done += CALLS_A_TURN) {
    await burst(client, CALLS_A_TURN);
  }
}

export const load = {
  name: 'load',
  metrics: [
    { id: 'rate', title: `calls a second, ${IN_FLIGHT} in flight`, unit: '/s', digits: 0 },
    { id: 'cpu', title: `CPU a call, ${IN_FLIGHT} in flight`, unit: 'µs', digits: 0 },
    { id: 'rssIdle', title: 'resident memory, idle', unit: 'MB', digits: 0 },
    { id: 'rssLoaded', title: 'resident memory, after load', unit: 'MB', digits: 0 },
  ],
  repeats: PROCESSES_A_ROUND,
  run: ({ contestants, url, round, quick }) =>
    takeTurns({
      contestants,
      url,
      round,
      turns: quick ? 3 : 8,
      async open(client) {
        const rssIdle = memory(client.pid).rss;
        await (quick ? burst(client, CALLS_A_TURN) : warmUp(client));
        return { rssIdle, calls: 0, millis: 0, cpuBefore: cpuMicros(client.pid) };
      },
      async turn(client, state) {
        const from = performance.now();
        await burst(client, CALLS_A_TURN);
        state.millis += performance.now() - from;
        state.calls += CALLS_A_TURN;
      },
      finish(client, { rssIdle, calls, millis, cpuBefore }) {
        const { rss } = memory(client.pid);
        return {
          rate: (calls / millis) * 1000,
          cpu: cpuBefore === undefined ? undefined : (cpuMicros(client.pid) - cpuBefore) / calls,
          rssIdle: rssIdle && rssIdle / MEGA,
          rssLoaded: rss && rss / MEGA,
        };
      },
    }),
};
