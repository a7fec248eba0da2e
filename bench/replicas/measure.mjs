// What replicas cost: the same clients at one, two and four of them, each request at the next one.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { HttpClient } from '../http-clients.mjs';
import { Connection } from '../http-connection.mjs';
import { cpuMicros, memory } from '../process-stats.mjs';
import { Program } from '../program.mjs';
import { percentile } from '../statistics.mjs';

const BIN = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'bin', 'mcp-proxy.js');
const LISTENING = /listening on http:\/\/[^\s/]*:(\d+)/;
const KEY = 'the-key-of-the-bench-0123456789abcdef';

const CLIENTS = 32;
/** Milliseconds. */
const [WARM_UP, TURN, IDLE] = [10_000, 5_000, 3_000];
/** Sessions that are opened to see what one costs. */
const SESSIONS = 4_000;

/**
 * The figures of so many replicas in front of one server.
 * @param store undefined: one process without `--state`
 */
export async function measure({ count, store, upstream, home }) {
  const replicas = await Promise.all(Array.from({ length: count }, () => startReplica(upstream, store, home)));
  const pids = replicas.map(({ program }) => program.pid);
  const ports = replicas.map(({ port }) => port);
  try {
    const idleMemory = total(pids, (pid) => memory(pid).rss) / count;
    const idleCommands = store && (await commandsWhile(store, () => wait(IDLE)));
    const legacy = await load({ ports, pids, store, modern: false });
    const modern = await load({ ports, pids, store, modern: true });
    const sessions = await openSessions({ ports, pids, store });
    return { count, shared: store !== undefined, idleMemory, idleCommands, legacy, modern, sessions };
  } finally {
    await Promise.all(replicas.map(({ program }) => program.kill()));
  }
}

async function startReplica(upstream, store, home) {
  const state = store ? ['--state', store.url, '--state-key', '${KEY}'] : [];
  const args = [BIN, upstream, '--listen', '127.0.0.1:0', '--max-sessions', String(2 * SESSIONS), ...state];
  const program = new Program({ command: process.execPath, args, env: { PATH: process.env.PATH, HOME: home, KEY } });
  program.stdout.resume();
  const [, port] = await program.announces(LISTENING);
  return { program, port: Number(port) };
}

/** Clients that call again as soon as they have their answer. */
async function load({ ports, pids, store, modern }) {
  const clients = Array.from({ length: CLIENTS }, (_, at) => {
    const connections = ports.map((port) => new Connection(port));
    return new HttpClient(rotated(connections, at), `client ${at}`, modern);
  });
  try {
    await Promise.all(clients.map((client) => client.open()));
    await callFor(clients, WARM_UP);
    const before = cpuOf(pids);
    const storeBefore = store && cpuMicros(store.pid);
    const from = performance.now();
    const taken = await callFor(clients, TURN);
    const seconds = (performance.now() - from) / 1_000;
    return {
      rate: taken.length / seconds,
      cpu: (cpuOf(pids) - before) / taken.length,
      storeCpu: store ? (cpuMicros(store.pid) - storeBefore) / taken.length : 0,
      p50: percentile(taken, 0.5),
    };
  } finally {
    for (const client of clients) client.close();
  }
}

async function callFor(clients, ms) {
  const until = performance.now() + ms;
  const taken = [];
  const repeat = async (client) => {
    while (performance.now() < until) taken.push(await client.call());
  };
  await Promise.all(clients.map(repeat));
  return taken;
}

/** Opens sessions, and says what each of them takes: bytes of the replicas together, and of the store. */
async function openSessions({ ports, pids, store }) {
  const rss = () => total(pids, (pid) => memory(pid).rss);
  const before = { replicas: rss(), store: store && (await store.figures()).bytes };
  const lanes = Array.from({ length: CLIENTS }, (_, at) =>
    rotated(
      ports.map((port) => new Connection(port)),
      at,
    ),
  );
  let opened = 0;
  const repeat = async (connections) => {
    while (opened < SESSIONS) await new HttpClient(connections, `session ${opened++}`).open();
  };
  await Promise.all(lanes.map(repeat));
  for (const connection of lanes.flat()) connection.close();
  await wait(1_000);
  return {
    memory: (rss() - before.replicas) / SESSIONS,
    storeMemory: store ? ((await store.figures()).bytes - before.store) / SESSIONS : 0,
  };
}

async function commandsWhile(store, run) {
  const from = performance.now();
  const before = (await store.figures()).commands;
  await run();
  return ((await store.figures()).commands - before) / ((performance.now() - from) / 1_000);
}

const cpuOf = (pids) => total(pids, cpuMicros);
const total = (pids, figure) => pids.reduce((sum, pid) => sum + figure(pid), 0);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const rotated = (list, by) => list.map((_, at) => list[(at + by) % list.length]);
