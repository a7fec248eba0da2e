/** Progress tokens (specification 2025-11-25, "Progress"), which tie a progress notification to its request. */
import { idKey, isId, isTooLong } from '../core/ids.ts';
import { isObject, type Json, peek } from '../core/json.ts';
import { KeySearch } from './key-search.ts';

export const MARK = 'progressToken';
const search = new KeySearch(MARK);

/** Whether a call may ask for progress: a cheap test that rules out nearly every call that does not. */
export function mayAskForProgress(params: Json): boolean {
  return search.mayBeIn(params);
}

/** The key of the token under which a call asks for progress; undefined when it does not ask. */
export function askedToken(params: Json | undefined): string | undefined {
  if (!isObject(params) || !mayAskForProgress(params)) return undefined;
  return keyOf(peek(params, '_meta', MARK));
}

/** The key of the token in a progress notification; undefined when it has none. */
export function toldToken(params: Json | undefined): string | undefined {
  return keyOf(peek(params, MARK));
}

function keyOf(token: Json | undefined): string | undefined {
  if (!token || !isId(token) || isTooLong(token)) return undefined;
  return idKey(token.toString('utf8'));
}
