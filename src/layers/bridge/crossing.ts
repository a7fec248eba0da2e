/** Opens the bridge for a client whose `initialize` the server has no answer to. */
import { Cancellation } from '../../core/cancel.ts';
import { derived, type Exchange, type Peer, type Session } from '../../core/exchange.ts';
import { type Json, JsonError } from '../../core/json.ts';
import { type Call, errorCode, type Reply } from '../../core/jsonrpc.ts';
import { type ModernOnly, ProxyError } from '../../errors.ts';
import { clientEnvelope, stamped } from '../../mcp/eras/client-envelope.ts';
import { legacyError } from '../../mcp/eras/legacy-error.ts';
import { INITIALIZED } from '../../mcp/handshake.ts';
import { listChanges } from '../../mcp/list-changes.ts';
import { UNSUPPORTED_VERSION } from '../../mcp/revisions.ts';
import { ModernServer, type ModernServerOptions } from './modern-server.ts';

/** What the bridge needs beside the words of the two sides. */
export type Parts = Omit<ModernServerOptions, 'initialize' | 'discovered'>;

/** The answer to the client's `initialize`, and the bridge unless the server does not need one. */
export interface Crossing {
  readonly reply: Reply;
  readonly bridge?: ModernServer;
}

/** The bridge to a server that has introduced itself. Throws a ProxyError when that cannot be read in one way only. */
export function bridgeTo(discovered: Json, initialize: Call, parts: Parts): ModernServer {
  try {
    return new ModernServer({ ...parts, initialize, discovered });
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const what = "the server's result of server/discover";
    throw new ProxyError('bad-result', `${what} cannot be read: ${error.message}`, {}, error);
  }
}

/**
 * Asks the server to introduce itself, unless it has done so. Rejects when it cannot be asked, or speaks no revision
 * that the proxy knows.
 * @param known why the client's own `initialize` got no answer.
 */
export async function cross(exchange: Exchange, known: ModernOnly, parts: Parts): Promise<Crossing> {
  const discovered = known.discovered ?? (await discover(exchange, known, parts));
  // The server has changed since it was asked last.
  if (!discovered) return { reply: await parts.server.request(exchange) };
  if (!Buffer.isBuffer(discovered)) return { reply: discovered };
  const bridge = bridgeTo(discovered, exchange.call, parts);
  return { reply: { result: bridge.introduction }, bridge };
}

/** A session with a server that has given way to another one. */
interface Lost {
  readonly initialize: Call;
  readonly initialized: boolean;
  /** What brings a new session to its state. */
  readonly repeat: readonly Call[];
}

interface Reopening {
  /** Opens the session with an `initialize`, over the bridge if it must. */
  readonly open: (exchange: Exchange) => Promise<{ readonly reply: Reply; readonly settled?: unknown }>;
  /** The session that is open then. */
  readonly session: () => Pick<Session, 'request' | 'notify'>;
  readonly client: Peer;
}

/** Opens a session anew in the client's name, and brings it to the state of the old one. Never rejects: whether it is open. */
export async function reopen({ initialize, initialized, repeat }: Lost, reopening: Reopening): Promise<boolean> {
  const { open, session, client } = reopening;
  const own = (call: Call): Exchange => {
    const cancellation = new Cancellation();
    return {
      call,
      signal: cancellation.signal,
      notify: () => undefined,
      ask: (question, signal) => client.ask(question, signal),
      room: () => client.room(),
      abort: (why) => cancellation.abort(why),
    };
  };
  try {
    const { reply, settled } = await open(own(initialize));
    await settled;
    if ('error' in reply) return false;
    if (initialized) session().notify(INITIALIZED);
    for (const call of repeat)
      await session()
        .request(own(call))
        .catch(() => undefined);
    for (const note of listChanges(reply.result)) client.notify(note);
    return true;
  } catch {
    return false;
  }
}

/** The server's introduction, or its error; undefined when it is not the server that is remembered. */
async function discover(
  exchange: Exchange,
  known: ModernOnly,
  { server, log }: Parts,
): Promise<Json | Reply | undefined> {
  const call = { method: 'server/discover', params: stamped(undefined, clientEnvelope(exchange.call)) };
  try {
    const reply = await server.request(derived(exchange, { call, notify: () => undefined }));
    if ('result' in reply) return reply.result;
    if (errorCode(reply) !== UNSUPPORTED_VERSION) return legacyError(reply);
  } catch (error) {
    if (!(error instanceof ProxyError && error.code === 'no-common-version')) throw error;
  }
  if (known.remembered) return undefined;
  // Not every host shows the error that it gets.
  log.error(known.data.hint ? `${known.message} (${known.data.hint})` : known.message);
  throw known;
}
