// The calls of one client: several at a time, in an order and with delays that a seed decides.

import type { Pending } from '../../peers/http/conversation.ts';
import type { ToolArguments } from '../../peers/http/counting-tools.ts';
import type { Ledger } from '../../peers/http/ledger.ts';
import type { RpcMessage } from '../../peers/rpc.ts';
import type { Random } from '../../unit/core/random.ts';
import { type Actor, COMMON } from './actor.ts';
import type { CallRecord, Expectations } from './expectations.ts';

/** Which clients get a log message that belongs to a call, or to none. */
export type Hearers = (owner: Actor, level: string, on: 'call' | 'session') => ReadonlySet<Actor>;

export interface Workload {
  readonly actors: readonly Actor[];
  readonly expectations: Expectations;
  readonly ledger: Ledger;
  readonly hearers: Hearers;
  /** What a cancelled call of a session does to its response: a proxy ends it, and the server itself leaves it open. */
  readonly cancelledEnds: boolean;
  /** Whether the server is to ask a client something. */
  readonly asks?: (actor: Actor) => boolean;
  /** Whether the server is to log for a client. */
  readonly logs?: (actor: Actor) => boolean;
}

export type Action = (actor: Actor, workload: Workload, random: Random) => Promise<void>;

const LOG_LEVELS = ['debug', 'info', 'warning', 'error', 'critical'];
const MAX_DELAY = 25;

export const echo: Action = async (actor, workload, random) => {
  const as = random.pick(['json', 'events'] as const);
  await start(actor, workload, 'echo', { delay: random.int(MAX_DELAY), as }).pending.answer;
};

export const progress: Action = async (actor, workload, random) => {
  const steps = 1 + random.int(4);
  await start(actor, workload, 'progress', { delay: random.int(MAX_DELAY), steps }, { progress: steps }).pending.answer;
};

/** Cancels once the call is known to run: if the cancellation overtakes the call, nothing is defined. */
export const cancel: Action = async (actor, workload) => {
  const { client } = actor;
  const { pending, record } = start(actor, workload, 'wait', {}, { progress: 1, cancelled: true });
  await client.arrivals.next(({ message }) => {
    return message.method === 'notifications/progress' && message.params.message === record.nonce;
  });
  if (actor.kind === 'modern') pending.abandon();
  else await client.cancel(pending.id);
  await workload.ledger.until(`${record.nonce} to be cancelled`, ({ cancels }) => cancels.has(record.nonce));
  if (actor.kind !== 'streamable') return;
  if (!workload.cancelledEnds) pending.abandon();
  await (await pending.response).ended;
};

export const ask: Action = async (actor, workload, random) => {
  if (workload.asks?.(actor) === false) return echo(actor, workload, random);
  const nonce = actor.nonce();
  workload.expectations.questions.set(nonce, actor);
  // Clients of 2026-07-28 share the sessions that the proxy opens for them, so that only the call tells whose question
  // it is.
  const on = actor.kind === 'modern' ? 'call' : random.pick(['call', 'session'] as const);
  const given = { nonce, delay: random.int(MAX_DELAY), on };
  const first = start(actor, workload, 'ask', given, { asks: true });
  const { message } = await first.pending.answer;
  if (message.result?.resultType !== 'input_required') return;
  // The server calls its question "question"; a bridge has a name of its own.
  const [[key, question] = []] = Object.entries(message.result.inputRequests as Record<string, RpcMessage>);
  const answer = { action: 'accept', content: { by: actor.name, to: question?.params.message } };
  const more = { inputResponses: { [String(key)]: answer }, requestState: message.result.requestState };
  // The same request again, as the specification says.
  await start(actor, workload, 'ask', given, { asks: true }, more).pending.answer;
};

export async function log(actor: Actor, workload: Workload, random: Random, on: 'call' | 'session'): Promise<void> {
  const nonce = actor.nonce();
  const level = random.pick(LOG_LEVELS);
  workload.expectations.logs.set(nonce, workload.hearers(actor, level, on));
  await start(actor, workload, 'log', { nonce, level, on, delay: random.int(MAX_DELAY) }).pending.answer;
}

const logSomewhere: Action = (actor, workload, random) =>
  workload.logs?.(actor) === false
    ? echo(actor, workload, random)
    : log(actor, workload, random, actor.kind === 'modern' ? 'call' : random.pick(['call', 'session']));

/** Changes a resource: the client's own, another client's, or the one of all. */
const touch: Action = async (actor, workload, random) => {
  const uri = random.chance(0.3) ? COMMON : `count://${random.pick(workload.actors).name}`;
  await touchOne(actor, workload, uri);
};

export async function touchOne(actor: Actor, workload: Workload, uri: string): Promise<void> {
  const nonce = actor.nonce();
  workload.expectations.updates.set(
    nonce,
    new Set(workload.actors.filter(({ subscriptions }) => subscriptions.has(uri))),
  );
  await start(actor, workload, 'touch', { nonce, uri }).pending.answer;
}

/** All clients are told, on the stream that carries changes: everything before it on that stream has arrived. */
export async function announce(actor: Actor, workload: Workload): Promise<void> {
  const nonce = actor.nonce();
  workload.expectations.announcements.set(nonce, new Set(workload.actors));
  const everybody = workload.actors.map(({ client }) =>
    client.arrivals.next(({ message }) => {
      return message.method === 'notifications/tools/list_changed' && message.params?._meta?.nonce === nonce;
    }),
  );
  await start(actor, workload, 'announce', { nonce }).pending.answer;
  await Promise.all(everybody);
}

const DEEDS: readonly Action[] = [echo, echo, echo, progress, progress, cancel, ask, logSomewhere, touch];

/** Makes this many calls, some at the same time. */
export async function work(actor: Actor, workload: Workload, random: Random, count: number, atOnce = 4): Promise<void> {
  let left = count;
  const hand = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await random.pick(DEEDS)(actor, workload, random);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, hand));
}

interface Started {
  readonly pending: Pending;
  readonly record: CallRecord;
}

/** Begins a call, and writes it down before it is sent. */
export function start(
  actor: Actor,
  { expectations }: Pick<Workload, 'expectations'>,
  name: string,
  given: Partial<ToolArguments>,
  due: { progress?: number; cancelled?: boolean; asks?: boolean } = {},
  more: object = {},
): Started {
  const id = actor.id();
  const nonce = given.nonce ?? actor.nonce();
  const { progress: steps = 0, cancelled = false, asks = false } = due;
  const record = expectations.called({ actor, id, nonce, progress: steps, cancelled, asks });
  const level = actor.kind === 'modern' && actor.level !== undefined;
  const meta = { progressToken: id, ...(level ? { 'io.modelcontextprotocol/logLevel': actor.level } : {}) };
  const params = { name, arguments: { ...given, nonce }, _meta: meta, ...more };
  return { pending: actor.conversation.begin('tools/call', params, id), record };
}
