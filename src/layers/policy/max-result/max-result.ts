/**
 * Gives clients the beginning of a large text result, and keeps the whole as a resource that they can read. Nothing is
 * lost: what cannot be kept is not cut.
 */
import type { Exchange } from '../../../core/exchange.ts';
import { encode, type Json, JsonError, peekObject, peekText, withMember } from '../../../core/json.ts';
import {
  type Call,
  errorCode,
  errorReply,
  INVALID_PARAMS,
  METHOD_NOT_FOUND,
  type Reply,
} from '../../../core/jsonrpc.ts';
import { changed, type Layer } from '../../../core/layer.ts';
import { declaredRevision } from '../../../mcp/envelope.ts';
import { COMPLETE, UNCACHED } from '../../../mcp/result.ts';
import { newPage } from '../../../mcp/tool-list.ts';
import { subjectsOf } from '../subjects.ts';
import { cut, textOf } from './cut.ts';
import { KEPT_FOR, type KeptResults, PREFIX } from './kept-results.ts';

/** The first revision whose results may link to resources. */
const REVISION_WITH_LINKS = '2025-06-18';
const RESOURCE_NOT_FOUND = -32002;

/** @param limit bytes of text in one result */
export function maxResult(limit: number, kept: KeptResults): Layer {
  return (inner) => (client) => {
    const server = inner(client);
    const owner = {};
    /** The revision of a client that opens with `initialize`. */
    let revision = '';
    const request = async (exchange: Exchange): Promise<Reply> => {
      const { call } = exchange;
      const uri = call.method === 'resources/read' ? readUri(call) : undefined;
      if (uri?.startsWith(PREFIX)) return contents(call, uri, kept.get(owner, uri));
      const reply = await server.request(exchange);
      if (call.method === 'initialize' && 'result' in reply) {
        revision = peekText(reply.result, 'protocolVersion') ?? '';
      }
      const links = declaredRevision(call) !== undefined || revision >= REVISION_WITH_LINKS;
      return changedReply(call, reply, (result) => shortened(result, { limit, kept, owner, links }));
    };
    return changed(server, {
      request,
      close(wait) {
        kept.forget(owner);
        return server.close(wait);
      },
      destroy(reason) {
        kept.forget(owner);
        server.destroy(reason);
      },
    });
  };
}

function changedReply(call: Call, reply: Reply, shorten: (result: Json) => Json): Reply {
  switch (call.method) {
    case 'initialize':
    case 'server/discover':
      return 'result' in reply ? { ...reply, result: withResources(reply.result) } : reply;
    case 'resources/list':
    case 'resources/templates/list':
      // The server has no resources; the proxy said that there may be some.
      return errorCode(reply) === METHOD_NOT_FOUND ? { result: newPage(call.method, [], headFor(call)) } : reply;
    case 'tools/call':
    case 'tasks/result':
      return 'result' in reply ? { ...reply, result: shorten(reply.result) } : reply;
    default:
      return reply;
  }
}

function headFor(call: Call): object {
  return declaredRevision(call) === undefined ? {} : { ...COMPLETE, ...UNCACHED };
}

function readUri(call: Call): string | undefined {
  return subjectsOf(call, (kind) => kind === 'resource')[0]?.name;
}

/** The capabilities of a server that has resources. */
function withResources(result: Json): Json {
  const capabilities = peekObject(result, 'capabilities');
  if (!capabilities || peekObject(capabilities, 'resources')) return result;
  return withMember(result, 'capabilities', withMember(capabilities, 'resources', encode({})));
}

function contents(call: Call, uri: string, texts: readonly string[] | undefined): Reply {
  if (!texts) {
    const message = `This result is no longer kept, or never was: ${uri}`;
    const isModern = declaredRevision(call) !== undefined;
    return errorReply(isModern ? INVALID_PARAMS : RESOURCE_NOT_FOUND, message, { uri });
  }
  const all = texts.map((text) => ({ uri, mimeType: 'text/plain', text }));
  return { result: encode({ ...headFor(call), contents: all }) };
}

interface CutOptions {
  readonly limit: number;
  readonly kept: KeptResults;
  readonly owner: object;
  /** Whether the client knows links in results. */
  readonly links: boolean;
}

function shortened(result: Json, { limit, kept, owner, links }: CutOptions): Json {
  if (result.length <= limit) return result;
  try {
    const text = textOf(result);
    if (!text || text.bytes <= limit) return result;
    const texts = text.texts.filter((each) => each !== undefined);
    const uri = kept.keep(owner, texts, text.bytes);
    if (uri === undefined) return result;
    return cut(result, text, limit, (left) => ending(uri, left, text.bytes, links));
  } catch (error) {
    // The client judges a result that cannot be read.
    if (error instanceof JsonError) return result;
    throw error;
  }
}

/** What says that the result was cut, for the model and for the client. */
function ending(uri: string, left: number, bytes: number, links: boolean): object[] {
  const text = `[Cut by the proxy: this is the beginning, ${left} of ${bytes} bytes. The whole result is the resource ${uri}, for ${KEPT_FOR}.]`;
  const link = { type: 'resource_link', uri, name: 'whole result', mimeType: 'text/plain', size: bytes };
  return links ? [{ type: 'text', text }, link] : [{ type: 'text', text }];
}
