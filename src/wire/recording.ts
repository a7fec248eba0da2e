/**
 * Recorded sessions: JSON lines, the first of each run a header, every other one an event (`docs/recordings.md`). Payloads
 * stay the JSON text that crossed, apart from line breaks between its tokens.
 */
import { asString, decode, isObject, type Json, JsonError, peek } from '../core/json.ts';

/** Between the client and the proxy, or between the proxy and the server. */
export type Leg = 'client' | 'server';

/** What every line of a run has, and an event beside its payload. */
export interface EventOf {
  /** Milliseconds since the run began. */
  readonly time: number;
  readonly leg: Leg;
  /** Number of the session on its leg, from 1. */
  readonly session: number;
  readonly from: 'client' | 'server';
}

export type Payload =
  | { readonly kind: 'request'; readonly id: string; readonly method: string; readonly params?: Json | undefined }
  | { readonly kind: 'result'; readonly id: string; readonly payload: Json }
  | { readonly kind: 'error'; readonly id: string; readonly payload: Json }
  | { readonly kind: 'notification'; readonly method: string; readonly params?: Json | undefined }
  | { readonly kind: 'cancel'; readonly id: string };

export type RecordedEvent = EventOf &
  Payload & {
    /** The client's request that a message of the server belongs to. */
    readonly during?: string | undefined;
  };

export interface Header {
  /** Tells apart the runs of programs that write to the same file. */
  readonly run: string;
  /** The program that wrote it, and its version. */
  readonly program: string;
  /** When the run began (RFC 3339). */
  readonly began: string;
  /** The server, without secrets. */
  readonly server: string;
  /** Whether arguments and answers of users are in it. */
  readonly arguments: boolean;
}

export const FORMAT = 'mcp-proxy-recording/1';

const LINE_BREAKS = /[\r\n]/g;

export function headerLine(header: Header): string {
  return `${JSON.stringify({ format: FORMAT, ...header })}\n`;
}

export function eventLine(run: string, event: RecordedEvent): string {
  const { time, leg, session, from, during, kind } = event;
  const head = { run, time, leg, session, from, ...(during !== undefined && { during }), kind };
  const own = 'id' in event ? { id: event.id } : {};
  const method = 'method' in event ? { method: event.method } : {};
  const payload = 'method' in event ? event.params : 'payload' in event ? event.payload : undefined;
  const name = 'method' in event ? 'params' : kind;
  const fixed = JSON.stringify({ ...head, ...own, ...method }).slice(0, -1);
  // A line break cannot be in a JSON string, so those in the text are between tokens.
  return `${fixed}${payload ? `,"${name}":${payload.toString('utf8').replace(LINE_BREAKS, ' ')}` : ''}}\n`;
}

export type Line =
  | ({ readonly type: 'header' } & Header)
  | { readonly type: 'event'; readonly run: string; readonly event: RecordedEvent };

/** Reads one line. Throws a JsonError when it is not one of a recording. */
export function parseLine(text: Buffer): Line {
  if (!isObject(text)) throw new JsonError('expected an object', 0);
  const format = peek(text, 'format');
  if (format) return parseHeader(text, asString(format));
  const run = required(text, 'run');
  const [time, session] = [numberIn(text, 'time'), numberIn(text, 'session')];
  const leg = oneOf(text, 'leg', ['client', 'server'] as const);
  const from = oneOf(text, 'from', ['client', 'server'] as const);
  const during = asString(peek(text, 'during'));
  return { type: 'event', run, event: { time, session, leg, from, during, ...payloadIn(text) } };
}

function payloadIn(text: Json): Payload {
  const kind = oneOf(text, 'kind', ['request', 'result', 'error', 'notification', 'cancel'] as const);
  switch (kind) {
    case 'request':
      return { kind, id: required(text, 'id'), method: required(text, 'method'), params: peek(text, 'params') };
    case 'notification':
      return { kind, method: required(text, 'method'), params: peek(text, 'params') };
    case 'cancel':
      return { kind, id: required(text, 'id') };
    default: {
      const payload = peek(text, kind);
      if (payload === undefined) throw new JsonError(`no "${kind}"`, 0);
      return { kind, id: required(text, 'id'), payload };
    }
  }
}

function parseHeader(text: Json, format: string | undefined): Line {
  if (format !== FORMAT) throw new JsonError(`the format is not ${FORMAT}`, 0);
  const [run, program] = [required(text, 'run'), required(text, 'program')];
  const [began, server] = [required(text, 'began'), required(text, 'server')];
  return { type: 'header', run, program, began, server, arguments: peek(text, 'arguments')?.toString() === 'true' };
}

function required(text: Json, key: string): string {
  const value = asString(peek(text, key));
  if (value === undefined) throw new JsonError(`no text "${key}"`, 0);
  return value;
}

function numberIn(text: Json, key: string): number {
  const value = peek(text, key);
  const number = value && decode(value);
  if (typeof number !== 'number') throw new JsonError(`no number "${key}"`, 0);
  return number;
}

function oneOf<const T extends string>(text: Json, key: string, choices: readonly T[]): T {
  const value = required(text, key);
  const choice = choices.find((one) => one === value);
  if (choice === undefined) throw new JsonError(`"${key}" is none of ${choices.join(', ')}`, 0);
  return choice;
}
