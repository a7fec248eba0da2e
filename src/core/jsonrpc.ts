/**
 * JSON-RPC 2.0 messages with opaque payloads (https://www.jsonrpc.org/specification; the MCP
 * pages "Base Protocol" of each revision). Splits a message into envelope and payload, and puts a
 * message together around the very same payload bytes.
 */
import { type Id, idAt, isId, isIdStart, isTooLong, MAX_ID, NULL_ID } from './ids.ts';
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
  type JsonMember,
  parseValue,
  peek,
  QUOTE,
  scanKnown,
  stringAt,
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
  /** `unversioned`: it has no `"jsonrpc":"2.0"`, where that was asked for. */
  | { readonly kind: 'response'; readonly id: Id; readonly reply: Reply; readonly unversioned?: true }
  /** JSON, but not a JSON-RPC message; `id` is `null` (the text) if it is unknown. */
  | { readonly kind: 'invalid'; readonly id: Id; readonly reason: string }
  /** Meant as the response to the request `id`, but malformed. */
  | { readonly kind: 'malformed'; readonly id: Id; readonly reason: string };

/** Whether JSON-RPC requires an answer to a message. */
export function isAnswered({ kind }: Message): boolean {
  return kind !== 'notification' && kind !== 'response';
}

export const INVALID_REQUEST = -32600;
export const PARSE_ERROR = -32700;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;

const VERSION = Buffer.from('"2.0"');
const UNVERSIONED: Message = { kind: 'invalid', id: NULL_ID, reason: 'it has no "jsonrpc":"2.0"' };

/** The keys of an envelope (JSON-RPC 2.0, sections 4 and 5). */
const ENVELOPE = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];
/** Where their values are; shared, because reading never interleaves. */
const spans = new Int32Array(2 * ENVELOPE.length);
const [VERSION_AT, ID_AT, METHOD_AT, PARAMS_AT, RESULT_AT, ERROR_AT] = [0, 2, 4, 6, 8, 10] as const;

/** The value in one of the spans. */
function valueAt(text: Json, place: number): Json | undefined {
  const end = spans[place + 1] as number;
  return end === 0 ? undefined : text.subarray(spans[place], end);
}

/**
 * Splits one message. Throws a JsonError when the text is not a JSON object without duplicate keys.
 * @param versioned whether an object without `"jsonrpc":"2.0"` is not a message, unless it is an answer
 */
export function parseMessage(text: Json, versioned = false): Message {
  const others = scanKnown(text, ENVELOPE, spans);
  const unversioned = versioned && !isVersioned(text);
  if (unversioned && !isReply()) return UNVERSIONED;
  const extra = others && joined(text, others);
  const idText = idIn(text);

  if (spans[METHOD_AT + 1] !== 0) return parseCall(text, idText, extra);
  const error = valueAt(text, ERROR_AT);
  const result = valueAt(text, RESULT_AT);
  const id = idText ?? NULL_ID;
  // Some JSON-RPC 1 libraries still write `"error":null` beside a result.
  if (error !== undefined && !(error[0] === 0x6e && result !== undefined)) {
    if (!isError(error)) {
      // Log lines have errors, too.
      return unversioned ? UNVERSIONED : { kind: 'malformed', id, reason: 'its error is not an error object' };
    }
    return responseOf(id, extra ? { error, extra } : { error }, unversioned);
  }
  if (result !== undefined) return responseOf(id, extra ? { result, extra } : { result }, unversioned);
  const reason = 'neither method nor result nor error';
  return { kind: idText === undefined ? 'invalid' : 'malformed', id, reason };
}

function responseOf(id: Id, reply: Reply, unversioned: boolean): Message {
  return unversioned ? { kind: 'response', id, reply, unversioned } : { kind: 'response', id, reply };
}

/** Whether the envelope is that of an answer, whatever its version. */
function isReply(): boolean {
  return spans[METHOD_AT + 1] === 0 && (spans[RESULT_AT + 1] !== 0 || spans[ERROR_AT + 1] !== 0);
}

function parseCall(text: Json, idText: Id | undefined, extra: Json | undefined): Message {
  const id = idText ?? NULL_ID;
  const name = nameIn(text, spans[METHOD_AT] as number, spans[METHOD_AT + 1] as number);
  if (name === undefined) return { kind: 'invalid', id, reason: 'method is not a string' };
  const params = valueAt(text, PARAMS_AT);
  if (params !== undefined && !isObject(params) && !isArray(params)) {
    return { kind: 'invalid', id, reason: 'params is neither an object nor an array' };
  }
  const call = callOf(name, params, extra);
  if (idText !== undefined) return { kind: 'request', id, call };
  const given = valueAt(text, ID_AT);
  if (given === undefined) return { kind: 'notification', call };
  const reason = isId(given) ? `id is longer than ${MAX_ID} bytes` : 'id is neither a string nor a number';
  return { kind: 'invalid', id, reason };
}

/** Whether the version is that of JSON-RPC 2.0. */
function isVersioned(text: Json): boolean {
  const start = spans[VERSION_AT] as number;
  if ((spans[VERSION_AT + 1] as number) - start !== VERSION.length) return false;
  for (let i = 0; i < VERSION.length; i++) if (text[start + i] !== VERSION[i]) return false;
  return true;
}

/** The id; undefined when there is none that the proxy accepts. */
function idIn(text: Json): Id | undefined {
  const start = spans[ID_AT] as number;
  const end = spans[ID_AT + 1] as number;
  if (end === 0 || !isIdStart(text[start] as number) || isTooLong({ length: end - start })) return undefined;
  return idAt(text, start, end);
}

/** Other members, as one text. */
function joined(text: Json, others: readonly JsonMember[]): Json {
  return Buffer.concat(
    others.flatMap(({ from, end }, i) => [...(i === 0 ? [] : [Buffer.from(',')]), text.subarray(from, end)]),
  );
}

/** Spelled out, because copying parts of objects costs more than the rest of a small message. */
export function callOf(method: string, params: Json | undefined, extra: Json | undefined): Call {
  if (extra) return params ? { method, params, extra } : { method, extra };
  return params ? { method, params } : { method };
}

/** The last method that was decoded: most messages have the method of the one before. */
let lastMethod = '';

/** The method whose JSON text lies between two offsets; undefined when that is not a string. */
function nameIn(text: Json, start: number, end: number): string | undefined {
  const { length } = lastMethod;
  if (end - start === length + 2 && text[start] === QUOTE) {
    let i = 0;
    while (i < length && text[start + 1 + i] === lastMethod.charCodeAt(i)) i++;
    if (i === length) return lastMethod;
  }
  const name = stringAt(text, start, end);
  if (name !== undefined && PLAIN.test(name)) lastMethod = name;
  return name;
}

/** A text that JSON spells without escapes and UTF-8 with one byte a letter, so that bytes can be compared with it. */
const PLAIN = /^[\w/$.-]{1,80}$/;

/**
 * The messages of one frame (a line, an HTTP body, an SSE event): one, or those of a batch
 * (revision 2025-03-26). Throws a JsonError when the text is not JSON. An element of a batch that
 * is not a message becomes an `invalid` one.
 * @param versioned whether an object without `"jsonrpc":"2.0"` is not a message, unless it is an answer
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

/** How a message begins, up to its id. */
const WITH_ID = Buffer.from('{"jsonrpc":"2.0","id":');
const WITHOUT_ID = Buffer.from('{"jsonrpc":"2.0"');
const RESULT = Buffer.from(',"result":');
const ERROR = Buffer.from(',"error":');

/** The text between the id of a call and its parameters, for the last method: most calls have that of the one before. */
let lastHead: { readonly method: string; readonly text: Buffer } | undefined;

/** Characters of a method that may stay in memory. */
const KEPT_METHOD = 80;

function headOf(method: string): Buffer {
  if (lastHead?.method === method) return lastHead.text;
  const text = Buffer.from(`,"method":${JSON.stringify(method)},"params":`);
  if (method.length <= KEPT_METHOD) lastHead = { method, text };
  return text;
}

/**
 * A message: its id, what follows it (such as `,"result":`), its payload and its other members. Small ones are copied
 * from bytes that are there already: encoding a text for each of them would cost more than all the rest.
 */
function frame(id: Id | undefined, middle: Buffer, payload: Json | undefined, extra: Json | undefined): Frame {
  const start = id === undefined ? WITHOUT_ID : WITH_ID;
  if (!payload || extra || payload.length >= JOIN_BELOW) return inParts(start, id, middle, payload, extra);
  const idText = id ?? '';
  // Numbers are ASCII, and nearly every id is one.
  const isAscii = !idText.startsWith('"');
  const idLength = isAscii ? idText.length : Buffer.byteLength(idText);
  const whole = Buffer.allocUnsafe(start.length + idLength + middle.length + payload.length + 1);
  whole.set(start);
  let at = start.length;
  if (!isAscii) whole.write(idText, at);
  else for (let i = 0; i < idLength; i++) whole[at + i] = idText.charCodeAt(i);
  at += idLength;
  whole.set(middle, at);
  at += middle.length;
  whole.set(payload, at);
  whole[at + payload.length] = BRACE_CLOSE;
  return [whole];
}

function inParts(
  start: Buffer,
  id: Id | undefined,
  middle: Buffer,
  payload: Json | undefined,
  extra: Json | undefined,
): Frame {
  const parts: Buffer[] = [Buffer.concat([start, Buffer.from(id ?? ''), middle])];
  if (payload) parts.push(payload);
  if (extra) parts.push(Buffer.from(','), extra);
  parts.push(Buffer.from('}'));
  return payload === undefined || payload.length < JOIN_BELOW ? [Buffer.concat(parts)] : parts;
}

export function encodeRequest(id: Id, call: Call): Frame {
  return encodeCall(id, call);
}

export function encodeNotification(call: Call): Frame {
  return encodeCall(undefined, call);
}

function encodeCall(id: Id | undefined, { method, params, extra }: Call): Frame {
  if (!params) return frame(id, Buffer.from(`,"method":${JSON.stringify(method)}`), undefined, extra);
  return frame(id, headOf(method), params, extra);
}

export function encodeResponse(id: Id, reply: Reply): Frame {
  return 'result' in reply ? frame(id, RESULT, reply.result, reply.extra) : frame(id, ERROR, reply.error, reply.extra);
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
