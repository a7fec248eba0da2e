/** Sessions that go on at another replica than the one that opened them. */
import { Cancellation } from '../../../core/cancel.ts';
import type { Exchange, Peer, Session } from '../../../core/exchange.ts';
import type { Call, Reply } from '../../../core/jsonrpc.ts';
import { ProxyError } from '../../../errors.ts';
import { replyFrom } from '../../../wire/replies.ts';

/** The answer to calls that a replica had when it ended. */
export const REPLICA_ENDED = new ProxyError(
  'failed',
  'the replica that served this request has ended before the server answered',
  { outcome: 'unknown' },
);

/** What a server gets for its questions to a client that another replica has taken over. */
export const MOVED = new ProxyError('failed', 'another replica serves the client now, so it cannot be asked here');

/** How long the server may take for each request that opens a session again, in milliseconds. */
const LIMIT = 15_000;

/** Asks the server in the name of a client that does not wait for the answer itself. Never rejects. */
export function answerTo(call: Call, client: Peer, server: Session): Promise<Reply> {
  const exchange = unattended(call, client);
  const late = new ProxyError('timeout', 'the server did not answer in time', { outcome: 'unknown' });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      exchange.abort(late);
      resolve(replyFrom(late));
    }, LIMIT);
    const answered = (reply: Reply): void => {
      clearTimeout(timer);
      resolve(reply);
    };
    server.request(exchange).then(answered, (error: Error) => answered(replyFrom(error)));
  });
}

/** Sets again what a client had set. What the server refuses now, it may never have known. */
export async function setAgain(settings: readonly Call[], client: Peer, server: Session): Promise<void> {
  for (const call of settings) await answerTo(call, client, server);
}

/** A request in the name of a client that does not wait for the answer. */
function unattended(call: Call, client: Peer): Exchange {
  const cancellation = new Cancellation();
  return {
    call,
    signal: cancellation.signal,
    abort: (error) => cancellation.abort(error),
    notify: (note) => client.notify(note),
    ask: (question, signal) => client.ask(question, signal),
    room: () => client.room(),
  };
}
