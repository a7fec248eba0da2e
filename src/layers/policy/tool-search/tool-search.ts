/**
 * Shows clients two tools instead of all of them: one that finds tools, and one that calls a tool that was found. Calls
 * go the way of all calls, so the layers below decide on them.
 */
import { derived, type Exchange, type Handler, type Peer } from '../../../core/exchange.ts';
import { arrayOf, encode, isObject, type Json, member, withMember, withoutMembers } from '../../../core/json.ts';
import type { Call, Reply } from '../../../core/jsonrpc.ts';
import { changed, type Layer } from '../../../core/layer.ts';
import type { IndexedTool, MakeToolIndex, ToolIndex } from '../../../core/ports/tool-index.ts';
import { declaredRevision } from '../../../mcp/envelope.ts';
import { isListChange } from '../../../mcp/methods.ts';
import { COMPLETE, UNCACHED } from '../../../mcp/result.ts';
import { isFirstPage } from '../../../mcp/tool-list.ts';
import type { Matcher } from '../pattern.ts';
import { subjectsOf } from '../subjects.ts';
import { readTools } from '../tool-pages.ts';
import { problemsIn } from './argument-problems.ts';
import { CALL, callTool, FIND, findTools } from './own-tools.ts';
import { readCall, readQuery } from './requests.ts';

export interface ToolSearchOptions {
  readonly makeIndex: MakeToolIndex;
  /** Whether clients see a tool as without search, by the name that they see. */
  readonly isAlways: Matcher;
  /** The name that clients see of a tool which has another name as well. Left out: no tool has one. */
  readonly shownAs?: (name: string) => string | undefined;
  /** Changes with the list, where that is known without asking for it. */
  readonly version?: () => unknown;
  /** Resolves when every server that may have a tool has listed its own, or is too slow. Left out: there is one server. */
  readonly searched?: () => Promise<void>;
}

/** A server may change its tools without saying so. In milliseconds. */
const LIFETIME = 5 * 60_000;
/** Bytes of all definitions in one answer; the first one is there in any case. */
const MAX_ANSWER = 65_536;
/** Members that a model does not need to call a tool. */
const UNNEEDED = ['outputSchema', 'icons', 'execution', '_meta'];

export function toolSearch(options: ToolSearchOptions): Layer {
  return (inner) => (client) => {
    let searching: ToolSearch | undefined;
    const told = (note: Call, peer: Pick<Peer, 'notify'>): Promise<void> | undefined => {
      if (isListChange(note.method)) searching?.forget();
      return peer.notify(note);
    };
    const server = inner({
      notify: (note) => told(note, client),
      ask: (call, signal) => client.ask(call, signal),
      room: () => client.room(),
    });
    const own = new ToolSearch(options, (exchange) => server.request(exchange));
    searching = own;
    return changed(server, {
      request: (exchange) => own.request(derived(exchange, { notify: (note) => told(note, exchange) })),
      notify: (call) => (isOwnCall(call) ? undefined : server.notify(call)),
    });
  };
}

/** A notification cannot be answered, and only calls that are answered are checked. */
function isOwnCall(call: Call): boolean {
  try {
    const name = calledTool(call);
    return name === FIND || name === CALL;
  } catch {
    return true;
  }
}

function calledTool(call: Call): string | undefined {
  return subjectsOf(call, (kind) => kind === 'tool')[0]?.name;
}

class ToolSearch {
  readonly #options: ToolSearchOptions;
  readonly #next: Handler;
  #index: ToolIndex | undefined;
  #since = 0;
  #version: unknown;

  constructor(options: ToolSearchOptions, next: Handler) {
    this.#options = options;
    this.#next = next;
  }

  /** The list has changed. */
  forget(): void {
    this.#index = undefined;
  }

  async request(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    if (call.method === 'tools/list') return this.#list(exchange);
    switch (calledTool(call)) {
      case FIND:
        return this.#find(exchange);
      case CALL:
        return this.#call(exchange);
      default:
        return this.#next(exchange);
    }
  }

  async #list(exchange: Exchange): Promise<Reply> {
    const isModern = declaredRevision(exchange.call) !== undefined;
    const head = encode({ ...(isModern && { ...COMPLETE, ...UNCACHED }) });
    if (!isFirstPage(exchange.call)) return { result: withMember(head, 'tools', arrayOf([])) };
    const tools = await readTools(exchange, this.#next);
    this.#keep(this.#options.makeIndex(tools));
    const always = tools.filter(({ name }) => name !== FIND && name !== CALL && this.#options.isAlways(name));
    const shown = [encode(findTools(tools.length)), encode(callTool()), ...always.map(({ definition }) => definition)];
    return { result: withMember(head, 'tools', arrayOf(shown)) };
  }

  #keep(index: ToolIndex): ToolIndex {
    this.#index = index;
    this.#since = Date.now();
    this.#version = this.#options.version?.();
    return index;
  }

  async #current(exchange: Exchange): Promise<ToolIndex> {
    const isSame = this.#version === this.#options.version?.();
    if (this.#index && isSame && Date.now() - this.#since < LIFETIME) return this.#index;
    return this.#keep(this.#options.makeIndex(await readTools(exchange, this.#next)));
  }

  async #find(exchange: Exchange): Promise<Reply> {
    const asked = readQuery(exchange.call);
    if ('problem' in asked) return failure(exchange.call, asked.problem);
    const found = (await this.#current(exchange)).search(asked.query, asked.limit);
    const definitions: Json[] = [];
    let bytes = 0;
    for (const { definition } of found) {
      const needed = withoutMembers(definition, UNNEEDED);
      bytes += needed.length;
      if (definitions.length > 0 && bytes > MAX_ANSWER) break;
      definitions.push(needed);
    }
    const none = 'No tool matches these words. Try others: what the tool does, and to what.';
    return textReply(exchange.call, definitions.length > 0 ? arrayOf(definitions).toString('utf8') : none);
  }

  #tool(index: ToolIndex, name: string): IndexedTool | undefined {
    const tool = index.get(name);
    if (tool) return tool;
    const shown = this.#options.shownAs?.(name);
    return shown === undefined ? undefined : index.get(shown);
  }

  async #call(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    const asked = readCall(call);
    if ('problem' in asked) return failure(call, asked.problem);
    let index = await this.#current(exchange);
    let tool = this.#tool(index, asked.name);
    if (!tool && this.#options.searched) {
      await this.#options.searched();
      index = await this.#current(exchange);
      tool = this.#tool(index, asked.name);
    }
    if (!tool) {
      const near = index.search(asked.name, 3).map(({ name }) => JSON.stringify(name));
      const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
      return failure(call, `There is no tool ${JSON.stringify(asked.name)}.${hint} ${FIND} finds the right name.`);
    }
    const schema = member(tool.definition, 'inputSchema');
    const problems = isObject(schema) ? problemsIn(asked.arguments, schema) : [];
    if (problems.length > 0) {
      return failure(
        call,
        `The arguments of ${asked.name} are wrong:\n${problems.map((each) => `- ${each}`).join('\n')}`,
      );
    }
    const params = withMember(call.params as Json, 'name', encode(tool.name));
    const own = { ...call, params: withMember(params, 'arguments', asked.arguments) };
    // The headers of the client, if any, are about the arguments of our own tool.
    return this.#next({ ...derived(exchange, { call: own }), mirrored: undefined });
  }
}

function textReply(call: Call, text: string, { isError = false } = {}): Reply {
  const isModern = declaredRevision(call) !== undefined;
  return {
    result: encode({ ...(isModern && COMPLETE), content: [{ type: 'text', text }], ...(isError && { isError }) }),
  };
}

/** A result and not an error, so that the model reads it and tries again. */
function failure(call: Call, problem: string): Reply {
  return textReply(call, problem, { isError: true });
}
