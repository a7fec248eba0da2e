// Many clients for a long time: they come over every endpoint, in front of servers of every kind, with a session each or
// one for all, and every message that is lost, doubled or with the wrong client is written down.

import type { Kind } from '../blackbox/sharing/actor.ts';
import { type ProcessState, stateOf, stateWhen } from '../blackbox/sharing/process-state.ts';
import { type CountingServer, type Form, startCounting } from '../peers/http/counting-server.ts';
import { type Serving, startServing } from '../peers/http/serving.ts';
import { type Random, seeded } from '../unit/core/random.ts';
import { createLife, type Life, type SoakTarget } from './life.ts';

export interface SoakOptions {
  readonly minutes: number;
  /** At the same time. */
  readonly clients: number;
  readonly seed: number;
  /** A line for whoever watches. */
  readonly report: (line: string) => void;
}

export interface Soaked {
  readonly lives: number;
  readonly calls: number;
  /** What went wrong, a line each. An empty list is a clean run. */
  readonly wrong: readonly string[];
}

interface Target extends SoakTarget {
  readonly upstream: CountingServer;
  readonly serving: Serving;
  readonly start: ProcessState | undefined;
  readonly shared: boolean;
}

const TARGETS: readonly [name: string, form: Form, mode: 'per-client' | 'shared', kinds: readonly Kind[]][] = [
  ['a session each', 'dual', 'per-client', ['streamable', 'sse', 'modern']],
  ['one session', 'dual', 'shared', ['streamable', 'sse', 'modern']],
  ['HTTP+SSE, a session each', 'sse', 'per-client', ['streamable', 'sse']],
];

/** In seconds; short, so that what vanished clients leave is gone while the soak goes on. */
const SESSION_IDLE = 5;
/** After this long nothing that a client has begun is under way any more. */
const SETTLED_MS = 5_000;
/** Descriptors that may stay: connections that are kept for the next call. */
const SLACK = 30;
const KEPT_LINES = 1_000;

export async function soak({ minutes, clients, seed, report }: SoakOptions): Promise<Soaked> {
  const wrong: string[] = [];
  const complain = (line: string): void => {
    if (wrong.length < KEPT_LINES) wrong.push(line);
    report(`WRONG ${line}`);
  };
  const targets: Target[] = [];
  for (const target of TARGETS) targets.push(await prepare(...target));
  const began = performance.now();
  const ends = began + minutes * 60_000;
  let lives = 0;
  let calls = 0;
  let settling: { life: Life; target: Target; since: number }[] = [];

  const collectFaults = (all: boolean): void => {
    const due = settling.filter(({ since }) => all || performance.now() - since > SETTLED_MS);
    settling = settling.filter((one) => !due.includes(one));
    for (const { life, target } of due) {
      calls += life.calls;
      for (const line of life.faults()) complain(`${target.name}: ${line}`);
    }
  };
  const tell = (): void => {
    const seconds = Math.round((performance.now() - began) / 1000);
    const states = targets.map(({ serving, upstream: { ledger } }) => {
      const { memory = 0, descriptors = 0, children = 0 } = stateOf(serving.proxy.pid) ?? {};
      const held = `${ledger.sessionsOpen} sessions, ${ledger.streamsOpen} streams`;
      return `${memory.toFixed(0)} MiB, ${descriptors} descriptors, ${children} children, ${held}`;
    });
    report([`${seconds} s: ${lives} clients, ${calls} calls, ${wrong.length} wrong`, ...states].join(' | '));
  };
  const hand = async (number: number): Promise<void> => {
    const random: Random = seeded(seed * 100_000 + number);
    while (performance.now() < ends) {
      lives += 1;
      const target = random.pick(targets);
      const life = createLife(`client-${lives}`, target, random);
      await life
        .live(random)
        .catch((error: Error) => complain(`${target.name}: ${life.actor.name} could not go on: ${error.message}`));
      settling.push({ life, target, since: performance.now() });
    }
  };

  const collecting = setInterval(() => collectFaults(false), 1_000);
  const telling = setInterval(tell, Math.min(60_000, (minutes * 60_000) / 10));
  try {
    await Promise.all(Array.from({ length: clients }, (_, number) => hand(number)));
  } finally {
    clearInterval(collecting);
    clearInterval(telling);
  }
  for (const target of targets) await settle(target, complain);
  collectFaults(true);
  tell();
  for (const target of targets) await finish(target, complain);
  return { lives, calls, wrong };
}

async function prepare(name: string, form: Form, mode: string, kinds: readonly Kind[]): Promise<Target> {
  const upstream = await startCounting(form);
  const flags = ['--upstream-session', mode, '--session-idle', String(SESSION_IDLE)];
  const serving = await startServing(upstream.url, [
    ...flags,
    '--transport',
    form === 'sse' ? 'sse-only' : 'http-only',
  ]);
  const shared = mode === 'shared';
  const { ledger } = upstream;
  const start = stateOf(serving.proxy.pid);
  const refuses: SoakTarget['refuses'] = ({ kind }) => shared && kind !== 'modern';
  return { name, origin: serving.url, ledger, kinds, refuses, tells: form !== 'sse', upstream, serving, start, shared };
}

/** Everybody has left: what was held for them has to go. */
async function settle(target: Target, complain: (line: string) => void): Promise<void> {
  const { name, ledger, serving, upstream, start, shared } = target;
  const kept = shared ? 1 : 0;
  const subscriptions = (): number =>
    [...upstream.sessions.values()].reduce((sum, one) => sum + one.subscriptions.size, 0);
  await ledger
    .until(
      'everything to be closed',
      ({ sessionsOpen, streamsOpen, callsOpen }) =>
        sessionsOpen <= kept && streamsOpen <= kept && callsOpen === 0 && subscriptions() === 0,
      30_000,
    )
    .catch((error: Error) => complain(`${name}: ${subscriptions()} subscriptions left; ${error.message}`));
  const most = (start?.descriptors ?? 0) + SLACK;
  const state = await stateWhen(serving.proxy.pid, ({ descriptors }) => descriptors <= most, 60_000);
  if (state && state.descriptors > most)
    complain(`${name}: ${state.descriptors} descriptors, ${start?.descriptors} before`);
  if (state && state.children > 0) complain(`${name}: ${state.children} children`);
}

async function finish({ name, ledger, serving, upstream }: Target, complain: (line: string) => void): Promise<void> {
  for (const line of ledger.complaints) complain(`${name}: the server complains: ${line}`);
  for (const nonce of ledger.executions.keys()) complain(`${name}: ${nonce} ran, and nobody called`);
  const { code, signal } = await serving.stop();
  if (code !== 0) complain(`${name}: the program ended with ${signal ?? code}\n${serving.proxy.stderr}`);
  await upstream.close();
}
