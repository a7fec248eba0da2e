/** What clients ask of our own tools. Pure. */
import { asString, encode, isObject, type Json, member } from '../../../core/json.ts';
import type { Call } from '../../../core/jsonrpc.ts';
import { refuseLookalikes } from '../../../core/lookalikes.ts';
import { DEFAULT_LIMIT, MAX_LIMIT } from './own-tools.ts';

/** Why a request cannot be answered, for the model to read. */
interface RequestProblem {
  readonly problem: string;
}

/** Longer queries are cut: only words count. */
const LONGEST = 2_000;

export function readQuery(call: Call): { readonly query: string; readonly limit: number } | RequestProblem {
  const given = argumentsOf(call, ['query', 'limit']);
  const query = given && asString(member(given, 'query'));
  if (!given || query === undefined) return { problem: 'query is missing: say in a few words what the tool must do' };
  const limit = Number(member(given, 'limit')?.toString('latin1') ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    return { problem: `limit must be a whole number from 1 to ${MAX_LIMIT}` };
  }
  return { query: query.slice(0, LONGEST), limit };
}

export function readCall(call: Call): { readonly name: string; readonly arguments: Json } | RequestProblem {
  const given = argumentsOf(call, ['name', 'arguments']);
  const name = given && asString(member(given, 'name'));
  if (!given || name === undefined) return { problem: 'name is missing: the name of the tool to call' };
  const inner = member(given, 'arguments') ?? encode({});
  if (name.length > LONGEST) return { problem: 'name is longer than the name of any tool' };
  return isObject(inner) ? { name, arguments: inner } : { problem: 'arguments must be an object' };
}

/** The arguments of a call. Throws if they can be read in several ways. */
function argumentsOf({ params }: Call, keys: readonly string[]): Json | undefined {
  if (!isObject(params)) return undefined;
  refuseLookalikes(params, ['name', 'arguments']);
  const given = member(params, 'arguments');
  if (!isObject(given)) return undefined;
  refuseLookalikes(given, keys);
  return given;
}
