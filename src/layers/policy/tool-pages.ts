/** Reads the whole tool list of a server, on behalf of a client's request. */
import { derived, type Exchange, type Handler } from '../../core/exchange.ts';
import { asString, type Json, member } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { ProxyError } from '../../errors.ts';
import { declaredRevision, envelopeOf } from '../../mcp/envelope.ts';
import { nextPage, pageOf } from '../../mcp/tool-list.ts';

/** A tool of a list: its name, and its whole entry as JSON text. */
export interface Tool {
  readonly name: string;
  readonly definition: Json;
}

const MAX_PAGES = 1_000;
/** Bytes of all pages together. */
const MAX_BYTES = 64 * 1_048_576;

/**
 * Sends requests of the proxy's own in front of the client's. Entries without a name are left out. Rejects with a
 * ProxyError when the list cannot be read, or when the server sends pages without end.
 */
export async function readTools(exchange: Exchange, next: Handler): Promise<Tool[]> {
  const isModern = declaredRevision(exchange.call) !== undefined;
  const first: Call = { method: 'tools/list', ...(isModern && { params: envelopeOf(exchange.call) }) };
  const tools: Tool[] = [];
  let bytes = 0;
  let pages = 0;
  for (let call: Call | undefined = first; call; ) {
    const own = { ...derived(exchange, { call, notify: () => undefined }), mirrored: undefined };
    const reply = await next(own);
    if ('error' in reply) throw unreadable('the server answers with an error');
    const page = pageOf('tools/list', reply.result);
    if (!page) throw unreadable('it is not a list');
    bytes += reply.result.length;
    if (++pages > MAX_PAGES || bytes > MAX_BYTES) throw unreadable('it has no end');
    for (const definition of page.entries) {
      const name = nameOf(definition);
      if (name !== undefined) tools.push({ name, definition });
    }
    call = nextPage(call, reply.result);
  }
  return tools;
}

function unreadable(why: string): ProxyError {
  return new ProxyError('bad-result', `the proxy must know this tool, but cannot read the list of tools: ${why}`);
}

/** The name in an entry; undefined when it has none. Throws a JsonError for a duplicate key. */
function nameOf(definition: Json): string | undefined {
  return definition[0] === 0x7b ? asString(member(definition, 'name')) : undefined;
}
