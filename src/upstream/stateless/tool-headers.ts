/**
 * What the upstream's `tools/list` says about headers: which arguments each tool wants mirrored,
 * and which definitions a client must refuse (specification 2026-07-28, "Custom Headers from Tool
 * Parameters").
 */
import { type Json, peekObject, peekText } from '../../core/json.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import type { Log } from '../../core/ports.ts';
import { printable } from '../../core/redact.ts';
import { type Annotations, annotationsOf, type MirroredParameter, parameterHeaders } from '../../mcp/headers.ts';
import { peekPage, toolName, withEntries } from '../../mcp/tool-list.ts';

const ANNOTATION_MARK = 'x-mcp-header';
/**
 * Beyond this many annotated tools, further ones are not remembered; their calls still recover
 * through the server's refusal.
 */
const MAX_TOOLS = 10_000;

export class ToolHeaders {
  readonly #log: Log;
  readonly #parameters = new Map<string, readonly MirroredParameter[]>();
  readonly #refused = new Set<string>();
  /** The last reason for which a definition was refused. */
  #reason = '';

  constructor(log: Log) {
    this.#log = log;
  }

  /** The headers that must mirror the call's arguments, if the tool is known. */
  headersFor(call: Call): Record<string, string> {
    if (call.method !== 'tools/call' || this.#parameters.size === 0) return {};
    const name = toolName(call);
    const parameters = name === undefined ? undefined : this.#parameters.get(name);
    return parameters ? parameterHeaders(call, parameters) : {};
  }

  /** Whether the tool's definition was refused. */
  refuses(call: Call): boolean {
    if (call.method !== 'tools/call' || this.#refused.size === 0) return false;
    const name = toolName(call);
    return name !== undefined && this.#refused.has(name);
  }

  /** Learns from one page of `tools/list`, and returns the page without the definitions that must be refused. */
  learn(reply: Reply): Reply {
    if ('error' in reply) return reply;
    const known = this.#parameters.size + this.#refused.size > 0;
    if (!known && !mayBeAnnotated(reply.result)) return reply;
    const page = peekPage('tools/list', reply.result);
    // Learns nothing from a list that cannot be read; the client judges it.
    if (!page) return reply;
    const kept = page.entries.filter((tool) => this.#accept(tool));
    const left = page.entries.length - kept.length;
    if (left === 0) return reply;
    this.#log.warn(
      `${left} tool${left > 1 ? 's are' : ' is'} left out of the list: invalid ${ANNOTATION_MARK} (${this.#reason})`,
    );
    return { ...reply, result: withEntries(page, kept) };
  }

  #accept(tool: Json): boolean {
    const name = peekText(tool, 'name');
    if (name === undefined) return true;
    this.#refused.delete(name);
    this.#parameters.delete(name);
    const schema = mayBeAnnotated(tool) ? peekObject(tool, 'inputSchema') : undefined;
    if (!schema) return true;
    const annotations: Annotations = annotationsOf(schema);
    if ('invalid' in annotations) {
      this.#reason = `"${printable(name, 80)}": ${annotations.invalid}`;
      this.#log.debug(`tool ${this.#reason}`);
      if (this.#refused.size < MAX_TOOLS) this.#refused.add(name);
      return false;
    }
    if (annotations.parameters.length > 0 && this.#parameters.size < MAX_TOOLS) {
      this.#parameters.set(name, annotations.parameters);
    }
    return true;
  }
}

/** Whether the text can hold an annotation, which may be spelled with escapes. */
function mayBeAnnotated(text: Json): boolean {
  return text.includes(ANNOTATION_MARK) || text.includes('\\u00');
}
