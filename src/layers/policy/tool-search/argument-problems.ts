/**
 * What is wrong with the arguments of a tool, by its JSON Schema (2020-12, the keywords that say what is wrong in plain
 * words). It only explains: whatever it does not understand passes, and the server decides. Regular expressions are left
 * to the server, because they come from it and may take forever.
 */
import { decode, type Json } from '../../../core/json.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Problems that are shown. */
const MOST = 5;
/** Steps of one check, so that no schema takes long. */
const MAX_STEPS = 20_000;
const MAX_DEPTH = 64;

/** Each problem is one line that names the place. Empty if nothing is wrong. */
export function problemsIn(args: Json, schema: Json): string[] {
  try {
    const root = decode(schema);
    return new ArgumentCheck(isRecord(root) ? root : {}).problems(decode(args));
  } catch {
    // Deeper than this program can read: the server may be able to.
    return [];
  }
}

class ArgumentCheck {
  readonly #root: Schema;
  #steps = 0;

  constructor(root: Schema) {
    this.#root = root;
  }

  problems(value: unknown): string[] {
    return [...new Set(this.#check(value, this.#root, '', 0))].slice(0, MOST);
  }

  #check(value: unknown, schema: unknown, place: string, depth: number): string[] {
    if (schema === false) return [`${at(place)} is not allowed`];
    if (!isRecord(schema) || depth > MAX_DEPTH || ++this.#steps > MAX_STEPS) return [];
    const deeper = (inner: unknown, other: unknown, where = place): string[] =>
      this.#check(inner, other, where, depth + 1);
    const found = [...ownProblems(value, schema, place)];
    if (found.length > 0) return found;
    if (typeof schema.$ref === 'string') found.push(...deeper(value, this.#target(schema.$ref)));
    for (const each of listOf(schema.allOf)) found.push(...deeper(value, each));
    for (const keyword of ['anyOf', 'oneOf']) {
      const choices = listOf(schema[keyword]);
      const reasons = choices.map((each) => deeper(value, each));
      if (choices.length > 0 && reasons.every((each) => each.length > 0)) found.push(...closest(reasons));
    }
    if (isRecord(value)) found.push(...memberProblems(value, schema, place, deeper));
    if (Array.isArray(value)) {
      const fixed = listOf(schema.prefixItems);
      value.forEach((item, i) => {
        const own = i < fixed.length ? fixed[i] : schema.items;
        found.push(...deeper(item, own, `${place}[${i}]`));
      });
    }
    return found;
  }

  /** The schema that a reference within the document means; anything passes where there is none. */
  #target(ref: string): unknown {
    if (!ref.startsWith('#')) return {};
    let target: unknown = this.#root;
    for (const part of ref.slice(1).split('/').slice(1)) {
      const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      target = isRecord(target) && Object.hasOwn(target, key) ? target[key] : undefined;
    }
    return target;
  }
}

/** The choice that the value fits best says most about what is wrong. */
function closest(reasons: readonly string[][]): string[] {
  return reasons.reduce((best, each) => (each.length < best.length ? each : best));
}

function* memberProblems(
  value: Schema,
  schema: Schema,
  place: string,
  deeper: (value: unknown, schema: unknown, place: string) => string[],
): Generator<string> {
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const inner = (key: string): string => (place === '' ? key : `${place}.${key}`);
  for (const key of listOf(schema.required)) {
    if (typeof key === 'string' && !Object.hasOwn(value, key)) yield `${inner(key)} is missing`;
  }
  for (const [key, member] of Object.entries(value)) {
    if (Object.hasOwn(properties, key)) yield* deeper(member, properties[key], inner(key));
    else if (schema.additionalProperties === false && !isRecord(schema.patternProperties)) {
      const names = Object.keys(properties).slice(0, 20).join(', ');
      yield `${inner(key)} is not a parameter${names === '' ? '' : `; there are: ${names}`}`;
    } else if (isRecord(schema.additionalProperties) && !isRecord(schema.patternProperties)) {
      yield* deeper(member, schema.additionalProperties, inner(key));
    }
  }
}

/** The problems of a value itself, without those of what it contains. */
function* ownProblems(value: unknown, schema: Schema, place: string): Generator<string> {
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).filter((type) => typeof type === 'string');
  const actual = typeOf(value);
  const fits = (type: string): boolean => type === actual || (type === 'number' && actual === 'integer');
  if (types.length > 0 && !types.some(fits)) {
    yield `${at(place)} must be ${types.map(article).join(' or ')}, but is ${article(actual)}`;
    return;
  }
  const same = (other: unknown): boolean => JSON.stringify(other) === JSON.stringify(value);
  if (Array.isArray(schema.enum) && !schema.enum.some(same)) {
    yield `${at(place)} must be one of ${listed(schema.enum)}`;
  }
  if (Object.hasOwn(schema, 'const') && !same(schema.const))
    yield `${at(place)} must be ${JSON.stringify(schema.const)}`;
  const [size, unit] = sizeOf(value);
  const limits =
    unit === ''
      ? ['minimum', 'maximum']
      : unit === 'characters'
        ? ['minLength', 'maxLength']
        : ['minItems', 'maxItems'];
  const [least, most] = limits.map((keyword) => schema[keyword]);
  const what = unit === '' ? '' : ` ${unit}`;
  if (size === undefined) return;
  if (typeof least === 'number' && size < least) yield `${at(place)} must be at least ${least}${what}`;
  if (typeof most === 'number' && size > most) yield `${at(place)} must be at most ${most}${what}`;
}

function sizeOf(value: unknown): readonly [size: number | undefined, unit: string] {
  if (typeof value === 'number') return [value, ''];
  if (typeof value === 'string') return [[...value].length, 'characters'];
  return Array.isArray(value) ? [value.length, 'items'] : [undefined, ''];
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function article(type: string): string {
  if (type === 'null') return 'null';
  return `${/^[aio]/.test(type) ? 'an' : 'a'} ${type}`;
}

function at(place: string): string {
  return place === '' ? 'the arguments' : place;
}

function listed(values: readonly unknown[]): string {
  const shown = values.slice(0, 20).map((value) => JSON.stringify(value));
  return shown.join(', ') + (values.length > shown.length ? ', ...' : '');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
