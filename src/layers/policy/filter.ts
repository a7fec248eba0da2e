/**
 * Hides tools from every page of `tools/list` and blocks their calls. Fails closed: a message that it cannot read does
 * not pass, and one that passes is, byte for byte, the one it checked.
 */
import type { Exchange, Handler } from '../../core/exchange.ts';
import { asString, BRACE_OPEN, isObject, type Json, JsonError, member, QUOTE } from '../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, type Reply } from '../../core/jsonrpc.ts';
import { changed, type Layer } from '../../core/layer.ts';
import { refuseLookalikes, refuseOtherCalls, withoutLookalikes, withoutOtherReplies } from '../../core/lookalikes.ts';
import { printable } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { pageOf, withEntries } from '../../mcp/tool-list.ts';
import { anyOf, type Matcher } from './pattern.ts';

/** @param ignore patterns of tools to hide and to block. */
export function filterTools(ignore: readonly string[]): Layer {
  const hidden = anyOf(ignore);
  return (inner) => (client) => {
    const server = inner(client);
    return changed(server, {
      request: (exchange) => filtered(exchange, hidden, (passed) => server.request(passed)),
      notify: (call) => (isBlocked(call, hidden) ? undefined : server.notify(call)),
    });
  };
}

async function filtered(exchange: Exchange, hidden: Matcher, next: Handler): Promise<Reply> {
  refuseAmbiguous(exchange.call);
  switch (exchange.call.method) {
    case 'tools/call': {
      const name = calledTool(exchange.call);
      return hidden(name) ? errorReply(INVALID_PARAMS, `Unknown tool: ${name}`) : next(exchange);
    }
    case 'tools/list':
      return withoutHidden(await next(exchange), hidden);
    default:
      return next(exchange);
  }
}

/**
 * Whether a notification must not pass. A call without an id asks for no answer, but a lenient server would still run
 * it.
 */
function isBlocked(call: Call, hidden: Matcher): boolean {
  try {
    refuseAmbiguous(call);
    return call.method === 'tools/call' && hidden(calledTool(call));
  } catch {
    // A call that cannot be read cannot be allowed.
    return true;
  }
}

/** Refuses a message that some server would read as a different call than the filter does. */
function refuseAmbiguous(call: Call): void {
  refuseOtherCalls(call);
  if (call.method === 'tools/call' && isObject(call.params)) refuseLookalikes(call.params, ['name']);
}

/** The name of the tool that a call runs. Throws if a server could read another name than the proxy does, or none. */
function calledTool(call: Call): string {
  if (!call.params || !isObject(call.params)) {
    throw new ProxyError('invalid-params', 'tools/call without parameters');
  }
  const name = asString(member(call.params, 'name'));
  if (name === undefined) throw new ProxyError('invalid-params', 'tools/call without the name of a tool');
  return name;
}

function withoutHidden(reply: Reply, hidden: Matcher): Reply {
  try {
    const own = withoutOtherReplies(reply);
    if ('error' in own) return own;
    const page = pageOf('tools/list', own.result);
    if (!page) throw new ProxyError('bad-result', `${UNREADABLE}: its tools member is ${kindOfTools(own.result)}`);
    const shown = page.entries.filter((tool) => isShown(tool, hidden));
    const kept = shown.map((tool) => withoutLookalikes(tool, ['name']));
    const result = withEntries({ ...page, result: withoutLookalikes(own.result, ['tools']) }, kept);
    return result === own.result ? own : { ...own, result };
  } catch (error) {
    if (error instanceof JsonError) throw new ProxyError('bad-result', `${UNREADABLE}: ${error.message}`, {}, error);
    throw error;
  }
}

/** The kind of the value that is not a list. Without its text, which may name a hidden tool. */
function kindOfTools(result: Json): string {
  const value = isObject(result) ? member(result, 'tools') : undefined;
  if (value === undefined) return 'missing';
  if (value[0] === QUOTE) return 'a string';
  return value[0] === BRACE_OPEN ? 'an object' : printable(value.toString('latin1'), 20);
}

const UNREADABLE = 'the tools/list result of the server cannot be filtered, so the proxy withholds it';

function isShown(tool: Json, hidden: Matcher): boolean {
  // An entry that is not a tool (some servers send `null`) would break the whole list for strict clients.
  if (!isObject(tool)) return false;
  const name = asString(member(tool, 'name'));
  return name !== undefined && !hidden(name);
}
