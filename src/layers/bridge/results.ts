/** Brings results of 2026-07-28 into the form of older revisions, and remembers what clients were told about tools. */
import { asString, type Json, JsonError, peek } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import { ProxyError } from '../../errors.ts';
import { legacyResult, type ModernResult, readResult } from '../../mcp/eras/legacy-result.ts';
import { legacyTool, legacyToolResult } from '../../mcp/eras/structured-content.ts';
import { pageOf, toolName, withEntries } from '../../mcp/tool-list.ts';

/** The results of calls of further tools are wrapped only if they are not objects. */
const MAX_TOOLS = 10_000;

export class Results {
  /** The tools of which clients were told that their structured content is wrapped. */
  readonly #wrapping = new Set<string>();

  /** Takes a result apart. Throws a ProxyError when it cannot be read in one way only. */
  read(method: string, text: Json): ModernResult {
    return readable(method, () => readResult(text));
  }

  /** A complete result in the form of older revisions. Throws a ProxyError as {@link read} does. */
  complete(call: Call, result: ModernResult): Json {
    return readable(call.method, () => {
      if (call.method === 'tools/call') return legacyToolResult(result, this.#wrapping.has(toolName(call) ?? ''));
      const legacy = legacyResult(call.method, result);
      return call.method === 'tools/list' && mayHaveSchemas(legacy) ? this.#list(legacy) : legacy;
    });
  }

  #list(legacy: Json): Json {
    const page = pageOf('tools/list', legacy);
    if (!page) return legacy;
    const tools = page.entries.map((entry) => {
      const { tool, wraps } = legacyTool(entry);
      const name = asString(peek(entry, 'name'));
      if (name !== undefined && !wraps) this.#wrapping.delete(name);
      else if (name !== undefined && this.#wrapping.size < MAX_TOOLS) this.#wrapping.add(name);
      return tool;
    });
    return withEntries(page, tools);
  }
}

/** Whether the text can hold an output schema, whose key may be spelled with escapes. */
function mayHaveSchemas(text: Json): boolean {
  return text.includes('outputSchema') || text.includes('\\u00');
}

function readable<T>(method: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const name = JSON.stringify(method.slice(0, 80));
    throw new ProxyError('bad-result', `the server's result of ${name} cannot be read: ${error.message}`, {}, error);
  }
}
