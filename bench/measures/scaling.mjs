// HTTP mode with few and many sessions, and with few and many calls in flight: what a call costs, and what a session weighs.
import { OURS } from '../contestants.mjs';
import { cpuMicros, memory } from '../process-stats.mjs';

const SESSIONS = [10, 100, 1_000, 5_000];
const IN_FLIGHT = [1, 10, 100, 1_000];
/** So many call at a time while sessions are counted. */
const CALLING = 10;
/** Until the engine has compiled what a call runs through, and then. */
const WARM_UP_CALLS = 20_000;
const WARM_UP_MS = 3_000;
const MEASURED_MS = 3_000;

const words = (count) => count.toLocaleString('en-US');

/** The microseconds of a call with so many clients that call at a time. */
async function costOf(clients, calling, quick) {
  const until = performance.now() + (quick ? WARM_UP_MS / 3 : WARM_UP_MS);
  await clients.call((done) => done < WARM_UP_CALLS && performance.now() < until, calling);
  const before = cpuMicros(clients.pid);
  const end = performance.now() + (quick ? MEASURED_MS / 3 : MEASURED_MS);
  const taken = await clients.call(() => performance.now() < end, calling);
  return before === undefined ? undefined : (cpuMicros(clients.pid) - before) / taken.length;
}

async function withSessions({ start }, url, count, quick) {
  const clients = start(url, { clients: count });
  try {
    const empty = await clients.started().then(() => memory(clients.pid).rss);
    await clients.handshake();
    const full = memory(clients.pid).rss;
    return {
      [`sessionsCpu${count}`]: await costOf(clients, CALLING, quick),
      [`sessionsRss${count}`]: full && (full - empty) / count / 1_000,
    };
  } finally {
    await clients.kill();
  }
}

async function withInFlight({ start }, url, count, quick) {
  const clients = start(url, { clients: count });
  try {
    await clients.handshake();
    return { [`inFlightCpu${count}`]: await costOf(clients, count, quick) };
  } finally {
    await clients.kill();
  }
}

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
      title: `CPU a call, ${words(count)} calls in flight`,
      unit: 'µs',
      digits: 0,
    })),
  ],
  async run({ contestants, url, quick }) {
    const ours = contestants.find(({ name, start }) => name === OURS && start);
    if (!ours) return new Map();
    let figures = {};
    for (const count of SESSIONS) figures = { ...figures, ...(await withSessions(ours, url, count, quick)) };
    for (const count of IN_FLIGHT) figures = { ...figures, ...(await withInFlight(ours, url, count, quick)) };
    return new Map([[OURS, figures]]);
  },
};
