/** The single answer to a sign-in by browser, on its way from the browser to the vault. */
import { printable, showUrl } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { UserDidNotSignIn } from '../failures.ts';
import { redeem } from '../oauth/code-flow.ts';
import { OAuthError } from '../oauth/library.ts';
import { refusalHint } from '../oauth/refusal-hint.ts';
import type { Credentials } from '../vault/credentials.ts';
import { type PendingRecord, wait } from '../vault/vault.ts';
import type { Callback, SignInOutcome } from './callback.ts';
import type { SignInContext } from './context.ts';

export class BrowserAnswer {
  readonly #context: SignInContext;
  #record: PendingRecord | undefined;
  #settle: ((outcome: Credentials | Error) => void) | undefined;
  readonly #settled: Promise<Credentials | Error>;

  constructor(context: SignInContext, record?: PendingRecord) {
    this.#context = context;
    this.#record = record;
    this.#settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  expect(record: PendingRecord): void {
    this.#record = record;
  }

  /** Waits for the answer, and closes the listener whatever the outcome. */
  async wait(callback: Callback, limit: number): Promise<Credentials> {
    const { signal } = this.#context.wire;
    const record = this.#record;
    if (record) this.#context.state.pending = { url: record.url };
    const late = new UserDidNotSignIn('unauthorized', 'nobody finished the sign-in', {
      hint: 'the next call begins a new one',
    });
    try {
      const outcome = await Promise.race([this.#settled, wait(limit, signal).then(() => late)]);
      if (outcome instanceof Error) throw outcome;
      callback.linger(signal);
      return outcome;
    } catch (error) {
      await callback.close();
      throw error;
    }
  }

  /** Takes the parameters that the browser brought back. */
  async finish(answer: URLSearchParams): Promise<SignInOutcome> {
    const { wire, config, vault } = this.#context;
    const record = this.#record;
    if (!record) return { page: 'failed', reason: 'The sign-in is not ready yet. Try again in a moment.' };
    try {
      const { tokens, client } = await redeem(wire, config, record, answer);
      const { profile } = config;
      const stored = await vault.update({
        url: `${wire.server.origin}${wire.server.pathname}`,
        ...(profile !== undefined && { profile }),
        issuer: record.issuer,
        client,
        ...(record.resource !== undefined && { resource: record.resource }),
        ...(record.scope !== undefined && { scope: record.scope }),
        tokens,
      });
      await vault.forgetPending();
      this.#settle?.(stored);
      return { page: 'signed-in' };
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #failed(error: unknown): Promise<SignInOutcome> {
    await this.#forget(error).catch(() => {});
    const denied = error instanceof OAuthError && error.error === 'access_denied';
    const where = showUrl(this.#context.wire.server);
    const message = denied ? `the sign-in to ${where} was denied` : `the sign-in to ${where} failed`;
    const reason = error instanceof Error ? printable(this.#context.redact(error.message), 300) : 'unknown error';
    const hint = denied ? 'the next call asks again' : this.#hintFor(error);
    const told = denied ? message : `${message}: ${reason}`;
    const Kind = denied ? UserDidNotSignIn : ProxyError;
    this.#settle?.(new Kind('unauthorized', told, hint ? { hint } : {}, error));
    if (denied) return { page: 'denied', said: error.description && this.#context.redact(error.description) };
    if (error instanceof OAuthError) return { page: 'failed', said: reason };
    return { page: 'failed', reason: hint === undefined ? reason : `${reason} (${hint})` };
  }

  #hintFor(error: unknown): string | undefined {
    if (error instanceof OAuthError) return refusalHint(error, this.#context.config);
    return error instanceof ProxyError ? error.data.hint : undefined;
  }

  /** Forgets the sign-in, which cannot continue, and a client that its server no longer knows. */
  async #forget(error: unknown): Promise<void> {
    const { vault } = this.#context;
    await vault.forgetPending();
    const stored = await vault.read();
    const unknown = error instanceof OAuthError && /^(invalid|unauthorized)_client$/.test(error.error);
    if (!unknown || stored?.client?.source !== 'registered') return;
    const { client: _, ...rest } = stored;
    await vault.replace(stored, rest);
  }
}
