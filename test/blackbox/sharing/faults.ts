// Compares what each client received and what the server ran with the expectations. Each message that was lost, doubled
// or delivered to the wrong client is one line.
import type { Arrival } from '../../peers/http/arrivals.ts';
import type { Ledger } from '../../peers/http/ledger.ts';
import type { RpcMessage } from '../../peers/rpc.ts';
import type { Actor } from './actor.ts';
import type { CallRecord, Expectations, Refuses } from './expectations.ts';

interface Heard {
  readonly what: string;
  readonly method: string;
  readonly expected: ReadonlyMap<string, ReadonlySet<Actor>>;
  readonly nonce: (arrival: Arrival) => unknown;
  /** Whether one may come to this client without a nonce. */
  readonly unasked?: (actor: Actor, arrival: Arrival) => boolean;
}

/** An empty list is a clean run. */
export function findFaults(
  actors: readonly Actor[],
  expectations: Expectations,
  ledger: Ledger,
  refuses: Refuses,
): string[] {
  const asked = new Set(expectations.calls.map(({ nonce }) => nonce));
  const strangers = [...ledger.executions.keys()].filter((nonce) => !asked.has(nonce));
  return [
    ...findFaultsOf(actors, expectations, ledger, refuses),
    ...strangers.map((nonce) => `${nonce} ran, and nobody called`),
    ...ledger.complaints,
  ];
}

/** The same, while other clients are at work that the expectations do not cover. */
export function findFaultsOf(
  actors: readonly Actor[],
  expectations: Expectations,
  ledger: Ledger,
  refuses: Refuses,
): string[] {
  const wrong: string[] = [];
  const calls = new Map<Actor, Map<string, CallRecord>>(actors.map((actor) => [actor, new Map()]));
  for (const call of expectations.calls) calls.get(call.actor)?.set(JSON.stringify(call.id), call);
  for (const actor of actors) {
    const own = calls.get(actor) ?? new Map<string, CallRecord>();
    wrong.push(
      ...wrongAnswers(actor, own),
      ...wrongProgress(actor, own),
      ...wrongQuestions(actor, expectations, refuses),
    );
    wrong.push(...actor.conversation.garbage.map((text) => `${actor.name} got what is no message: ${text}`));
    wrong.push(...actor.conversation.refusals.map(({ message }) => `${actor.name} was refused: ${message}`));
    wrong.push(...unknown(actor));
  }
  const heard: Heard[] = [
    {
      what: 'the update',
      method: 'notifications/resources/updated',
      expected: expectations.updates,
      unasked: (actor, { message }) => expectations.announcedUnasked && actor.everSubscribed.has(message.params?.uri),
      nonce: ({ message }) => message.params?._meta?.nonce,
    },
    {
      what: 'the log message',
      method: 'notifications/message',
      expected: expectations.logs,
      nonce: ({ message }) => message.params?.data,
    },
    {
      what: 'the announcement',
      method: 'notifications/tools/list_changed',
      expected: expectations.announcements,
      unasked: () => expectations.announcedUnasked,
      nonce: ({ message }) => message.params?._meta?.nonce,
    },
  ];
  for (const one of heard) wrong.push(...wrongHeard(actors, one));
  return [...wrong, ...wrongExecutions(expectations, ledger), ...wrongOutcomes(expectations, ledger, refuses)];
}

function wrongAnswers(actor: Actor, calls: ReadonlyMap<string, CallRecord>): string[] {
  const wrong: string[] = [];
  const counts = new Map<string, number>();
  for (const { message, text } of actor.conversation.arrivals.all) {
    if (message.method !== undefined) continue;
    const key = JSON.stringify(message.id ?? null);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const call = calls.get(key);
    // The requests that open a client have other ids.
    if (!call) {
      if (message.error || !OPENING.test(key)) wrong.push(`${actor.name} got an answer nobody asked for: ${text}`);
      continue;
    }
    const said = message.result?.content?.[0]?.text ?? questionIn(message)?.params.message;
    if (call.cancelled && message.error) continue;
    if (said !== call.nonce) wrong.push(`${actor.name} asked ${call.nonce} as ${key} and got ${text}`);
  }
  for (const [key, call] of calls) {
    const count = counts.get(key) ?? 0;
    const atLeast = call.cancelled || call.abandoned ? 0 : 1;
    if (count < atLeast) wrong.push(`${actor.name}: ${call.nonce} (${key}) was never answered`);
    if (count > 1) wrong.push(`${actor.name}: ${call.nonce} (${key}) was answered ${count} times`);
  }
  return wrong;
}

/** The question that a server of 2026-07-28 puts into its result. */
function questionIn(message: RpcMessage): RpcMessage | undefined {
  return Object.values((message.result?.inputRequests ?? {}) as Record<string, RpcMessage>)[0];
}

const OPENING = /^"(initialize|level|discover|listen|(un)?subscribe .*)"$/;

function wrongProgress(actor: Actor, calls: ReadonlyMap<string, CallRecord>): string[] {
  const wrong: string[] = [];
  const steps = new Map<string, number[]>();
  const ways = new Map<string, string[]>();
  for (const { message, text, stream } of actor.conversation.arrivals.of('notifications/progress')) {
    // The token of a call is its id.
    const key = JSON.stringify(message.params?.progressToken);
    const call = calls.get(key);
    if (call?.asks && message.params?.message === undefined) continue;
    if (call?.nonce !== message.params?.message) wrong.push(`${actor.name} got progress of another call: ${text}`);
    else if (stream.kind === 'POST' && JSON.stringify(stream.request) !== key) {
      wrong.push(`${actor.name} got progress of ${key} with the answer to ${JSON.stringify(stream.request)}: ${text}`);
    }
    steps.set(key, [...(steps.get(key) ?? []), message.params?.progress]);
    ways.set(key, [...(ways.get(key) ?? []), `${stream.kind} ${stream.number}`]);
  }
  for (const [key, call] of calls) {
    const got = steps.get(key) ?? [];
    const due = Array.from({ length: call.progress }, (_, index) => index + 1);
    const complete = call.abandoned ? due.slice(0, got.length) : due;
    if (got.join() === complete.join()) continue;
    wrong.push(`${actor.name} (${actor.kind}): progress of ${call.nonce} is ${got} by ${ways.get(key)}, not ${due}`);
  }
  return wrong;
}

function wrongQuestions(actor: Actor, expectations: Expectations, refuses: Refuses): string[] {
  const wrong: string[] = [];
  const counts = new Map<unknown, number>();
  for (const { message, text } of actor.conversation.arrivals.of('elicitation/create')) {
    const nonce = message.params?.message as string;
    counts.set(nonce, (counts.get(nonce) ?? 0) + 1);
    if (expectations.questions.get(nonce) !== actor || refuses(actor)) {
      wrong.push(`${actor.name} was asked what is not its question: ${text}`);
    }
  }
  if (refuses(actor) || actor.kind === 'modern') return wrong;
  for (const [nonce, owner] of expectations.questions) {
    const count = counts.get(nonce) ?? 0;
    if (owner === actor && count !== 1) wrong.push(`${actor.name} was asked ${nonce} ${count} times`);
  }
  return wrong;
}

function wrongHeard(
  actors: readonly Actor[],
  { what, method, expected, nonce, unasked = () => false }: Heard,
): string[] {
  const wrong: string[] = [];
  for (const actor of actors) {
    const counts = new Map<string, number>();
    for (const arrival of actor.conversation.arrivals.of(method)) {
      if (nonce(arrival) === undefined && unasked(actor, arrival)) continue;
      const key = String(nonce(arrival));
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (!expected.has(key)) wrong.push(`${actor.name} got ${what} of nobody: ${arrival.text}`);
    }
    for (const [key, hearers] of expected) {
      const count = counts.get(key) ?? 0;
      const due = hearers.has(actor) ? 1 : 0;
      if (count !== due) wrong.push(`${actor.name} got ${what} ${key} ${count} times, not ${due}`);
    }
  }
  return wrong;
}

function wrongExecutions(expectations: Expectations, ledger: Ledger): string[] {
  const wrong: string[] = [];
  const asked = new Map(expectations.calls.map((call) => [call.nonce, call]));
  for (const [nonce, { abandoned }] of asked) {
    const count = ledger.executions.get(nonce) ?? 0;
    if (count > 1 || (count === 0 && !abandoned)) wrong.push(`${nonce} ran ${count} times`);
  }
  for (const [nonce, call] of asked) {
    const count = ledger.cancels.get(nonce) ?? 0;
    if (call.abandoned) continue;
    if (count !== (call.cancelled ? 1 : 0)) wrong.push(`${nonce} was cancelled ${count} times`);
  }
  return wrong;
}

function wrongOutcomes(expectations: Expectations, ledger: Ledger, refuses: Refuses): string[] {
  const wrong: string[] = [];
  for (const [nonce, actor] of expectations.questions) {
    const got = JSON.stringify(ledger.answers.get(nonce) ?? []);
    const due = { action: 'accept', content: { by: actor.name, to: nonce } };
    const right = refuses(actor)
      ? /^\[\{"error":\{"code":-32601,/.test(got)
      : got === JSON.stringify([{ result: due }]);
    if (!right) wrong.push(`the question ${nonce} of ${actor.name} was answered with ${got}`);
  }
  return wrong;
}

const KNOWN = new Set([
  'notifications/progress',
  'notifications/message',
  'notifications/resources/updated',
  'notifications/tools/list_changed',
  'notifications/subscriptions/acknowledged',
  'elicitation/create',
]);

function unknown(actor: Actor): string[] {
  return actor.conversation.arrivals.all
    .filter(({ message }) => message.method !== undefined && !KNOWN.has(message.method))
    .map(({ text }) => `${actor.name} got something unexpected: ${text}`);
}
