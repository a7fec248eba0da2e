/** A recorded session as a server. */
import { Cancellation } from '../../core/cancel.ts';
import type { Era, Exchange, Peer, Session } from '../../core/exchange.ts';
import { isObject, withMember } from '../../core/json.ts';
import { type Call, errorReply, METHOD_NOT_FOUND, type Reply } from '../../core/jsonrpc.ts';
import { drained } from '../../core/timer.ts';
import type { ProxyError } from '../../errors.ts';
import { OpenCalls } from '../../wire/open-calls.ts';
import { type Recording, tokenOf } from './recording.ts';
import type { RecordedStep, Scene } from './scene-index.ts';

export class RecordedSession implements Session {
  readonly established = true;
  readonly era: Era | undefined = undefined;
  readonly #recording: Recording;
  readonly #client: Peer;
  readonly #closing = new Cancellation();
  readonly #open = new OpenCalls();

  constructor(recording: Recording, client: Peer) {
    this.#recording = recording;
    this.#client = client;
  }

  request(exchange: Exchange): Promise<Reply> {
    return this.#open.during(exchange, this.#replay(exchange));
  }

  async #replay(exchange: Exchange): Promise<Reply> {
    const scene = this.#next(exchange.call);
    if (!scene) {
      const { method } = exchange.call;
      return errorReply(METHOD_NOT_FOUND, `the recording has no ${JSON.stringify(method.slice(0, 100))} like this one`);
    }
    const token = tokenOf(exchange.call);
    for (const step of scene.during) {
      if (step.kind === 'question') await exchange.ask(step.call, exchange.signal).catch(() => undefined);
      else await exchange.notify(withToken(step.call, token));
    }
    // What the server did not answer then has no answer now.
    const reply =
      scene.reply ??
      (await new Promise<never>((_, reject) => {
        exchange.signal.addEventListener('abort', () => reject(exchange.signal.reason), { once: true });
      }));
    setImmediate(() => this.#play(scene.after));
    return reply;
  }

  notify(call: Call): undefined {
    const scene = this.#next(call);
    if (scene) this.#play(scene.after);
  }

  async close(limit: number): Promise<void> {
    await drained(this.#open.idle(), limit);
    this.#closing.abort();
  }

  destroy(reason: ProxyError): void {
    this.#closing.abort();
    this.#open.destroy(reason);
  }

  #next(call: Call): Scene | undefined {
    const scene = this.#recording.scenes.find(call);
    if (scene) scene.used = true;
    return scene;
  }

  async #play(steps: readonly RecordedStep[]): Promise<void> {
    for (const step of steps) {
      if (this.#closing.aborted) return;
      if (step.kind === 'question') await this.#client.ask(step.call, this.#closing).catch(() => undefined);
      else await this.#client.notify(step.call);
    }
  }
}

/** Progress goes to the token of the request that is answered now. */
function withToken(call: Call, token: Buffer | undefined): Call {
  if (call.method !== 'notifications/progress' || !token || !isObject(call.params)) return call;
  return { ...call, params: withMember(call.params, 'progressToken', token) };
}
