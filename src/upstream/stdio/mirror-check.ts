/**
 * Compares the headers that mirror parameters of a tool with the call (specification 2026-07-28, "Custom Headers from
 * Tool Parameters"). A local server sees no headers, so the proxy checks them in its place.
 */
import { peekObject, peekText } from '../../core/json.ts';
import { type Call, errorReply, type Reply } from '../../core/jsonrpc.ts';
import { printable } from '../../core/redact.ts';
import { annotationsOf, type MirroredParameter, parameterHeaders } from '../../mcp/headers.ts';
import { HEADER_MISMATCH } from '../../mcp/revisions.ts';
import { peekPage, toolName } from '../../mcp/tool-list.ts';

/** Beyond this many annotated tools, further ones are not checked. */
const MAX_TOOLS = 10_000;

type Headers = Readonly<Record<string, string>>;

export class MirrorCheck {
  readonly #parameters = new Map<string, readonly MirroredParameter[]>();

  /** Learns from one page of `tools/list`. */
  learn(reply: Reply): void {
    const page = 'result' in reply ? peekPage('tools/list', reply.result) : undefined;
    for (const tool of page?.entries ?? []) {
      const name = peekText(tool, 'name');
      const schema = peekObject(tool, 'inputSchema');
      if (name === undefined || !schema) continue;
      const annotations = annotationsOf(schema);
      const parameters = 'parameters' in annotations ? annotations.parameters : [];
      this.#parameters.delete(name);
      if (parameters.length > 0 && this.#parameters.size < MAX_TOOLS) this.#parameters.set(name, parameters);
    }
  }

  forget(): void {
    this.#parameters.clear();
  }

  /** The error for a call whose headers do not match it; undefined when they do. Throws a JsonError. */
  mismatch(call: Call, mirrored: Headers): Reply | undefined {
    const name = toolName(call);
    const parameters = name === undefined ? undefined : this.#parameters.get(name);
    if (!parameters) return undefined;
    const expected = parameterHeaders(call, parameters);
    const wrong = parameters.find(({ header }) => !isSame(expected[header], mirrored[header]));
    return (
      wrong && errorReply(HEADER_MISMATCH, `Header mismatch: ${printable(wrong.header, 80)} does not match the body`)
    );
  }
}

function isSame(expected: string | undefined, given: string | undefined): boolean {
  if (expected === undefined || given === undefined) return expected === given;
  const text = decoded(given);
  return text !== undefined && text === decoded(expected);
}

/** The text of a header value; undefined when its encoding is broken. */
function decoded(value: string): string | undefined {
  const base64 = /^=\?base64\?(.*)\?=$/s.exec(value)?.[1];
  if (base64 === undefined) return value;
  const isWhole = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64);
  return isWhole ? Buffer.from(base64, 'base64').toString('utf8') : undefined;
}
