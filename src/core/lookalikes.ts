/**
 * Keys that some reader takes for another key. Readers such as Go's `encoding/json` ignore case,
 * and use the last of two such keys. So once a decision rests on `name`, no `Name` may pass
 * beside it.
 */
import { ProxyError } from '../errors.ts';
import { type Json, type JsonMember, members, withoutMembers } from './json.ts';
import type { Call, Reply } from './jsonrpc.ts';

/** The members of a message that JSON-RPC defines. */
const ENVELOPE = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];

/** Equal for all keys that some reader takes for the same key; Go reads ſ and the Kelvin sign as S and K. */
function folded(key: string): string {
  // Nearly every key is spelled like this, and is itself what the rest would make of it.
  if (PLAIN.test(key)) return key;
  return key.normalize('NFKC').toUpperCase().toLowerCase();
}

const PLAIN = /^[a-z_]+$/;

/** A loop, because each call of 2026-07-28 comes here, and nearly none has one. */
function among(all: readonly JsonMember[], keys: readonly string[]): readonly string[] {
  let found: string[] | undefined;
  for (const { key } of all) {
    if (!keys.includes(key) && isLookalike(key, keys)) {
      found ??= [];
      found.push(key);
    }
  }
  return found ?? NONE;
}

function isLookalike(key: string, keys: readonly string[]): boolean {
  const read = folded(key);
  for (const known of keys) if (folded(known) === read) return true;
  return false;
}

const NONE: readonly string[] = [];

/**
 * Throws if any of the keys can be read in more than one way: a JsonError for duplicates, a
 * ProxyError for lookalikes.
 */
export function refuseLookalikes(text: Json, keys: readonly string[]): void {
  const [lookalike] = among(members(text), keys);
  if (lookalike === undefined) return;
  throw new ProxyError('invalid-params', `the key ${JSON.stringify(lookalike)} could be taken for another key`);
}

/** Throws a ProxyError when a reader could take a message for a different one. */
export function refuseOtherCalls({ extra }: Call): void {
  if (extra) refuseLookalikes(asObject(extra), ENVELOPE);
}

/** The object without the members that a reader could take for one of the keys. Throws a JsonError for duplicates. */
export function withoutLookalikes(text: Json, keys: readonly string[]): Json {
  const lookalikes = among(members(text), keys);
  return lookalikes.length === 0 ? text : withoutMembers(text, lookalikes);
}

/** The reply without the members that a reader could take for those of JSON-RPC. */
export function withoutOtherReplies(reply: Reply): Reply {
  if (!reply.extra) return reply;
  const { extra, ...rest } = reply;
  const all = asObject(extra);
  const kept = withoutLookalikes(all, ENVELOPE);
  if (kept === all) return reply;
  return kept.length > 2 ? { ...rest, extra: kept.subarray(1, -1) } : rest;
}

/** Turns members that are joined by commas into an object. */
function asObject(extra: Json): Json {
  return Buffer.concat([Buffer.from('{'), extra, Buffer.from('}')]);
}
