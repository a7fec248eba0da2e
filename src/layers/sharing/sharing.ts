/** The layer that puts all clients into one session with the server. */
import type { Closable } from '../../core/exchange.ts';
import type { Connect, Layer } from '../../core/layer.ts';
import { SharedSession, type SharedSessionOptions } from './shared-session.ts';

export interface Sharing extends Closable {
  readonly layer: Layer;
  /** Adds a client whose requests are independent, as those of 2026-07-28 are. The layer must be in place. */
  readonly joinIndependent: Connect;
}

/** A layer that gives all clients the same session, which ends with it. */
export function sharing(options: SharedSessionOptions): Sharing {
  let session: SharedSession | undefined;
  return {
    layer(inner) {
      const shared = new SharedSession(options, inner);
      session = shared;
      return (client) => shared.join(client);
    },
    joinIndependent: (client) => (session as SharedSession).join(client, true),
    close: async (limit) => session?.close(limit),
    destroy: (reason) => session?.destroy(reason),
  };
}
