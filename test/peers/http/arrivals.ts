// Every message that reached a client, with the stream that brought it. Nothing is ever removed, so that a test can say
// at the end what must never have come.
import { type RpcId, type RpcMessage, WAIT_MS } from '../rpc.ts';

/** One HTTP response that carries messages: a stream of events, or the JSON body that answers a POST. */
export interface MessageStream {
  /** `POST`, `GET` (the stream of a session), `SSE` (the one stream of revision 2024-11-05). */
  readonly kind: 'POST' | 'GET' | 'SSE';
  /** Counts the HTTP requests of its client. */
  readonly number: number;
  /** The id of the request that a POST carried. */
  readonly request: RpcId | undefined;
  /** Whether it came as events. */
  events: boolean;
  /** Ids of its events so far. */
  readonly eventIds: string[];
}

export interface Arrival {
  readonly message: RpcMessage;
  /** The JSON text as it came. */
  readonly text: string;
  readonly stream: MessageStream;
  /** The `id` of the event that carried it. */
  readonly eventId: string | undefined;
}

export type ArrivalMatcher = string | ((arrival: Arrival) => boolean);

interface Waiter {
  readonly matches: (arrival: Arrival) => boolean;
  settle(outcome: Arrival | Error): void;
}

export class Arrivals {
  /** In order of arrival. */
  readonly all: Arrival[] = [];
  /** Limit of every wait in milliseconds. */
  waitMs = WAIT_MS;

  readonly #untaken = new Set<Arrival>();
  readonly #waiters = new Set<Waiter>();
  readonly #describe: () => string;

  constructor(describe: () => string = () => '') {
    this.#describe = describe;
  }

  add(arrival: Arrival): void {
    this.all.push(arrival);
    for (const waiter of this.#waiters) {
      if (!waiter.matches(arrival)) continue;
      waiter.settle(arrival);
      return;
    }
    this.#untaken.add(arrival);
  }

  /**
   * Takes the first message that matches and that no earlier wait has taken, waiting for it if need be. A string is the
   * method of a notification or of a request of the server.
   */
  next(matcher: ArrivalMatcher): Promise<Arrival> {
    const matches = typeof matcher === 'string' ? (at: Arrival) => at.message.method === matcher : matcher;
    for (const arrival of this.#untaken) {
      if (!matches(arrival)) continue;
      this.#untaken.delete(arrival);
      return Promise.resolve(arrival);
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        matches,
        settle: (outcome) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        },
      };
      const what = typeof matcher === 'string' ? `"${matcher}"` : 'a message the test waits for';
      const timer = setTimeout(
        () => waiter.settle(this.#failure(what, `nothing within ${this.waitMs} ms`)),
        this.waitMs,
      );
      this.#waiters.add(waiter);
    });
  }

  /** Notifications and requests of the server with this method. */
  of(method: string): Arrival[] {
    return this.all.filter(({ message }) => message.method === method);
  }

  /** Answers to a request: a healthy server sends exactly one. */
  answers(id: RpcId): Arrival[] {
    const key = JSON.stringify(id);
    return this.all.filter(({ message }) => message.method === undefined && JSON.stringify(message.id) === key);
  }

  #failure(what: string, reason: string): Error {
    const last = this.all
      .slice(-5)
      .map(({ stream, text }) => `  ${stream.kind} ${stream.number}: ${text.slice(0, 500)}`);
    return new Error(
      [`waited for ${what}: ${reason}`, `last of ${this.all.length} messages:`, ...last, this.#describe()].join('\n'),
    );
  }
}
