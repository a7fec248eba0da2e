/** Pages of lists of several servers. Pure. */
import { arrayOf, asString, encode, type Json, peek, withMember } from '../../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, type Reply } from '../../../core/jsonrpc.ts';
import { listMember } from '../../../mcp/methods.ts';
import { COMPLETE, UNCACHED } from '../../../mcp/result.ts';

/** Of one page. Hosts close the connection over a line of ten MiB. */
const MAX_ENTRIES = 1_000;
const MAX_BYTES = 2 * 1_048_576;

export interface PageOptions {
  readonly modern: boolean;
  /** Names this proxy: a cursor of another one means nothing here. */
  readonly id: string;
}

/** The answer to a request for a page of a list. */
export function pageFor(call: Call, entries: readonly Json[], { modern, id }: PageOptions): Reply {
  const cursor = peek(call.params, 'cursor');
  const start = cursor === undefined || isNull(cursor) ? 0 : positionIn(cursor, id, entries);
  if (start === undefined) {
    return errorReply(INVALID_PARAMS, 'Invalid params: this cursor is no longer valid', {
      hint: 'the list has changed; ask for it again without a cursor',
    });
  }
  let end = start;
  for (let bytes = 0; end < entries.length && end - start < MAX_ENTRIES; end++) {
    bytes += (entries[end] as Json).length;
    if (bytes > MAX_BYTES && end > start) break;
  }
  const head = encode(modern ? { ...COMPLETE, ...UNCACHED } : {});
  const result = withMember(head, listMember(call.method) as string, arrayOf(entries.slice(start, end)));
  if (end === entries.length) return { result };
  return { result: withMember(result, 'nextCursor', encode(`${id}.${entries.length}.${end}`)) };
}

function isNull(value: Json): boolean {
  return value.toString('latin1') === 'null';
}

/** Where a page begins; undefined for a cursor of another list. */
function positionIn(cursor: Json, id: string, entries: readonly Json[]): number | undefined {
  const [proxy, length, start] = (asString(cursor) ?? '').split('.');
  const at = Number(start);
  const isOurs = proxy === id && length === String(entries.length) && /^\d{1,9}$/.test(start ?? '');
  return isOurs && at <= entries.length ? at : undefined;
}
