/**
 * Gives tools other names: in lists and in calls. A name that a tool was given is that tool's alone, so another tool of
 * the server that has it is hidden; the old name is free, and means nothing.
 */
import { derived } from '../../core/exchange.ts';
import { asString, encode, isObject, type Json, JsonError, member, withMember } from '../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, type Reply } from '../../core/jsonrpc.ts';
import { changed, type Layer } from '../../core/layer.ts';
import { withoutLookalikes, withoutOtherReplies } from '../../core/lookalikes.ts';
import { ProxyError } from '../../errors.ts';
import { pageOf, withEntries } from '../../mcp/tool-list.ts';
import { subjectsOf } from './subjects.ts';

/** Names in both directions. */
export class ToolNames {
  readonly #toClient: ReadonlyMap<string, string>;
  readonly #toServer: ReadonlyMap<string, string>;

  /** @param renames each old name once, and each new one. */
  constructor(renames: readonly (readonly [from: string, to: string])[]) {
    this.#toClient = new Map(renames);
    this.#toServer = new Map(renames.map(([from, to]) => [to, from]));
  }

  /** The name that clients see; undefined for a tool that another one has taken the name of. */
  forClient(name: string): string | undefined {
    return this.#toClient.get(name) ?? (this.#toServer.has(name) ? undefined : name);
  }

  /** The server's name for what a client names; undefined for a name that means nothing any longer. */
  forServer(name: string): string | undefined {
    return this.#toServer.get(name) ?? (this.#toClient.has(name) ? undefined : name);
  }
}

export function rename(names: ToolNames): Layer {
  return (inner) => (client) => {
    const server = inner(client);
    return changed(server, {
      request: async (exchange) => {
        const { call } = exchange;
        if (call.method === 'tools/list') return renamedList(await server.request(exchange), names);
        const renamed = renamedCall(call, names);
        if (renamed === call) return server.request(exchange);
        if (renamed === undefined) return errorReply(INVALID_PARAMS, `Unknown tool: ${toolOf(call)}`);
        return server.request(derived(exchange, { call: renamed }));
      },
      notify: (call) => {
        const renamed = readable(() => renamedCall(call, names));
        return renamed && server.notify(renamed);
      },
    });
  };
}

/** The call with the server's name; undefined for a name that means nothing. Throws if the name cannot be read. */
function renamedCall(call: Call, names: ToolNames): Call | undefined {
  const name = toolOf(call);
  if (name === undefined) return call;
  const own = names.forServer(name);
  if (own === undefined || own === name) return own === undefined ? undefined : call;
  return { ...call, params: withMember(call.params as Json, 'name', encode(own)) };
}

function toolOf(call: Call): string | undefined {
  const [subject] = subjectsOf(call, (kind) => kind === 'tool');
  return subject?.name;
}

/** Drops a notification that cannot be read. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function renamedList(reply: Reply, names: ToolNames): Reply {
  try {
    const own = withoutOtherReplies(reply);
    if ('error' in own) return own;
    const page = pageOf('tools/list', own.result);
    if (!page) throw new ProxyError('bad-result', `${UNREADABLE}: it has no list of tools`);
    const entries = page.entries.flatMap((entry) => renamedEntry(entry, names));
    const result = withEntries({ ...page, result: withoutLookalikes(own.result, [page.key]) }, entries);
    return result === own.result ? own : { ...own, result };
  } catch (error) {
    if (error instanceof JsonError) throw new ProxyError('bad-result', `${UNREADABLE}: ${error.message}`, {}, error);
    throw error;
  }
}

const UNREADABLE = 'the tools in the tools/list result of the server cannot be renamed, so the proxy withholds it';

function renamedEntry(entry: Json, names: ToolNames): Json[] {
  if (!isObject(entry)) return [];
  const name = asString(member(entry, 'name'));
  const told = name === undefined ? undefined : names.forClient(name);
  if (told === undefined) return [];
  const own = withoutLookalikes(entry, ['name']);
  return [told === name ? own : withMember(own, 'name', encode(told))];
}
