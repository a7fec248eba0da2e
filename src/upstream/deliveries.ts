/** Messages of a session that have no answer, and are on their way to the server. */
import type { CancelSignal } from '../core/cancel.ts';
import type { HttpResponse } from '../core/fetch.ts';
import { type ErrorCode, ProxyError } from '../errors.ts';
import { pause } from './backoff.ts';
import { UpstreamRefusal } from './outcome.ts';
import { discard } from './read-messages.ts';

/** Pauses before further attempts, in milliseconds: a network that is back within some seconds loses nothing. */
const PAUSES = [250, 500, 1_000, 2_000, 4_000];

/** The errors of a network that may be back soon. */
const NETWORK: ReadonlySet<ErrorCode> = new Set(['unreachable', 'failed']);

/**
 * Sends a message that its receiver waits for, and that is harmless when it comes twice: after a failure of the
 * network, once more. A server that refuses the message would refuse it again. Rejects with the last error.
 */
export async function insistently<T>(signal: CancelSignal, send: () => Promise<T>): Promise<T> {
  for (const ms of PAUSES) {
    try {
      return await send();
    } catch (error) {
      if (!isOfNetwork(error)) throw error;
      await pause(ms, signal);
      if (signal.aborted) throw error;
    }
  }
  return send();
}

function isOfNetwork(error: unknown): boolean {
  if (error instanceof UpstreamRefusal) return false;
  return !(error instanceof ProxyError) || NETWORK.has(error.code);
}

/** How long to wait for the body of a response that need not have one, in milliseconds. */
const READ_ON = 50;

/** The connection is free for the next message only once the body of the last response, usually empty, is read. */
export async function acknowledged(response: HttpResponse, signal: CancelSignal): Promise<void> {
  await Promise.race([discard(response), pause(READ_ON, signal)]);
  await new Promise(setImmediate);
}

export class Deliveries {
  readonly #open = new Set<Promise<void>>();

  /** @param delivered settles when the server has the message, or cannot get it */
  add(delivered: Promise<void>): void {
    this.#open.add(delivered);
    const over = (): void => void this.#open.delete(delivered);
    delivered.then(over, over);
  }

  /**
   * Resolves when nothing is on its way any more, not even what was added meanwhile, but after so many milliseconds at
   * the latest.
   */
  async settled(limit: number, signal: CancelSignal): Promise<void> {
    if (this.#open.size === 0) return;
    const over = pause(limit, signal).then(() => true);
    while (this.#open.size > 0)
      if (await Promise.race([over, Promise.allSettled(this.#open).then(() => false)])) return;
  }
}
