// HTTP mode with few and many sessions, and with few and many calls in flight: what a call costs, and what a session
// weighs. The floor shows how much of that is Node: it has the same clients.
import { FLOOR, OURS, ROOMY } from '../contestants.mjs';
import { cpuMicros, memory } from '../process-stats.mjs';
import { takeTurns } from '../turns.mjs';

const SESSIONS = [10, 100, 1_000, 5_000];
const IN_FLIGHT = [1, 10, 100, 1_000];
/** So many call at a time while sessions are counted. */
const CALLING = 10;
/**
 * Until the engine has compiled what a call runs through, which calls decide and not time. The time is for machines that
 * are too busy for that: one call at a time, they take long.
 */
const WARM_UP_CALLS = 20_000;
const WARM_UP_MS = 20_000;
const TURNS = 6;
const TURN_MS = 500;

const words = (count) => count.toLocaleString('en-US');

/** From so many calls in flight on, the space for what is young matters. */
const MANY = 100;

/** A Map from each contestant to its figures with so many clients, of which some call at a time. */
function withClients({ contestants, url, round, quick }, count, calling, figures) {
  const names = calling < MANY ? [FLOOR, OURS] : [FLOOR, OURS, ROOMY];
  return takeTurns({
    contestants: contestants
      .filter(({ name }) => names.includes(name))
      .map((contestant) => ({
        ...contestant,
        start: (upstream) => contestant.start(upstream, { clients: count }),
      })),
    url,
    round,
    turns: quick ? TURNS / 3 : TURNS,
    async open(clients) {
      const { rss } = memory(clients.pid);
      const until = performance.now() + (quick ? WARM_UP_MS / 20 : WARM_UP_MS);
      await clients.call((done) => done < WARM_UP_CALLS && performance.now() < until, calling);
      return { gained: rss && rss - clients.emptyRss, cpu: 0, calls: 0 };
    },
    async turn(clients, state) {
      const before = cpuMicros(clients.pid);
      const end = performance.now() + TURN_MS;
      const taken = await clients.call(() => performance.now() < end, calling);
      state.cpu += cpuMicros(clients.pid) - before;
      state.calls += taken.length;
    },
    finish: (_, { gained, cpu, calls }) =>
      figures({ cpu: gained === undefined ? undefined : cpu / calls, session: gained && gained / count / 1_000 }),
  });
}

const sessionsWith = (count) => ({
  ids: [`sessionsCpu${count}`, `sessionsRss${count}`],
  take: (run) =>
    withClients(run, count, CALLING, ({ cpu, session }) => ({
      [`sessionsCpu${count}`]: cpu,
      [`sessionsRss${count}`]: session,
    })),
});

const inFlightWith = (count) => ({
  ids: [`inFlightCpu${count}`],
  take: (run) => withClients(run, count, count, ({ cpu }) => ({ [`inFlightCpu${count}`]: cpu })),
});

export const scaling = {
  name: 'scaling',
  mode: 'http',
  once: true,
  metrics: [
    ...SESSIONS.map((count) => ({
      id: `sessionsCpu${count}`,
      title: `CPU a call, ${words(count)} sessions, ${CALLING} calls in flight`,
      unit: 'µs',
      digits: 0,
    })),
    ...SESSIONS.map((count) => ({
      id: `sessionsRss${count}`,
      title: `memory a session, ${words(count)} sessions`,
      unit: 'KB',
      digits: 0,
    })),
    ...IN_FLIGHT.map((count) => ({
      id: `inFlightCpu${count}`,
      title: `CPU a call, ${words(count)} ${count === 1 ? 'call' : 'calls'} in flight`,
      unit: 'µs',
      digits: 0,
    })),
  ],
  async run(options) {
    const all = new Map();
    for (const { ids, take } of [...SESSIONS.map(sessionsWith), ...IN_FLIGHT.map(inFlightWith)]) {
      for (const [name, found] of await take(options)) {
        // One that failed with so many clients may do with others.
        const figures = found instanceof Error ? Object.fromEntries(ids.map((id) => [id, found])) : found;
        all.set(name, { ...all.get(name), ...figures });
      }
    }
    return all;
  },
};
