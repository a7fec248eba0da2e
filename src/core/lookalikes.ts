/**
 * Keys that some reader takes for another key. Readers such as Go's `encoding/json` ignore case,
 * and use the last of two such keys. So once a decision rests on `name`, no `Name` may pass
 * beside it.
 */
import { ProxyError } from '../errors.ts';
import { type Json, type Member, members, withoutMembers } from './json.ts';
import type { Call, Reply } from './jsonrpc.ts';

/** The members of a message that JSON-RPC defines. */
const ENVELOPE = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];

/** Equal for all keys that some reader takes for the same key; Go reads ſ and the Kelvin sign as S and K. */
function folded(key: string): string {
  return key.normalize('NFKC').toUpperCase().toLowerCase();
}

function among(all: readonly Member[], keys: readonly string[]): string[] {
  const known = new Set(keys.map(folded));
  return all.filter(({ key }) => !keys.includes(key) && known.has(folded(key))).map(({ key }) => key);
}

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
