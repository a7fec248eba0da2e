/** The ways of clients through the pages of lists. Loaded for the first list with several pages. */
import type { Json } from '../core/json.ts';
import type { Call, Reply } from '../core/jsonrpc.ts';
import type { Log } from '../core/ports.ts';
import { asOnlyPage, nextCursor, peekPage, requestedCursor, withEntries } from '../mcp/tool-list.ts';

/** Pages of one list that are remembered. Beyond them, only a page that leads to itself is found. */
const MAX_PAGES = 1_000;
/** Characters of all cursors that are remembered of one list. */
const MAX_CURSORS = 65_536;

/** Clients may ask for lists of any name. */
const MAX_LISTS = 16;

/** One page: the cursor that it names as the next one, and a digest of its entries; undefined when it has none. */
interface SeenPage {
  readonly next: string;
  readonly entries: string | undefined;
}

/** The pages of one session. */
export class PageTrails {
  readonly #log: Log;
  /** For each method, the pages from the first one to the last one that was seen. */
  readonly #trails = new Map<string, readonly SeenPage[]>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The reply to pass on: without a next page, if that one has been on the way to it, and without entries that were. */
  follow(call: Call, reply: { readonly result: Json }): Reply {
    const { method } = call;
    const { result } = reply;
    const cursor = requestedCursor(call);
    const next = nextCursor(result);
    if (next === undefined) return reply;
    const before = this.#before(method, cursor);
    const page = peekPage(method, result);
    const entries = page && page.entries.length > 0 ? digestOf(page.entries) : undefined;
    if (before.every((seen) => seen.next !== next)) {
      this.#keep(method, [...before, { next, entries }]);
      return reply;
    }
    const where = next === cursor ? 'itself' : 'an earlier one';
    this.#log.warn(`the server answered ${method} with a page that leads to ${where}; the list ends here`);
    const isRepeated = entries !== undefined && before.some((seen) => seen.entries === entries);
    return { ...reply, result: asOnlyPage(page && isRepeated ? withEntries(page, []) : result) };
  }

  #keep(method: string, trail: readonly SeenPage[]): void {
    const size = trail.reduce((sum, { next }) => sum + next.length, 0);
    const isNew = !this.#trails.has(method);
    if (trail.length > MAX_PAGES || size > MAX_CURSORS || (isNew && this.#trails.size >= MAX_LISTS)) return;
    this.#trails.set(method, trail);
  }

  /** The pages on the way to the one with this cursor. */
  #before(method: string, cursor: string | undefined): readonly SeenPage[] {
    if (cursor === undefined) return [];
    const trail = this.#trails.get(method) ?? [];
    // A client may ask for a page again, or be on its way through a list twice.
    const at = trail.findIndex(({ next }) => next === cursor);
    return at === -1 ? [{ next: cursor, entries: undefined }] : trail.slice(0, at + 1);
  }
}

/** FNV-1a (32 bits) with the number of bytes: a server that makes two pages alike on purpose loses its own entries. */
function digestOf(entries: readonly Json[]): string {
  let hash = 0x811c9dc5;
  let bytes = 0;
  for (const entry of entries) {
    bytes += entry.length;
    for (const byte of entry) hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return `${entries.length} ${bytes} ${hash}`;
}
