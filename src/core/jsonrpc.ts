/**
 * JSON-RPC 2.0 messages with opaque payloads (https://www.jsonrpc.org/specification; the MCP
 * pages "Base Protocol" of each revision). Splits a message into envelope and payload, and puts a
 * message together around the very same payload bytes.
 */
import { type Id, isId, isTooLong, MAX_ID, NULL_ID } from './ids.ts';
import {
  arrayOf,
  asString,
  BRACE_CLOSE,
  elements,
  encode,
  isArray,
  isObject,
  type Json,
  JsonError,
  members,
  parseValue,
  peek,
  QUOTE,
} from './json.ts';

export type { Id };

/** A request or a notification: a method and its parameters. It has no id: ids belong to the wire. */
export interface Call {
  readonly method: string;
  readonly params?: Json;
  /** Envelope members that JSON-RPC does not define, as `"key":value` pairs joined by commas. */
  readonly extra?: Json;
}

/** The answer to a call: a result or an error object, as JSON text. */
export type Reply = { readonly result: Json; readonly extra?: Json } | { readonly error: Json; readonly extra?: Json };

export type Message =
  | { readonly kind: 'request'; readonly id: Id; readonly call: Call }
  | { readonly kind: 'notification'; readonly call: Call }
  | { readonly kind: 'response'; readonly id: Id; readonly reply: Reply }
  /** JSON, but not a JSON-RPC message; `id` is `null` (the text) if it is unknown. */
  | { readonly kind: 'invalid'; readonly id: Id; readonly reason: string }
  /** Meant as the response to the request `id`, but malformed. */
  | { readonly kind: 'malformed'; readonly id: Id; readonly reason: string };

export const INVALID_REQUEST = -32600;
export const PARSE_ERROR = -32700;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;

const VERSION = Buffer.from('"2.0"');

/**
 * Splits one message. Throws a JsonError when the text is not a JSON object without duplicate keys.
 * @param versioned whether an object without `"jsonrpc":"2.0"` is not a message
 */
export function parseMessage(text: Json, versioned = false): Message {
  let isVersioned = !versioned;
  let id: Json | undefined;
  let method: Json | undefined;
  let params: Json | undefined;
  let result: Json | undefined;
  let error: Json | undefined;
  let unknown: Buffer[] | undefined;
  for (const m of members(text)) {
    const value = text.subarray(m.start, m.end);
    switch (m.key) {
      case 'jsonrpc':
        isVersioned ||= value.equals(VERSION);
        break;
      case 'id':
        id = value;
        break;
      case 'method':
        method = value;
        break;
      case 'params':
        params = value;
        break;
      case 'result':
        result = value;
        break;
      case 'error':
        error = value;
        break;
      default:
        if (unknown) unknown.push(Buffer.from(','), text.subarray(m.from, m.end));
        else unknown = [text.subarray(m.from, m.end)];
    }
  }
  if (!isVersioned) return { kind: 'invalid', id: NULL_ID, reason: 'it has no "jsonrpc":"2.0"' };
  const extra = unknown && Buffer.concat(unknown);
  const idText = id && isId(id) && !isTooLong(id) ? id.toString('utf8') : undefined;

  if (method !== undefined) {
    const name = nameIn(method);
    if (name === undefined) return { kind: 'invalid', id: idText ?? NULL_ID, reason: 'method is not a string' };
    if (params !== undefined && !isObject(params) && !isArray(params)) {
      return { kind: 'invalid', id: idText ?? NULL_ID, reason: 'params is neither an object nor an array' };
    }
    const call = callOf(name, params, extra);
    if (id === undefined) return { kind: 'notification', call };
    if (idText === undefined) {
      const reason = isId(id) ? `id is longer than ${MAX_ID} bytes` : 'id is neither a string nor a number';
      return { kind: 'invalid', id: NULL_ID, reason };
    }
    return { kind: 'request', id: idText, call };
  }
  // Some JSON-RPC 1 libraries still write `"error":null` beside a result.
  if (error !== undefined && !(error[0] === 0x6e && result !== undefined)) {
    if (!isError(error))
      return { kind: 'malformed', id: idText ?? NULL_ID, reason: 'its error is not an error object' };
    return { kind: 'response', id: idText ?? NULL_ID, reply: extra ? { error, extra } : { error } };
  }
  if (result !== undefined)
    return { kind: 'response', id: idText ?? NULL_ID, reply: extra ? { result, extra } : { result } };
  const reason = 'neither method nor result nor error';
  return idText === undefined ? { kind: 'invalid', id: NULL_ID, reason } : { kind: 'malformed', id: idText, reason };
}

/** Spelled out, because copying parts of objects costs more than the rest of a small message. */
function callOf(method: string, params: Json | undefined, extra: Json | undefined): Call {
  if (extra) return params ? { method, params, extra } : { method, extra };
  return params ? { method, params } : { method };
}

/** The last method that was decoded: most messages have the method of the one before. */
let lastMethod = '';

/** The method in its JSON text; undefined when that is not a string. */
function nameIn(text: Json): string | undefined {
  const { length } = lastMethod;
  if (text.length === length + 2 && text[0] === QUOTE) {
    let i = 0;
    while (i < length && text[i + 1] === lastMethod.charCodeAt(i)) i++;
    if (i === length) return lastMethod;
  }
  const name = asString(text);
  if (name !== undefined && PLAIN.test(name)) lastMethod = name;
  return name;
}

/** A text that JSON spells without escapes and UTF-8 with one byte a letter, so that bytes can be compared with it. */
const PLAIN = /^[\w/$.-]{1,80}$/;

/**
 * The messages of one frame (a line, an HTTP body, an SSE event): one, or those of a batch
 * (revision 2025-03-26). Throws a JsonError when the text is not JSON. An element of a batch that
 * is not a message becomes an `invalid` one.
 * @param versioned whether an object without `"jsonrpc":"2.0"` is not a message
 */
export function parseFrame(text: Buffer, versioned = false): { batch: boolean; messages: Message[] } {
  const value = text[0] === 0x7b ? text : parseValue(text);
  if (isArray(value)) return { batch: true, messages: elements(value).map((one) => parseElement(one, versioned)) };
  if (!isObject(value)) return { batch: false, messages: [{ kind: 'invalid', id: NULL_ID, reason: 'not an object' }] };
  return { batch: false, messages: [parseMessage(value, versioned)] };
}

function parseElement(text: Json, versioned: boolean): Message {
  if (!isObject(text)) return { kind: 'invalid', id: NULL_ID, reason: 'not an object' };
  try {
    return parseMessage(text, versioned);
  } catch (error) {
    if (error instanceof JsonError) return { kind: 'invalid', id: NULL_ID, reason: error.message };
    throw error;
  }
}

/** A message on its way out, in pieces, so that large payloads are never copied into a bigger buffer. */
export type Frame = readonly Buffer[];

/** Below this size one buffer is cheaper than a list of three. */
const JOIN_BELOW = 32_768;

function frame(head: string, payload: Json | undefined, extra: Json | undefined): Frame {
  if (payload && !extra && payload.length < JOIN_BELOW) {
    const start = Buffer.byteLength(head);
    const whole = Buffer.allocUnsafe(start + payload.length + 1);
    whole.write(head);
    payload.copy(whole, start);
    whole[start + payload.length] = BRACE_CLOSE;
    return [whole];
  }
  const tail = Buffer.from('}');
  const parts: Buffer[] = [Buffer.from(head)];
  if (payload) parts.push(payload);
  if (extra) parts.push(Buffer.from(','), extra);
  parts.push(tail);
  return payload === undefined || payload.length < JOIN_BELOW ? [Buffer.concat(parts)] : parts;
}

export function encodeRequest(id: Id, call: Call): Frame {
  return encodeCall(`{"jsonrpc":"2.0","id":${id},`, call);
}

export function encodeNotification(call: Call): Frame {
  return encodeCall('{"jsonrpc":"2.0",', call);
}

function encodeCall(head: string, call: Call): Frame {
  const method = `${head}"method":${JSON.stringify(call.method)}`;
  return call.params ? frame(`${method},"params":`, call.params, call.extra) : frame(method, undefined, call.extra);
}

export function encodeResponse(id: Id, reply: Reply): Frame {
  return 'result' in reply
    ? frame(`{"jsonrpc":"2.0","id":${id},"result":`, reply.result, reply.extra)
    : frame(`{"jsonrpc":"2.0","id":${id},"error":`, reply.error, reply.extra);
}

/** The answers to a batch, as one frame. */
export function encodeBatch(frames: readonly Frame[]): Frame {
  return [arrayOf(frames.map((f) => (f.length === 1 ? (f[0] as Buffer) : Buffer.concat(f))))];
}

/** An error reply of the proxy itself. */
export function errorReply(code: number, message: string, data?: Record<string, unknown>): Reply {
  return { error: encode({ code, message, ...(data && Object.keys(data).length > 0 && { data }) }) };
}

/** The code of an error reply, or undefined when the reply is a result or its error is malformed. */
export function errorCode(reply: Reply): number | undefined {
  return 'result' in reply ? undefined : codeIn(reply.error);
}

function codeIn(error: Json): number | undefined {
  const code = Number(peek(error, 'code')?.toString('latin1') ?? Number.NaN);
  return Number.isInteger(code) ? code : undefined;
}

/** Whether a value is an error object (JSON-RPC 2.0, section 5.1); clients fail on anything else. */
function isError(error: Json): boolean {
  return codeIn(error) !== undefined && asString(peek(error, 'message')) !== undefined;
}
