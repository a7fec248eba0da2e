/**
 * Structured content for clients of older revisions, in which it is an object, and a tool's output schema says so
 * (specification 2026-07-28, "Key Changes", SEP-2106). A strict client of such a revision refuses the whole list for
 * one tool that has it otherwise.
 */
import {
  arrayOf,
  asString,
  elements,
  encode,
  isArray,
  isObject,
  type Json,
  members,
  peek,
  peekText,
  withMember,
  withoutMembers,
} from '../../core/json.ts';
import { KEYED_BY_NAME, NOT_SCHEMAS } from '../headers.ts';
import { legacyResult, type ModernResult, memberOf } from './legacy-result.ts';

/** The member that holds a value which is not an object. */
const WRAPPED = 'result';
/** Where the schema of that value is, as the beginning of a JSON Pointer in a URI fragment (RFC 6901). */
const PLACE = `#/properties/${WRAPPED}`;
/** A schema that is nested deeper is left out: checking the value is optional. */
const MAX_DEPTH = 64;

/** A tool for a client of an older revision, and whether its structured content must be wrapped. */
export interface LegacyTool {
  readonly tool: Json;
  readonly wraps: boolean;
}

/** Throws a JsonError for a duplicate key. */
export function legacyTool(tool: Json): LegacyTool {
  const schema = isObject(tool) ? peek(tool, 'outputSchema') : undefined;
  if (schema === undefined) return { tool, wraps: false };
  if (isObject(schema) && peekText(schema, 'type') === 'object') return { tool, wraps: false };
  const wrapped = isSchema(schema) ? wrappedSchema(schema) : undefined;
  return {
    tool: wrapped ? withMember(tool, 'outputSchema', wrapped) : withoutMembers(tool, ['outputSchema']),
    wraps: isSchema(schema),
  };
}

/** Any object is a schema, and so is a boolean (JSON Schema 2020-12, section 4.3). */
function isSchema(text: Json): boolean {
  return /^(\{|true$|false$)/.test(text.toString('latin1', 0, 8));
}

/** The schema of an object that holds a value of the given schema; undefined when that cannot be written down. */
function wrappedSchema(schema: Json): Json | undefined {
  const dialect = isObject(schema) ? peek(schema, '$schema') : undefined;
  // A schema with an identifier of its own resolves its references in itself, wherever it is.
  const moved = isObject(schema) && peek(schema, '$id') === undefined ? rebased(schema, false, 0) : schema;
  if (!moved) return undefined;
  const inner = dialect ? withoutMembers(moved, ['$schema']) : moved;
  const properties = withMember(encode({}), WRAPPED, inner);
  const head = withMember(encode({ type: 'object', required: [WRAPPED] }), 'properties', properties);
  return dialect ? withMember(head, '$schema', dialect) : head;
}

/**
 * The schema with its references into itself pointing to where it is now; undefined when it is too deep.
 * @param names whether the keys of the object are names that the author chose, not keywords.
 */
function rebased(text: Json, names: boolean, depth: number): Json | undefined {
  if (!mayRefer(text)) return text;
  if (depth > MAX_DEPTH) return undefined;
  const [isList, isKeyed]: [boolean, boolean] = [isArray(text), isObject(text)];
  if (isList) {
    const items = elements(text).map((item) => rebased(item, false, depth + 1));
    return items.every((item) => item !== undefined) ? arrayOf(items) : undefined;
  }
  if (!isKeyed) return text;
  if (!names && depth > 0 && peek(text, '$id') !== undefined) return text;
  const parts: Buffer[] = [];
  for (const { key, from, start, end } of members(text)) {
    const value = text.subarray(start, end);
    const moved = names ? rebased(value, false, depth + 1) : rebasedKeyword(key, value, depth);
    if (moved === undefined) return undefined;
    parts.push(Buffer.from(parts.length === 0 ? '{' : ','), text.subarray(from, start), moved);
  }
  return Buffer.concat([...parts, Buffer.from('}')]);
}

function rebasedKeyword(key: string, value: Json, depth: number): Json | undefined {
  if (NOT_SCHEMAS.has(key)) return value;
  if (key !== '$ref') return rebased(value, KEYED_BY_NAME.has(key), depth + 1);
  const reference = asString(value);
  return reference === '#' || reference?.startsWith('#/') ? encode(PLACE + reference.slice(1)) : value;
}

/** Whether the text can hold a reference, which may be spelled with escapes. */
function mayRefer(text: Json): boolean {
  return text.includes('$ref') || text.includes('\\u00');
}

/**
 * The result of a tool call in the form of older revisions.
 * @param wraps whether the client was told that the tool's structured content is wrapped. Values that are not objects
 *   always are.
 */
export function legacyToolResult(result: ModernResult, wraps: boolean): Json {
  const legacy = legacyResult('tools/call', result);
  const value = memberOf(result, 'structuredContent');
  if (value === undefined || (isObject(value) && !wraps)) return legacy;
  const wrapped = withMember(legacy, 'structuredContent', withMember(encode({}), WRAPPED, value));
  const content = memberOf(result, 'content');
  const blocks = isArray(content) ? elements(content) : [];
  if (blocks.some((block) => peekText(block, 'type') === 'text')) return wrapped;
  const text = encode({ type: 'text', text: value.toString('utf8') });
  return withMember(wrapped, 'content', arrayOf([...blocks, text]));
}
