// A bad day: clients of every kind call tools, while the network fails, servers forget their sessions and processes are
// frozen, in an order that a seed decides. Whatever happens, each request gets exactly one answer, and it is its own;
// no tool runs twice; and when the faults end, the next call works.
import { type ProcessState, stateOf, stateWhen } from '../blackbox/sharing/process-state.ts';
import { type CountingServer, type Form, startCounting } from '../peers/http/counting-server.ts';
import { type Serving, startServing } from '../peers/http/serving.ts';
import { type Random, seeded } from '../unit/core/random.ts';
import { type ChaosClient, type Kind, openClient } from './clients.ts';
import { type FragileNetwork, fragileNetwork } from './fragile-network.ts';
import { NETWORK_FAULTS, networkFault } from './network-fault.ts';
import { pause } from './pause.ts';

export interface ChaosOptions {
  readonly minutes: number;
  /** At the same time. */
  readonly clients: number;
  readonly seed: number;
  readonly report: (line: string) => void;
}

export interface Survived {
  readonly calls: number;
  readonly succeeded: number;
  readonly faults: number;
  /** What went wrong, one line for each. */
  readonly wrong: readonly string[];
}

interface Target {
  readonly name: string;
  readonly upstream: CountingServer;
  readonly network: FragileNetwork;
  readonly serving: Serving;
  readonly kinds: readonly Kind[];
  readonly start: ProcessState | undefined;
}

const TARGETS: readonly [form: Form, kinds: readonly Kind[]][] = [
  ['streamable', ['streamable', 'sse', 'modern', 'stdio', 'stdio modern']],
  ['modern', ['streamable', 'modern', 'stdio', 'stdio modern']],
  ['sse', ['streamable', 'sse', 'stdio']],
];

/** An answer must come within this time, in milliseconds; the proxy gives up far earlier. */
const ANSWER_LIMIT = 120_000;
/** Calls of one client, before another one takes its place. */
const CALLS = 20;
/** In MiB, beyond what a proxy has at its start. */
const MEMORY = 250;
const SLACK = 60;

export async function chaos({ minutes, clients, seed, report }: ChaosOptions): Promise<Survived> {
  const wrong: string[] = [];
  const complain = (line: string): void => {
    if (wrong.length < 1_000) wrong.push(line);
    report(`WRONG ${line}`);
  };
  const targets: Target[] = [];
  for (const [form, kinds] of TARGETS) targets.push(await prepare(form, kinds));
  const ends = performance.now() + minutes * 60_000;
  const counts = { calls: 0, succeeded: 0, faults: 0 };
  let nonces = 0;

  const hand = async (number: number): Promise<void> => {
    const random = seeded(seed * 1_000 + number);
    while (performance.now() < ends) {
      const target = random.pick(targets);
      const kind = random.pick(target.kinds);
      const who = `${kind} client of a ${target.name} server`;
      const client = await openClient(kind, target.serving, target.network.url).catch((error: Error) => error);
      // The opening met a fault, and its error is the one answer.
      if (client instanceof Error) continue;
      for (let id = 100; id < 100 + CALLS && performance.now() < ends; id++) {
        counts.calls += 1;
        const nonce = `n-${seed}-${++nonces}`;
        const outcome = await called(client, id, nonce, random);
        if (outcome === 'result') counts.succeeded += 1;
        const ran = target.upstream.ledger.executions.get(nonce) ?? 0;
        for (const line of judge(outcome, ran, client.answers(id))) complain(`${who}, ${nonce}: ${line}`);
      }
      await client.close().catch((error: Error) => complain(`${who} could not leave: ${error.message}`));
    }
  };
  const weather = async (): Promise<void> => {
    const random = seeded(seed);
    while (performance.now() < ends) {
      await pause(100 + random.int(900));
      counts.faults += 1;
      await strike(random.pick(targets), random);
    }
  };
  const telling = setInterval(
    () => report(JSON.stringify({ ...counts, wrong: wrong.length })),
    Math.min(60_000, minutes * 6_000),
  );
  await Promise.all([weather(), ...Array.from({ length: clients }, (_, number) => hand(number))]);
  clearInterval(telling);
  for (const target of targets) await calm(target, complain);
  return { ...counts, wrong };
}

async function prepare(form: Form, kinds: readonly Kind[]): Promise<Target> {
  const upstream = await startCounting(form);
  const network = await fragileNetwork(upstream.url);
  const serving = await startServing(network.url, ['--session-idle', '5']);
  return { name: form, upstream, network, serving, kinds, start: stateOf(serving.proxy.pid) };
}

/** One fault. */
async function strike({ upstream, network, serving }: Target, random: Random): Promise<void> {
  const fault = NETWORK_FAULTS[random.int(NETWORK_FAULTS.length + 1)];
  if (fault !== undefined) return void networkFault(upstream, network, random, fault);
  // A laptop that sleeps: the network does not wait for it.
  serving.proxy.kill('SIGSTOP');
  await pause(50 + random.int(1_000));
  if (random.chance(0.5)) network.cut();
  serving.proxy.kill('SIGCONT');
}

type Outcome = 'result' | 'error' | 'foreign' | 'late' | Error;

async function called(client: ChaosClient, id: number, nonce: string, random: Random): Promise<Outcome> {
  const tool = random.pick(client.asks ? ['echo', 'progress', 'ask'] : ['echo', 'progress']);
  const args = { nonce, delay: random.int(150), steps: 3 };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ANSWER_LIMIT);
  });
  const answer = client.call(id, tool, args).then(
    (message): Outcome => {
      if (message.error) return 'error';
      return JSON.stringify(message.result).includes(nonce) ? 'result' : 'foreign';
    },
    (error: Error): Outcome => error,
  );
  const outcome = await Promise.race([answer, late]);
  clearTimeout(timer);
  return outcome;
}

/** What is wrong with a call that ran so many times and got so many answers. */
export function judge(outcome: Outcome, ran: number, answers: number): string[] {
  const wrong: string[] = [];
  if (outcome === 'late') wrong.push(`it got no answer within ${ANSWER_LIMIT / 1_000} s`);
  if (outcome instanceof Error) wrong.push(`it can get no answer: ${outcome.message}`);
  if (outcome === 'foreign') wrong.push('it got the answer of another call');
  if (answers > 1) wrong.push(`it got ${answers} answers`);
  if (ran > 1) wrong.push(`it ran ${ran} times`);
  if (outcome === 'result' && ran !== 1) wrong.push(`it has a result, and ran ${ran} times`);
  return wrong;
}

/** The faults are over: a call of every kind of client works, and nothing is left behind. */
async function calm(target: Target, complain: (line: string) => void): Promise<void> {
  const { name, network, serving, upstream, kinds, start } = target;
  network.heal();
  for (const kind of kinds) {
    const nonce = `calm-${kind}`;
    try {
      const client = await openClient(kind, serving, network.url);
      const outcome = await called(client, 1_000, nonce, seeded(1));
      for (const line of judge(outcome, upstream.ledger.executions.get(nonce) ?? 0, 1))
        complain(`${name}, ${kind}, after the faults: ${line}`);
      if (outcome !== 'result') complain(`${name}: a call of a ${kind} client fails after the faults`);
      await client.close();
    } catch (error) {
      complain(`${name}: a ${kind} client cannot be opened after the faults: ${(error as Error).message}`);
    }
  }
  const fits = (state: ProcessState): boolean =>
    state.descriptors <= (start?.descriptors ?? 0) + SLACK && state.memory <= (start?.memory ?? 0) + MEMORY;
  const state = await stateWhen(serving.proxy.pid, fits, 60_000);
  if (state && !fits(state))
    complain(`${name}: the proxy is left with ${JSON.stringify(state)}, at its start ${JSON.stringify(start)}`);
  const exit = await serving.stop();
  if (exit.code !== 0) complain(`${name}: the proxy ended with ${JSON.stringify(exit)}`);
  await network.close();
  await upstream.close();
}
