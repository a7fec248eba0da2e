/** From bytes of a wire to messages: the one place where outside text is first believed. */
import { isUtf8 } from 'node:buffer';
import { isTooLong, NULL_ID } from '../core/ids.ts';
import { JsonError } from '../core/json.ts';
import { type Message, parseFrame } from '../core/jsonrpc.ts';

/** Largest single message accepted from an upstream. */
export const MAX_UPSTREAM_MESSAGE = 256 * 1024 * 1024;

/** Largest single message accepted from a client. */
export const MAX_DOWNSTREAM_MESSAGE = 32 * 1024 * 1024;

/** What one line, body or event consists of. */
export interface ReceivedFrame {
  /** Whether the messages came as one array. */
  readonly batch: boolean;
  readonly messages: readonly Message[];
}

/**
 * The messages in one line, body or event. Throws a JsonError when the bytes are not JSON in UTF-8.
 * @param versioned whether an object without `"jsonrpc":"2.0"` is not a message, unless it is an answer
 */
export function readFrame(bytes: Buffer, versioned = false): ReceivedFrame {
  if (!isUtf8(bytes)) throw new JsonError('not valid UTF-8', 0);
  // A byte order mark is not JSON, but some shells put one in front of what they pipe.
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return parseFrame(marked ? bytes.subarray(3) : bytes, versioned);
}

const ENDS = 4_096;

/**
 * What the two ends of an unreadable message reveal: its id, `null` if it is in neither place
 * where libraries write it, and whether the message is a request.
 */
export function readEnds(first: Buffer, last: Buffer): { id: string; asks: boolean } {
  const head = first.toString('utf8', 0, ENDS);
  const tail = last.toString('utf8', Math.max(0, last.length - ENDS));
  const start = /^\s*\{(?:\s*"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,)*\s*"id"\s*:\s*("[^"\\]*"|-?\d+)\s*,/.exec(head);
  const end = /,\s*"id"\s*:\s*("[^"\\]*"|-?\d+)\s*\}\s*$/.exec(tail);
  const id = start?.[1] ?? end?.[1] ?? NULL_ID;
  return { id: isTooLong(id) ? NULL_ID : id, asks: /^[^[{]*\{[^[{]*"method"\s*:/.test(head) };
}
