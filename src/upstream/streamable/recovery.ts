/** Finds out whether a session is lost, and opens it again, once for all requests that met the loss. */
import { type Call, errorCode, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';
import { PING } from '../../mcp/handshake.ts';
import { nextAttempt } from '../backoff.ts';
import { type Journal, listChanges } from '../journal.ts';
import { type Outcome, replyOf } from '../outcome.ts';

export interface RecoveryOptions {
  /** The session's present id. */
  readonly session: () => string | undefined;
  /** Sends a request of the session itself. */
  readonly ask: (call: Call) => Promise<Outcome>;
  readonly tell: (call: Call) => Promise<void>;
  /** Called as soon as the new session may be listened to. */
  readonly reopened: () => void;
  /** Tells the client something. */
  readonly notify: (call: Call) => Promise<void> | undefined;
  readonly journal: Journal;
  readonly log: Log;
}

export class Recovery {
  readonly #options: RecoveryOptions;
  /** Pings under way, by the refusal they are to confirm: one for all requests that met it. */
  readonly #checks = new Map<string, Promise<boolean>>();
  /** The session that was proven lost, and the refusal that proved it. */
  #lost: { session: string; sign: string } | undefined;
  /** Settles when the session is open again; undefined when it is not being opened. */
  reopening: Promise<void> | undefined;

  /** Sessions in a row that were opened and never served a request. */
  #fruitless = 0;
  #notBefore = 0;
  /** What the client is told as soon as the new session has shown that it works. */
  #news: Call[] = [];

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /**
   * Whether a request whose outcome {@link mayMeanLost} met a lost session that is open again
   * now, so that it may be sent once more. Rejects with a ProxyError when the session is lost
   * for good.
   */
  async recovered(outcome: Outcome, session: string): Promise<boolean> {
    const sign = signOf(outcome);
    if (this.#lost?.session !== session || this.#lost.sign !== sign) {
      // Another refusal than the one that was proven, or of a session that is gone, is the server's answer.
      if (this.reopening || this.#options.session() !== session || Date.now() < this.#notBefore) return false;
      if (!(await this.#isLost(sign))) return false;
      if (this.#lost?.session !== session) this.#lost = { session, sign };
    }
    if (!this.reopening && this.#options.session() === session) {
      if (Date.now() < this.#notBefore) return false;
      this.reopening = this.#reopen().finally(() => {
        this.reopening = undefined;
      });
    }
    await this.reopening;
    return true;
  }

  /** Notes what came of an ordinary request: one that was answered proves the session. Returns the outcome. */
  proved(outcome: Outcome): Outcome {
    if (outcome.kind === 'refused' || this.#fruitless === 0) return outcome;
    this.#fruitless = 0;
    this.#notBefore = 0;
    for (const note of this.#news.splice(0)) this.#options.notify(note);
    return outcome;
  }

  /**
   * Whether the server no longer knows the session. A refusal alone proves nothing: a call
   * that ran may be refused afterwards, and running it again would be worse than any error.
   * So a server that refuses is asked for a ping; only when it refuses that in the very same
   * way, it is the session that it does not know (specification 2025-11-25, "Session Management").
   */
  #isLost(sign: string): Promise<boolean> {
    const known = this.#checks.get(sign);
    if (known) return known;
    const check = this.#options
      .ask(PING)
      .then(
        (answer) => mayMeanLost(PING, answer) && signOf(answer) === sign,
        () => false,
      )
      .finally(() => this.#checks.delete(sign));
    this.#checks.set(sign, check);
    return check;
  }

  /** Opens a new session and tells it what the old one had been told. */
  async #reopen(): Promise<void> {
    const { ask, tell, journal, log } = this.#options;
    const { initialize, initialized, requests } = journal;
    if (!initialize) throw new ProxyError('failed', 'the upstream has lost the session');
    log.info('the server has lost the session; opening a new one');
    const reply = replyOf(await ask(initialize));
    if ('error' in reply) throw new ProxyError('failed', 'the upstream has lost the session and refuses a new one');
    this.#fruitless++;
    // A server that keeps losing sessions is given longer and longer pauses.
    this.#notBefore = Date.now() + (nextAttempt({ kind: 'failed' }, this.#fruitless, 0) ?? 0);
    if (initialized) await tell(initialized);
    for (const call of requests) await ask(call).catch(() => undefined);
    this.#options.reopened();
    // Told at once, it would make the client ask again, and a server that loses every session loop.
    this.#news = listChanges(reply.result);
  }
}

/** Whether the outcome of a call is one that servers give for a session they do not know; credentials are another matter. */
export function mayMeanLost(call: Call, outcome: Outcome): boolean {
  if (call.method === 'initialize') return false;
  const code = codeOf(outcome);
  // Who looks at the method, or at its parameters, knows the session.
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
