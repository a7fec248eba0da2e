// Many clients for a long time: they connect to every endpoint, in front of servers of every kind, local ones among
// them, of the same era and of the other, with a session each or one for all. Every message that is lost, doubled or
// misdelivered is written down.

import type { Kind } from '../blackbox/sharing/actor.ts';
import { type ProcessState, stateOf, stateWhen } from '../blackbox/sharing/process-state.ts';
import { type Form, startCounting } from '../peers/http/counting-server.ts';
import type { CountingSession } from '../peers/http/counting-session.ts';
import type { Ledger } from '../peers/http/ledger.ts';
import { type Serving, startServing } from '../peers/http/serving.ts';
import { startLocalCounting } from '../peers/local/counting-local.ts';
import { type Random, seeded } from '../unit/core/random.ts';
import { createLife, type Life, type SoakTarget } from './life.ts';

export interface SoakOptions {
  readonly minutes: number;
  /** At the same time. */
  readonly clients: number;
  readonly seed: number;
  /** One line of progress. */
  readonly report: (line: string) => void;
}

export interface Soaked {
  readonly lives: number;
  readonly calls: number;
  /** What went wrong, one line for each fault. An empty list is a clean run. */
  readonly wrong: readonly string[];
}

interface Target extends SoakTarget {
  readonly upstream: Upstream;
  readonly serving: Serving;
  readonly start: ProcessState | undefined;
  /** Sessions with the server that stay open: those of no client in particular. */
  readonly kept: number;
}

interface Upstream {
  readonly ledger: Ledger;
  readonly sessions: ReadonlyMap<string, CountingSession>;
  close(): Promise<void>;
}

interface Plan {
  readonly name: string;
  readonly form: Form | 'local';
  readonly mode: 'per-client' | 'shared';
  readonly kinds: readonly Kind[];
}

const ALL: readonly Kind[] = ['streamable', 'sse', 'modern'];
const PLANS: readonly Plan[] = [
  { name: 'a session each', form: 'dual', mode: 'per-client', kinds: ALL },
  { name: 'one session', form: 'dual', mode: 'shared', kinds: ALL },
  { name: 'HTTP+SSE, a session each', form: 'sse', mode: 'per-client', kinds: ['streamable', 'sse'] },
  { name: 'clients of 2026-07-28 of a server of 2025', form: 'streamable', mode: 'per-client', kinds: ['modern'] },
  {
    name: 'clients of 2025 of a server of 2026-07-28',
    form: 'modern',
    mode: 'per-client',
    kinds: ['streamable', 'sse'],
  },
  { name: 'local servers', form: 'local', mode: 'per-client', kinds: ['streamable', 'sse'] },
];

/** In seconds; short, so that what vanished clients leave is gone during the soak. */
const SESSION_IDLE = 5;
/** After this time, nothing that a client has begun is under way any more. */
const SETTLED_MS = 5_000;
/** Descriptors that may stay: connections that are kept for the next call. */
const SLACK = 30;
const KEPT_LINES = 1_000;
/** More than there are clients at a time, because a child stays until its session is idle. */
const MAX_CHILDREN = 1_000;

export async function soak({ minutes, clients, seed, report }: SoakOptions): Promise<Soaked> {
  const wrong: string[] = [];
  const complain = (line: string): void => {
    if (wrong.length < KEPT_LINES) wrong.push(line);
    report(`WRONG ${line}`);
  };
  const targets: Target[] = [];
  for (const plan of PLANS) targets.push(await prepare(plan));
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

async function prepare({ name, form, mode, kinds }: Plan): Promise<Target> {
  const flags = ['--upstream-session', mode, '--session-idle', String(SESSION_IDLE)];
  const { upstream, serving } = form === 'local' ? await prepareLocal(flags) : await prepareRemote(form, flags);
  const shared = mode === 'shared';
  const { ledger } = upstream;
  // A session for all, or the one that the proxy opens for clients of 2026-07-28.
  const kept = shared || form === 'streamable' ? 1 : 0;
  const start = stateOf(serving.proxy.pid);
  const refuses: SoakTarget['refuses'] = ({ kind }) => shared && kind !== 'modern';
  const tells = form !== 'sse' && form !== 'local';
  return { name, origin: serving.url, ledger, kinds, refuses, tells, upstream, serving, start, kept };
}

async function prepareRemote(form: Form, flags: readonly string[]): Promise<Pick<Target, 'upstream' | 'serving'>> {
  const upstream = await startCounting(form);
  const transport = form === 'sse' ? 'sse-only' : 'http-only';
  return { upstream, serving: await startServing(upstream.url, [...flags, '--transport', transport]) };
}

async function prepareLocal(flags: readonly string[]): Promise<Pick<Target, 'upstream' | 'serving'>> {
  const upstream = await startLocalCounting();
  const args = [...flags, '--max-children', String(MAX_CHILDREN), '--', ...upstream.command];
  return { upstream, serving: await startServing(undefined, args) };
}

/** All clients have left: nothing must be held for them any more. */
async function settle(target: Target, complain: (line: string) => void): Promise<void> {
  const { name, ledger, serving, upstream, start, kept } = target;
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
  const state = await stateWhen(
    serving.proxy.pid,
    ({ descriptors, children }) => descriptors <= most && children === 0,
    60_000,
  );
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
