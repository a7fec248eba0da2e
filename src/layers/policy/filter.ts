/**
 * Hides tools, prompts and resources from every page of their lists, and blocks what names them. Fails closed: a message
 * that it cannot read does not pass, and one that passes is, byte for byte, the one it checked.
 */
import { derived, type Exchange, type Handler, type Peer } from '../../core/exchange.ts';
import { asString, BRACE_OPEN, isObject, type Json, JsonError, member, QUOTE } from '../../core/json.ts';
import { type Call, errorReply, INVALID_PARAMS, type Reply } from '../../core/jsonrpc.ts';
import { changed, type Layer } from '../../core/layer.ts';
import { withoutLookalikes, withoutOtherReplies } from '../../core/lookalikes.ts';
import { printable } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { declaredRevision } from '../../mcp/envelope.ts';
import { isListChange } from '../../mcp/methods.ts';
import { nextCursor, pageOf, requestedCursor, withEntries } from '../../mcp/tool-list.ts';
import { CheckedTools, type ToolCheck } from './checked-tools.ts';
import type { Kind, Rules } from './rules.ts';
import { LISTED, type PolicySubject, subjectsOf } from './subjects.ts';
import type { Tool } from './tool-pages.ts';

/** @param check decides on tools by their definitions; undefined: their names decide alone. */
export function filter(rules: Rules, check?: ToolCheck): Layer {
  return (inner) => (client) => {
    const checked = check && new CheckedTools(check);
    const told = (note: Call, peer: Pick<Peer, 'notify'>): Promise<void> | undefined => {
      if (isListChange(note.method)) checked?.forget();
      return concernsHidden(note, rules) ? undefined : peer.notify(note);
    };
    const server = inner({
      notify: (note) => told(note, client),
      ask: (call, signal) => client.ask(call, signal),
      room: () => client.room(),
    });
    const next: Handler = (exchange) => server.request(exchange);
    const filtering = new Filter(rules, checked, next);
    return changed(server, {
      request: (exchange) =>
        filtering.request(
          checked || rules.resource ? derived(exchange, { notify: (note) => told(note, exchange) }) : exchange,
        ),
      notify: (call) => (filtering.blocks(call) ? undefined : server.notify(call)),
    });
  };
}

class Filter {
  readonly #rules: Rules;
  readonly #checked: CheckedTools | undefined;
  readonly #next: Handler;

  constructor(rules: Rules, checked: CheckedTools | undefined, next: Handler) {
    this.#rules = rules;
    this.#checked = checked;
    this.#next = next;
  }

  async request(exchange: Exchange): Promise<Reply> {
    const { call } = exchange;
    for (const subject of subjectsOf(call, this.#concerns)) {
      if (this.#rules[subject.kind]?.(subject.name)) return unknown(subject, call);
      if (subject.kind !== 'tool' || !this.#checked) continue;
      if (!(await this.#checked.allows(subject.name, exchange, this.#next))) return unknown(subject, call);
    }
    const listed = LISTED.get(call.method);
    if (!listed || !this.#concerns(listed.kind)) return this.#next(exchange);
    return this.#withoutHidden(call, listed, await this.#next(exchange));
  }

  /**
   * Whether a notification must not pass. A call without an id asks for no answer, but a lenient server would still run
   * it.
   */
  blocks(call: Call): boolean {
    try {
      return subjectsOf(call, this.#concerns).some(
        ({ kind, name }) =>
          this.#rules[kind]?.(name) || (kind === 'tool' && this.#checked && !this.#checked.isKnown(name)),
      );
    } catch {
      // A call that cannot be read cannot be allowed.
      return true;
    }
  }

  readonly #concerns = (kind: Kind): boolean =>
    this.#rules[kind] !== undefined || (kind === 'tool' && this.#checked !== undefined);

  async #withoutHidden(call: Call, listed: { kind: Kind; key: string }, reply: Reply): Promise<Reply> {
    try {
      const own = withoutOtherReplies(reply);
      if ('error' in own) return own;
      const page = pageOf(call.method, own.result);
      if (!page) throw new ProxyError('bad-result', `${unreadable(call)}: its list is ${kindOfList(call, own.result)}`);
      const named = page.entries.flatMap((entry) => this.#shown(entry, listed));
      const place = { cursor: requestedCursor(call), next: nextCursor(own.result) };
      const passed = listed.kind === 'tool' && this.#checked ? await this.#checked.pass(named, place) : undefined;
      const shown = named.filter(({ name }) => passed?.has(name) ?? true);
      const kept = shown.map(({ definition }) => withoutLookalikes(definition, [listed.key]));
      const result = withEntries({ ...page, result: withoutLookalikes(own.result, [page.key]) }, kept);
      return result === own.result ? own : { ...own, result };
    } catch (error) {
      if (error instanceof JsonError)
        throw new ProxyError('bad-result', `${unreadable(call)}: ${error.message}`, {}, error);
      throw error;
    }
  }

  /** The entry with its name, unless the name hides it. */
  #shown(entry: Json, { kind, key }: { kind: Kind; key: string }): Tool[] {
    // An entry that is not an object (some servers send `null`) would break the whole list for strict clients.
    if (!isObject(entry)) return [];
    const name = asString(member(entry, key));
    return name === undefined || this.#rules[kind]?.(name) ? [] : [{ name, definition: entry }];
  }
}

const RESOURCE_NOT_FOUND = -32002;

/** What a server answers that does not have the subject. */
function unknown({ kind, name }: PolicySubject, call: Call): Reply {
  // Revisions up to 2025-11-25 have a code of its own for resources ("Resources", section "Error Handling").
  const isLegacy = declaredRevision(call) === undefined;
  if (kind === 'resource' && call.method === 'resources/read' && isLegacy) {
    return errorReply(RESOURCE_NOT_FOUND, 'Resource not found', { uri: name });
  }
  return errorReply(INVALID_PARAMS, `Unknown ${kind}: ${name}`);
}

/** Whether a notification of the server is about a hidden resource. */
function concernsHidden({ method, params }: Call, { resource }: Rules): boolean {
  if (method !== 'notifications/resources/updated' || !resource) return false;
  try {
    const uri = isObject(params) ? asString(member(params, 'uri')) : undefined;
    return uri === undefined || resource(uri);
  } catch {
    return true;
  }
}

/** The kind of the value that is not a list. Without its text, which may name what is hidden. */
function kindOfList({ method }: Call, result: Json): string {
  const key = method === 'resources/templates/list' ? 'resourceTemplates' : (method.split('/')[0] as string);
  const value = isObject(result) ? member(result, key) : undefined;
  if (value === undefined) return 'missing';
  if (value[0] === QUOTE) return 'a string';
  return value[0] === BRACE_OPEN ? 'an object' : printable(value.toString('latin1'), 20);
}

function unreadable({ method }: Call): string {
  return `the ${method} result of the server cannot be filtered, so the proxy withholds it`;
}
