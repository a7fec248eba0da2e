/** One list of a server: read page by page, and put together again as text. */
import { type Json, peek, peekText } from '../../../core/json.ts';
import { type Call, errorCode, METHOD_NOT_FOUND, type Reply } from '../../../core/jsonrpc.ts';
import type { Log } from '../../../core/ports.ts';
import { listMember } from '../../../mcp/methods.ts';
import { newPage, nextPage, pageOf } from '../../../mcp/tool-list.ts';
import { keyOf } from '../introductions.ts';

/** The lists of a server, with the member that names an entry. */
export const LISTS: ReadonlyMap<string, string> = new Map([
  ['tools/list', 'name'],
  ['prompts/list', 'name'],
  ['resources/list', 'uri'],
  ['resources/templates/list', 'uriTemplate'],
]);

/** Of one list: further pages are not read. */
const MAX_PAGES = 1_000;
const MAX_ENTRIES = 20_000;
const MAX_BYTES = 32 * 1_048_576;
/** The longest time for which an answer counts as fresh, in milliseconds. */
const MAX_TTL = 24 * 60 * 60_000;

/** One list, whole. */
export interface KnownList {
  readonly entries: readonly Json[];
  /** The names or URIs of the entries, in the same order. Entries without one are left out. */
  readonly keys: readonly string[];
}

/** A way to ask the server, in the name of a client. */
export interface Source {
  /** Asks for one page. */
  readonly ask: (call: Call) => Promise<Reply>;
  /** The request for the first page. */
  readonly first: (method: string) => Call;
}

/** A list that was read, and until when it need not be read again. */
interface ReadList {
  readonly known: KnownList;
  readonly fresh: number;
}

export interface ReadOptions {
  readonly now: () => number;
  readonly log: Log;
  /** Called after each page with the time that it took, in milliseconds. */
  readonly answered: (pace: number) => void;
}

/** Reads a list from the server. Rejects when it cannot be read. */
export async function readWhole(
  method: string,
  source: Source,
  { now, log, answered }: ReadOptions,
): Promise<ReadList> {
  const entries: Json[] = [];
  let bytes = 0;
  let fresh = Number.POSITIVE_INFINITY;
  let call: Call | undefined = source.first(method);
  for (let pages = 0; call; pages++) {
    const started = now();
    const reply: Reply = await source.ask(call);
    const pace = now() - started;
    const result = resultOf(method, reply);
    const page = pageOf(method, result);
    if (!page) throw new Error(`its ${method} result holds no list`);
    answered(pace);
    fresh = Math.min(fresh, started + ttlOf(result));
    entries.push(...page.entries);
    bytes += result.length;
    call = nextPage(call, result);
    if (call && (pages + 1 >= MAX_PAGES || entries.length >= MAX_ENTRIES || bytes >= MAX_BYTES)) {
      log.warn(`${method}: the list is too long, so the rest of it is left out`);
      call = undefined;
    }
  }
  return { known: readable(method, entries), fresh };
}

const COMMA = Buffer.from(',');

/** The entries that have a name: no client could use another one. */
export function readable(method: string, all: readonly Json[]): KnownList {
  const key = LISTS.get(method) as string;
  const named = all.flatMap((entry) => {
    const name = keyOf(entry, key);
    // What arrived may be a part of something larger, which would stay in memory.
    return name === undefined ? [] : [{ name, entry: Buffer.from(entry) }];
  });
  return { entries: named.map(({ entry }) => entry), keys: named.map(({ name }) => name) };
}

export function isSame(one: KnownList, other: KnownList): boolean {
  const { entries } = other;
  return one.entries.length === entries.length && one.entries.every((entry, at) => entry.equals(entries[at] as Json));
}

/** The result of a page. A server without the method has an empty list. Throws an error that says what is wrong. */
function resultOf(method: string, reply: Reply): Json {
  if ('result' in reply) return reply.result;
  if (errorCode(reply) === METHOD_NOT_FOUND) return newPage(method, []);
  throw new Error(peekText(reply.error, 'message') ?? 'an error without a message');
}

/** How long a result may be used again, in milliseconds (specification 2026-07-28, "Caching"). */
function ttlOf(result: Json): number {
  const ttl = Number(peek(result, 'ttlMs')?.toString('latin1'));
  return ttl > 0 ? Math.min(ttl, MAX_TTL) : 0;
}

/** The list as one page. */
export function listText(method: string, entries: readonly Json[]): Json {
  const key = Buffer.from(`{${JSON.stringify(listMember(method))}:[`);
  const parts = entries.flatMap((entry, at) => (at === 0 ? [entry] : [COMMA, entry]));
  return Buffer.concat([key, ...parts, Buffer.from(']}')]);
}
