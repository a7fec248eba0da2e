/** The resource subscriptions of several clients in one shared session (specification 2025-11-25, "Resources"). */
import type { Reply } from '../../core/jsonrpc.ts';
import { parentsOf } from '../../mcp/parent-resources.ts';

/** The maximum number of subscriptions of one client. */
export const MAX_SUBSCRIPTIONS = 1_000;
/** The maximum number of characters in all URIs of one client together. */
const MAX_CHARACTERS = 262_144;

export class Subscribers<Client> {
  readonly #byClient = new Map<Client, { readonly uris: Set<string>; characters: number }>();
  readonly #byUri = new Map<string, Set<Client>>();
  /** The last operation on each URI: those of two clients must not overtake each other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** Whether a client is at its limit, and not yet subscribed to this URI. */
  full(uri: string, client: Client): boolean {
    const own = this.#byClient.get(client);
    if (own?.uris.has(uri)) return false;
    return (own?.uris.size ?? 0) >= MAX_SUBSCRIPTIONS || (own?.characters ?? 0) + uri.length > MAX_CHARACTERS;
  }

  /** Subscribes a client. `ask` asks the server, and a refusal takes the subscription back. */
  subscribe(uri: string, client: Client, ask: () => Promise<Reply>): Promise<Reply> {
    return this.#inTurn(uri, async () => {
      const before = this.#byUri.get(uri)?.has(client) ?? false;
      // Add it first: an update may overtake the answer.
      this.#add(uri, client);
      const undo = (): void => {
        if (!before) this.#remove(uri, client);
      };
      try {
        const reply = await ask();
        if ('error' in reply) undo();
        return reply;
      } catch (error) {
        undo();
        throw error;
      }
    });
  }

  /** Removes a client's subscription. `ask` runs only for the last client. Undefined when the server need not know. */
  unsubscribe(uri: string, client: Client, ask: () => Promise<Reply>): Promise<Reply | undefined> {
    return this.#inTurn(uri, async () => {
      this.#remove(uri, client);
      return this.#byUri.has(uri) ? undefined : ask();
    });
  }

  /** The URIs of a client's subscriptions. */
  of(client: Client): string[] {
    return [...(this.#byClient.get(client)?.uris ?? [])];
  }

  /** The clients that an update of a resource concerns, including those subscribed to a parent of it. */
  to(uri: string): Set<Client> {
    const concerned = new Set(this.#byUri.get(uri));
    for (const whole of parentsOf(uri)) for (const client of this.#byUri.get(whole) ?? []) concerned.add(client);
    return concerned;
  }

  #add(uri: string, client: Client): void {
    this.#byUri.set(uri, (this.#byUri.get(uri) ?? new Set()).add(client));
    const own = this.#byClient.get(client) ?? { uris: new Set(), characters: 0 };
    if (!own.uris.has(uri)) own.characters += uri.length;
    own.uris.add(uri);
    this.#byClient.set(client, own);
  }

  #remove(uri: string, client: Client): void {
    const own = this.#byClient.get(client);
    if (own?.uris.delete(uri)) own.characters -= uri.length;
    if (own?.uris.size === 0) this.#byClient.delete(client);
    const clients = this.#byUri.get(uri);
    clients?.delete(client);
    if (clients?.size === 0) this.#byUri.delete(uri);
  }

  #inTurn<T>(uri: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(uri) ?? Promise.resolve()).then(work, work);
    this.#turns.set(uri, turn);
    const done = (): void => {
      if (this.#turns.get(uri) === turn) this.#turns.delete(uri);
    };
    turn.then(done, done);
    return turn;
  }
}
