/**
 * The headers of requests to a server: those that every request has, and the request metadata
 * that Streamable HTTP mirrors (specification 2026-07-28, "Streamable HTTP", sections "Request
 * Metadata" and "Custom Headers from Tool Parameters").
 */

import { asString, decode, type Json, member } from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';
import { declaredRevision } from './envelope.ts';
import { isClientRequest, nameSource } from './methods.ts';
import { MODERN_REVISIONS } from './revisions.ts';

/** For every POST: the server chooses between an answer and a stream. */
export const POST_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
} as const;

/** For every GET that asks for a stream. */
export const STREAM_HEADERS = { accept: 'text/event-stream' } as const;

/** An HTTP field name (RFC 9110, section 5.1). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PLAIN_VALUE = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/;
const ENCODED = /^=\?base64\?.*\?=$/s;

/** A value encoded for a header: unchanged if it is safe, otherwise in the Base64 form of the specification. */
export function headerValue(value: string): string {
  if (PLAIN_VALUE.test(value) && !ENCODED.test(value)) return value;
  return `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`;
}

export type RequestHeaders = Readonly<Record<string, string>>;

/** Requests with a longer name than this, in characters, are not remembered. */
const LONGEST_NAME = 200;
const MAX_REMEMBERED = 1_000;
/** The headers of requests, by method and name: clients use the same few tools again and again. */
const remembered = new Map<string, RequestHeaders>();

/** The standard headers of a modern request. Equal requests get the same object, unless they are unusual. */
export function standardHeaders(call: Call): RequestHeaders {
  const { method, params } = call;
  const version = declaredRevision(call);
  const source = nameSource(method);
  const name = source && params ? asString(member(params, source)) : undefined;
  const isUsual = version === MODERN_REVISIONS[0] && isClientRequest(method) && (name?.length ?? 0) <= LONGEST_NAME;
  if (!isUsual) return headersOf(method, version, name);
  // No method of the specification has a space.
  const key = name === undefined ? method : `${method} ${name}`;
  let headers = remembered.get(key);
  if (!headers) {
    headers = headersOf(method, version, name);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, headers);
  }
  return headers;
}

function headersOf(method: string, version: string | undefined, name: string | undefined): RequestHeaders {
  const headers: Record<string, string> = { 'mcp-method': headerValue(method) };
  if (version !== undefined) headers['mcp-protocol-version'] = headerValue(version);
  if (name !== undefined) headers['mcp-name'] = headerValue(name);
  return headers;
}

/** One annotated parameter of a tool: its place in the arguments, and the header that mirrors it. */
export interface MirroredParameter {
  readonly path: readonly string[];
  /** The whole header name, in lower case. */
  readonly header: string;
}

/** A tool's annotations: what to mirror, or why its definition must be refused. */
export type Annotations = { readonly parameters: readonly MirroredParameter[] } | { readonly invalid: string };

const ANNOTATION = 'x-mcp-header';
const MIRRORED_TYPES = new Set(['string', 'integer', 'boolean']);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The `x-mcp-header` annotations of a tool's `inputSchema`. */
export function annotationsOf(inputSchema: Json): Annotations {
  const parameters: MirroredParameter[] = [];
  const names = new Set<string>();
  const reached = new Set<object>();
  let invalid: string | undefined;

  const visit = (schema: unknown, path: readonly string[]): void => {
    if (!isRecord(schema) || invalid !== undefined) return;
    if (path.length > 0 && isAnnotated(schema)) {
      reached.add(schema);
      invalid = check(schema, names);
      if (invalid !== undefined) return;
      parameters.push({ path, header: `mcp-param-${(schema[ANNOTATION] as string).toLowerCase()}` });
    }
    const properties = schema.properties;
    if (isRecord(properties)) for (const [key, value] of Object.entries(properties)) visit(value, [...path, key]);
  };

  const schema = decode(inputSchema);
  visit(schema, []);
  if (invalid === undefined && hasOther(schema, reached)) {
    invalid = `${ANNOTATION} stands where no chain of properties leads`;
  }
  return invalid === undefined ? { parameters } : { invalid };
}

/** `null` annotates nothing; any other value must be valid ("Schema Extension"). */
function isAnnotated(schema: Record<string, unknown>): boolean {
  return Object.hasOwn(schema, ANNOTATION) && schema[ANNOTATION] !== null;
}

/** Why one annotation breaks the rules, or undefined when it does not. */
function check(schema: Record<string, unknown>, names: Set<string>): string | undefined {
  const name = schema[ANNOTATION];
  if (typeof name !== 'string' || !TOKEN.test(name)) return `${ANNOTATION} is not a header name`;
  if (!MIRRORED_TYPES.has(schema.type as string))
    return `${ANNOTATION} on a parameter that is no string, integer or boolean`;
  if (names.has(name.toLowerCase())) return `two parameters share the header name ${name}`;
  names.add(name.toLowerCase());
  return undefined;
}

/** Whether there is an annotation anywhere outside the schemas that were reached. */
function hasOther(root: unknown, reached: ReadonlySet<object>): boolean {
  const queue: { value: unknown; names: boolean }[] = [{ value: root, names: false }];
  for (let next = queue.pop(); next; next = queue.pop()) {
    const { value } = next;
    if (Array.isArray(value)) for (const item of value) queue.push({ value: item, names: false });
    if (!isRecord(value)) continue;
    // Below `properties` the keys are names of parameters, one of which may have the same name as the annotation.
    if (!next.names && isAnnotated(value) && !reached.has(value)) return true;
    for (const [key, item] of Object.entries(value)) {
      if (!next.names && NOT_SCHEMAS.has(key)) continue;
      queue.push({ value: item, names: !next.names && KEYED_BY_NAME.has(key) });
    }
  }
  return false;
}

/** Keywords whose members are schemas under names that the author chooses. */
export const KEYED_BY_NAME = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);
/** Keywords whose values are instances, not schemas. */
export const NOT_SCHEMAS = new Set(['const', 'enum', 'default', 'examples']);

/** The `Mcp-Param-*` headers of one `tools/call`. */
export function parameterHeaders(call: Call, parameters: readonly MirroredParameter[]): Record<string, string> {
  const headers: Record<string, string> = {};
  const args = call.params && member(call.params, 'arguments');
  if (!args || parameters.length === 0) return headers;
  const root = decode(args);
  for (const { path, header } of parameters) {
    const value = path.reduce<unknown>(
      (at, key) => (isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined),
      root,
    );
    if (typeof value === 'string' || typeof value === 'boolean') headers[header] = headerValue(String(value));
    else if (typeof value === 'number' && Number.isSafeInteger(value)) headers[header] = String(value);
  }
  return headers;
}
