// Clients of every kind that cope with replicas that die, as careful clients do: they resume a stream after its last
// event, send an answer again that could not be delivered, and open a new session when theirs has ended.
import type { Arrival } from '../../peers/http/arrivals.ts';
import { type Conversation, HttpRefusal, type Pending } from '../../peers/http/conversation.ts';
import type { Exchange } from '../../peers/http/exchange.ts';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import type { RpcMessage } from '../../peers/rpc.ts';
import { pause } from '../pause.ts';
import { SERVED_BY } from './balancer.ts';
import { ANSWER_LIMIT, type Happened, type Lost, type Outcome } from './outcomes.ts';

export type ReplicaKind = 'streamable' | 'sse' | 'modern';

export interface Call {
  readonly id: number;
  readonly tool: string;
  readonly args: { readonly nonce: string; readonly [name: string]: unknown };
}

export interface ReplicaClient {
  call(call: Call): Promise<Omit<Happened, 'ran'>>;
  /** Its session has ended: a new client must go on. */
  readonly over: boolean;
  close(): Promise<void>;
}

const accept = () => ({ action: 'accept', content: { answer: 'yes' } });
const CAPABILITIES = { elicitation: { form: {} } };
/** Pauses between attempts to deliver or to resume, in milliseconds; and how long to try at all. */
const [RETRY, PATIENCE] = [200, 60_000];

/** @param base the URL of the balancer with the path of the server */
export async function openReplicaClient(kind: ReplicaKind, base: string): Promise<ReplicaClient> {
  if (kind === 'modern') return overModern(new ModernClient(`${base}/mcp`));
  const client = kind === 'sse' ? new PersistentSse(`${base}/sse`) : new PersistentStreamable(`${base}/mcp`);
  client.on('elicitation/create', accept);
  try {
    if (client instanceof PersistentStreamable) {
      await client.initialize('2025-11-25', CAPABILITIES);
      return overStreamable(client);
    }
    const stream = await client.open();
    await client.initialize('2024-11-05', CAPABILITIES);
    return overSse(client, stream);
  } catch (error) {
    client.vanish();
    throw error;
  }
}

class PersistentStreamable extends StreamableClient {
  override deliver(message: object): Promise<void> {
    return persistently(() => super.deliver(message));
  }
}

class PersistentSse extends SseClient {
  override deliver(message: object): Promise<void> {
    return persistently(() => super.deliver(message));
  }
}

/** Delivers something although replicas die. Rejects when a replica refuses it for good. */
async function persistently<T>(deliver: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE;
  for (;;) {
    try {
      return await deliver();
    } catch (error) {
      const isFinal = error instanceof HttpRefusal && error.status < 500;
      if (isFinal || performance.now() > until) throw error;
      await pause(RETRY);
    }
  }
}

function overStreamable(client: PersistentStreamable): ReplicaClient {
  let over = false;
  return {
    get over() {
      return over;
    },
    async call({ id, tool, args }) {
      const outcome = await within(async () => {
        const pending = begun(client, { id, tool, args });
        const first = await outcomeOf(pending, args.nonce);
        if (first.kind !== 'lost') return first;
        const exchange = await pending.response.catch(() => undefined);
        return exchange ? resumed(client, id, exchange, { ...first, nonce: args.nonce }) : first;
      });
      over ||= outcome.kind === 'refused' && outcome.status === 404;
      over ||= client.refusals.some(({ status }) => status === 404);
      return whatHappened(client, args.nonce, [id], outcome);
    },
    close: async () => {
      const leaving = over ? undefined : client.delete();
      await leaving?.catch(() => {});
      client.vanish();
    },
  };
}

/** Gets the rest of a stream on which the answer did not come, or says why that is not possible. */
async function resumed(
  client: StreamableClient,
  id: number,
  broken: Exchange,
  { nonce, ...lost }: Lost & { readonly nonce: string },
): Promise<Outcome> {
  let lastEventId = broken.stream.eventIds.at(-1);
  while (lastEventId !== undefined) {
    const after = lastEventId;
    const exchange = await persistently(() => client.listen({ lastEventId: after })).catch((error: Error) => error);
    if (exchange instanceof Error) {
      const unknown = exchange instanceof HttpRefusal && exchange.status === 404;
      return { ...lost, unknown, how: `${lost.how}; to resume: ${exchange.message}` };
    }
    const end = await exchange.ended;
    const [answer] = client.arrivals.answers(id);
    if (answer) return classified(answer, nonce);
    lastEventId = exchange.stream.eventIds.at(-1) ?? after;
    if (end === 'complete') await pause(RETRY);
  }
  return lost;
}

function overSse(client: SseClient, stream: Exchange): ReplicaClient {
  let over = false;
  void stream.ended.then(() => {
    over = true;
  });
  return {
    get over() {
      return over;
    },
    async call({ id, tool, args }) {
      const outcome = await within(async () => {
        const pending = begun(client, { id, tool, args });
        const found = await outcomeOf(pending, args.nonce);
        const posted = await pending.response.catch(() => undefined);
        if (found.kind !== 'lost' || (posted && posted.status >= 300)) return found;
        // The stream ended with the replica that has the session. The POST may still have got an error.
        await posted?.ended;
        const [answer] = client.arrivals.answers(id);
        return answer ? classified(answer, args.nonce) : { ...found, by: servedBy(stream) };
      });
      over ||= outcome.kind === 'refused' && outcome.status === 404;
      return whatHappened(client, args.nonce, [id], outcome, isOnStream);
    },
    close: async () => client.vanish(),
  };
}

/** Clients of HTTP+SSE do not read what a POST is answered with. */
function isOnStream({ stream }: Arrival): boolean {
  return stream.kind === 'SSE';
}

function overModern(client: ModernClient): ReplicaClient {
  client.capabilities = CAPABILITIES;
  return {
    over: false,
    async call({ id, tool, args }) {
      const ids = [id];
      const outcome = await within(async () => {
        const first = begun(client, { id, tool, args });
        const { message } = await first.answer.catch(() => ({ message: undefined }));
        const { resultType, inputRequests, requestState } = message?.result ?? {};
        if (resultType !== 'input_required') return outcomeOf(first, args.nonce);
        // The call goes on with the answers of the user, at whichever replica.
        const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, accept()]));
        const until = performance.now() + PATIENCE;
        for (let next = id + ANSWERED; ; next += ANSWERED) {
          ids.push(next);
          const more = { inputResponses, requestState };
          const outcome = await outcomeOf(begun(client, { id: next, tool, args }, more), args.nonce);
          if (outcome.kind !== 'refused') return outcome;
          // The call has run already, so that only its own answer, or an error, may end it.
          if (outcome.status !== 503 || performance.now() > until) return { kind: 'late' };
          await pause(RETRY);
        }
      });
      return whatHappened(client, args.nonce, ids, outcome);
    },
    close: async () => client.vanish(),
  };
}

/** Added to the id of a call that goes on with answers. */
const ANSWERED = 100_000;

function begun(client: Conversation, { id, tool, args }: Call, more: object = {}): Pending {
  const params = { name: tool, arguments: args, _meta: { progressToken: args.nonce }, ...more };
  return client.begin('tools/call', params, id);
}

async function outcomeOf(pending: Pending, nonce: string): Promise<Outcome> {
  try {
    return classified(await pending.answer, nonce, await pending.response.catch(() => undefined));
  } catch (error) {
    const exchange = await pending.response.catch(() => undefined);
    const by = exchange && servedBy(exchange);
    const how = `${(error as Error).message}; its POST: ${exchange ? `${exchange.status} by ${by}` : 'no response'}`;
    // What the balancer says of a replica that has broken the connection.
    if (exchange && exchange.status >= 300 && !(exchange.status === 502 && by !== undefined))
      return { kind: 'refused', status: exchange.status };
    return { kind: 'lost', by, how };
  }
}

function classified({ message, text, stream }: Arrival, nonce: string, exchange?: Exchange): Outcome {
  const isOnPost = exchange !== undefined && stream === exchange.stream;
  if (message.error)
    return isOnPost && exchange.status >= 300 ? { kind: 'refused', status: exchange.status } : { kind: 'error' };
  return text.includes(nonce) ? { kind: 'result' } : { kind: 'foreign', text: text.slice(0, 200) };
}

function servedBy(exchange: Exchange): string | undefined {
  const by = exchange.headers[SERVED_BY];
  return typeof by === 'string' ? by : undefined;
}

async function within(find: () => Promise<Outcome>): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'late' }), ANSWER_LIMIT);
  });
  const outcome = await Promise.race([find(), late]);
  clearTimeout(timer);
  return outcome;
}

function whatHappened(
  client: Conversation,
  nonce: string,
  ids: readonly number[],
  outcome: Outcome,
  counts: (answer: Arrival) => boolean = () => true,
): Omit<Happened, 'ran'> {
  const progress = client.arrivals.of('notifications/progress').flatMap(({ message }) => {
    const { progressToken, progress: step, message: from } = message.params as NonNullable<RpcMessage['params']>;
    return progressToken === nonce ? [{ step: step as number, nonce: from as string }] : [];
  });
  const answers = Math.max(...ids.map((id) => client.arrivals.answers(id).filter(counts).length));
  const late = outcome.kind === 'late' ? { ...outcome, seen: seenBy(client) } : outcome;
  return { nonce, outcome: late, answers, progress };
}

/** The questions that a client got and on which streams, and what it was refused. */
function seenBy({ arrivals, refusals }: Conversation): string {
  const questions = arrivals.of('elicitation/create').map(({ stream, eventId }) => `${stream.kind} ${eventId ?? ''}`);
  return `questions: ${questions.join(', ') || 'none'}; refused: ${refusals.map(({ message }) => message).join(', ') || 'nothing'}`;
}
