/**
 * Layers between a client and a server. A layer sees all four directions: the requests and
 * notifications of the client pass through its session, the notifications and questions of the
 * server through its peer.
 */
import type { Era, Exchange, Handler, Peer, Session } from './exchange.ts';
import type { Json } from './json.ts';
import type { Reply } from './jsonrpc.ts';

/** Opens a session with a server for one client: a remote server, a local one, or several of them together. */
export type Connect = (client: Peer) => Session;

/** Wraps what `inner` opens: it may replace the session that comes back and the peer that goes in. */
export type Layer = (inner: Connect) => Connect;

/** A layer with its name in the log. */
export interface NamedLayer {
  readonly name: string;
  readonly layer: Layer;
}

/** Puts layers in front of a server, the first one nearest to the client. */
export function stack(layers: readonly NamedLayer[], server: Connect): Connect {
  return layers.reduceRight((inner, { layer }) => layer(inner), server);
}

/** A layer that sees only the client's requests. `around` is called once for each client. */
export function requestLayer(around: (next: Handler) => Handler): Layer {
  return (inner) => (client) => {
    const session = inner(client);
    return changed(session, { request: around((exchange) => session.request(exchange)) });
  };
}

type SessionChanges = Partial<Pick<Session, 'request' | 'notify' | 'close' | 'destroy'>>;

/** The same session with some changes. */
export function changed(session: Session, changes: SessionChanges): Session {
  return new ChangedSession(session, changes);
}

/** An object of a class: every call goes through several of these, and asks the innermost one for its era. */
class ChangedSession implements Session {
  readonly request: Session['request'];
  readonly notify: Session['notify'];
  readonly close: Session['close'];
  readonly destroy: Session['destroy'];
  readonly #session: Session;

  constructor(session: Session, changes: SessionChanges) {
    this.#session = session;
    this.request = changes.request ?? ((exchange) => session.request(exchange));
    this.notify = changes.notify ?? ((call) => session.notify(call));
    this.close = changes.close ?? ((limit) => session.close(limit));
    this.destroy = changes.destroy ?? ((reason) => session.destroy(reason));
  }

  get established(): boolean {
    return this.#session.established;
  }

  get era(): Era | undefined {
    return this.#session.era;
  }

  announces(): Promise<boolean> {
    return this.#session.announces?.() ?? Promise.resolve(true);
  }

  modernLeg(initialize: Exchange, reply: Reply): Promise<Json | undefined> | undefined {
    return this.#session.modernLeg?.(initialize, reply);
  }
}

/**
 * A layer that is loaded when the first client connects. Until then, messages wait in their order. If it cannot be
 * loaded, no message passes.
 */
export function loadedLayer(load: () => Promise<Layer>): Layer {
  let loading: Promise<Layer> | undefined;
  return (inner) => (client) => {
    let session: Session | undefined;
    loading ??= load();
    const opening = loading.then((layer) => {
      session = layer(inner)(client);
      return session;
    });
    // Each message gets the error.
    opening.catch(() => {});
    return {
      request: (exchange) => session?.request(exchange) ?? opening.then((opened) => opened.request(exchange)),
      notify: (call) => (session ? session.notify(call) : opening.then((opened) => opened.notify(call))),
      close: (limit) =>
        opening.then(
          (opened) => opened.close(limit),
          () => {},
        ),
      // After the messages that wait.
      destroy: (reason) => void opening.then((opened) => opened.destroy(reason)).catch(() => {}),
      announces: () => session?.announces?.() ?? Promise.resolve(true),
      modernLeg: (initialize, reply) => session?.modernLeg?.(initialize, reply),
      get established() {
        return session?.established ?? false;
      },
      get era() {
        return session?.era;
      },
    };
  };
}
