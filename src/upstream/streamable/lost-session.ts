/** Finds out whether a session is lost, and opens it again, once for all requests that met the loss. */
import { type Call, errorCode, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { QuietPeriod } from '../../core/timer.ts';
import { ProxyError, unsent } from '../../errors.ts';
import { PING } from '../../mcp/handshake.ts';
import { listChanges } from '../../mcp/list-changes.ts';
import { nextAttempt } from '../backoff.ts';
import type { Journal } from '../journal.ts';
import { type Outcome, replyOf } from '../outcome.ts';

/** The error for a refusal that comes of another server at the URL, of another era; undefined when it does not. */
export type Replaced<S> = (session: S, outcome: Outcome) => Promise<Error | undefined>;

export interface RecoveryOptions {
  /** The session's current id. */
  readonly session: () => string | undefined;
  /** Sends a request of the session itself. */
  readonly ask: (call: Call, unasked?: boolean) => Promise<Outcome>;
  readonly tell: (call: Call) => Promise<void>;
  /** See {@link Replaced}. */
  readonly replaced: (outcome: Outcome) => Promise<Error | undefined>;
  /** Called as soon as the new session may be listened to. */
  readonly reopened: () => void;
  /** Sends the client a notification. */
  readonly notify: (call: Call) => Promise<void> | undefined;
  readonly journal: Journal;
  readonly log: Log;
}

export class Recovery {
  readonly #options: RecoveryOptions;
  /** Pings in progress, by the refusal that they must confirm: one for all requests that met it. */
  readonly #checks = new Map<string, Promise<boolean>>();
  /** The session that was proven lost, and the refusal that proved it. */
  #lost: { session: string; sign: string } | undefined;
  /**
   * Settles when the session is open again; undefined when it is not being opened. Resolves with false when that failed
   * for a request that no client waits for.
   */
  reopening: Promise<boolean> | undefined;

  /** How many sessions in a row were opened and never served a request. */
  #fruitless = 0;
  /** The pause before another session is opened. */
  readonly #quiet = new QuietPeriod();
  /** Whether the user was told what may be wrong with a load balancer. */
  #warned = false;
  /** Whether the server has refused its stream until a user signs in: the next answer proves that one has. */
  unheard = false;
  /** Notifications for the client, sent as soon as the new session has shown that it works. */
  #news: Call[] = [];

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /**
   * Whether a request whose outcome {@link mayMeanLost} met a lost session that is now open
   * again, so that it may be sent once more. Rejects with a ProxyError when the session is lost
   * for good.
   */
  async recovered(outcome: Outcome, session: string, unasked?: boolean): Promise<boolean> {
    const sign = signOf(outcome);
    if (this.#lost?.session !== session || this.#lost.sign !== sign) {
      // Any other refusal, or one of a session that is gone, is the server's answer.
      if (this.reopening || this.#options.session() !== session || this.#quiet.left > 0) return false;
      if (!(await this.#isLost(sign, unasked))) {
        this.#suspectReplicas(outcome);
        return false;
      }
      if (this.#lost?.session !== session) this.#lost = { session, sign };
    }
    for (;;) {
      if (!this.reopening) {
        if (this.#options.session() !== session) return true;
        if (this.#quiet.left > 0) return false;
        this.reopening = this.#reopen(unasked)
          .then(() => true)
          .catch((error: unknown) => {
            if (unasked) return false;
            throw unsent(error);
          })
          .finally(() => {
            this.reopening = undefined;
          });
      }
      const isOpen = await this.reopening;
      // What failed because no client had asked for it may succeed for one.
      if (isOpen || unasked) return isOpen;
    }
  }

  /**
   * Rejects when a request was refused because another server, of another era, answers at the URL now. A server that
   * answers a ping has refused the request itself.
   */
  async unlessReplaced(outcome: Outcome, session: string | undefined, unasked?: boolean): Promise<void> {
    const { ask, replaced } = this.#options;
    if (this.reopening || this.#options.session() !== session) return;
    const ping = await ask(PING, unasked).catch(() => undefined);
    const other = ping?.kind === 'refused' ? await replaced(outcome) : undefined;
    if (other) throw other;
  }

  /** Notes the outcome of an ordinary request: an answer proves the session. Returns the outcome. */
  proved(outcome: Outcome): Outcome {
    if (outcome.kind === 'refused' || (this.#fruitless === 0 && !this.unheard)) return outcome;
    if (this.unheard) this.#options.reopened();
    this.unheard = false;
    this.#fruitless = 0;
    this.#quiet.end();
    for (const note of this.#news.splice(0)) this.#options.notify(note);
    return outcome;
  }

  /**
   * Whether the server no longer knows the session. A refusal alone proves nothing: a server may
   * run a call and refuse it afterwards, and running it again would be worse than any error. So
   * the proxy sends a ping to a server that refuses. Only if the server refuses the ping in the
   * very same way, the session is what it does not know (specification 2025-11-25, "Session
   * Management").
   */
  #isLost(sign: string, unasked?: boolean): Promise<boolean> {
    // A check for a client may sign in, so its result may differ.
    const key = `${unasked === true} ${sign}`;
    const known = this.#checks.get(key);
    if (known) return known;
    const check = this.#options
      .ask(PING, unasked)
      .then(
        (answer) => mayMeanLost(PING, answer) && signOf(answer) === sign,
        () => false,
      )
      .finally(() => this.#checks.delete(key));
    this.#checks.set(key, check);
    return check;
  }

  /** HTTP 404 says that the session is unknown; a server that knows it right after that is more than one. */
  #suspectReplicas(outcome: Outcome): void {
    if (this.#warned || outcome.kind !== 'refused' || outcome.status !== 404) return;
    this.#warned = true;
    this.#options.log.warn(
      'the server knows the session at one time and not at another: if it has several replicas, its load balancer must lead each session to one of them (sticky sessions)',
    );
  }

  /** Opens a new session and repeats to it the messages of the old one. */
  async #reopen(unasked?: boolean): Promise<void> {
    const { ask, tell, replaced, journal, log } = this.#options;
    const { initialize, initialized, requests } = journal;
    if (!initialize) throw new ProxyError('failed', 'the upstream has lost the session');
    log.info('the server has lost the session; opening a new one');
    const outcome = await ask(initialize, unasked);
    const other = outcome.kind === 'refused' ? await replaced(outcome) : undefined;
    if (other) throw other;
    const reply = replyOf(outcome);
    if ('error' in reply) throw new ProxyError('failed', 'the upstream has lost the session and refuses a new one');
    this.#fruitless++;
    // A server that keeps losing sessions gets longer and longer pauses.
    this.#quiet.begin(nextAttempt({ kind: 'failed' }, this.#fruitless, 0) ?? 0);
    if (initialized) await tell(initialized);
    for (const call of requests) await ask(call, unasked).catch(() => undefined);
    this.#options.reopened();
    // If they were sent at once, the client would ask again, and a server that loses every session would loop.
    this.#news = [...listChanges(reply.result), ...journal.updates];
  }
}

/**
 * Whether servers give this outcome of a call for a session that they do not know; credentials
 * are another matter.
 */
export function mayMeanLost(call: Call, outcome: Outcome): boolean {
  if (call.method === 'initialize') return false;
  const code = codeOf(outcome);
  // A server that looks at the method or its parameters knows the session.
  if (code === METHOD_NOT_FOUND || code === INVALID_PARAMS) return false;
  if (outcome.kind === 'answered') return code === INVALID_REQUEST;
  return outcome.status === 404 || outcome.status === 400 || (outcome.status === 401 && !outcome.challenged);
}

function codeOf(outcome: Outcome): number | undefined {
  return outcome.reply && errorCode(outcome.reply);
}

/** What makes one refusal the same as another. */
function signOf(outcome: Outcome): string {
  return `${outcome.kind === 'refused' ? outcome.status : 200} ${codeOf(outcome)}`;
}
