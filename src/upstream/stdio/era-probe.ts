/**
 * Asks a process for its era with `server/discover`, the one question that only a modern server answers. Some servers of
 * older revisions end at a question that they do not know, and some are silent. A server that is still being downloaded
 * is silent, too, so the proxy also sends an `initialize`: a slow server answers both in order.
 */
import { Cancellation, unlessAborted } from '../../core/cancel.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import { pause, withLimit } from '../../core/timer.ts';
import { ourselves } from '../../mcp/handshake.ts';
import type { Child } from './child.ts';

/** How long a server may be silent before it is asked in the other era, too, in milliseconds. */
const SILENCE = 5_000;
/** How long a request waits for an answer then, in milliseconds. */
const PATIENCE = 45_000;
/** How long a download may take, in milliseconds: the answer to `initialize` counts until then. */
const DOWNLOAD = 600_000;

export class EraProbe {
  /** Whether the last process did not answer `server/discover`: then the next request should open with `initialize`. */
  unheard = false;
  /** The `initialize` of each process that was silent, once for all requests that wait. */
  readonly #opening = new WeakMap<Child, Promise<void>>();

  /** The answer of a process to `server/discover`; undefined when it does not answer, or has ended. */
  async ask(child: Child, call: Call): Promise<Reply | undefined> {
    const end = new Cancellation();
    let reply: Reply | undefined;
    const asked = child.link.ask(call, end).then((answer) => {
      reply = answer;
    });
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SILENCE);
    });
    try {
      await Promise.race([asked, silence]);
      // Once it has answered anything, it is not slow.
      if (!reply && !child.answered) {
        // A server that answers this question may be silent about the other one.
        asked.then(() => setTimeout(() => end.abort(), SILENCE).unref()).catch(() => {});
        const earlier = this.#opening.get(child);
        const opening = earlier ?? this.#open(child, call);
        await withLimit(PATIENCE, end, (signal) => unlessAborted(opening, signal));
        // This question came after that `initialize`, and so does its answer.
        if (earlier && !reply) await Promise.race([asked, pause(SILENCE, end)]);
      }
    } catch (error) {
      // A running process may have sent an answer that cannot be read, or none in time.
      if (child.running && !reply) throw error;
    } finally {
      clearTimeout(timer);
      end.abort();
    }
    this.unheard = !reply;
    return reply;
  }

  #open(child: Child, call: Call): Promise<void> {
    const opening = open(child, call);
    this.#opening.set(child, opening);
    opening.catch(() => this.#opening.delete(child));
    return opening;
  }
}

/** Opens a session of the legacy era as the bridge would, for the client that sent the call. */
async function open(child: Child, call: Call): Promise<void> {
  const { clientOf, initializeFor } = await import('../../mcp/eras/legacy-request.ts');
  const initialize = initializeFor(clientOf(call), ourselves('unknown'));
  const reply = await withLimit(DOWNLOAD, new Cancellation(), (signal) => child.link.ask(initialize, signal));
  if ('result' in reply) child.probed = { initialize, reply };
}
