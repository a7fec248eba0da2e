// Repeatable random numbers, and JSON texts made with them: a failure names its seed, which shows it again.

export interface Random {
  /** A whole number from 0 to `below` - 1. */
  int(below: number): number;
  pick<T>(items: readonly T[]): T;
  chance(probability: number): boolean;
}

/** Mulberry32: small, and random enough for tests. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return { int, pick: (items) => items[int(items.length)] as never, chance: (probability) => next() < probability };
}

const SPACES = ['', '', '', '', ' ', '\n', '\t', '\r\n', '  \n\t '];
const NUMBERS = ['0', '-0', '1', '-1', '12345678901234567890', '1.0', '0.1e-7', '1E+2', '1e400', '-9007199254740993'];
const PLAIN = [
  'a',
  'b',
  'key',
  'é',
  '世界',
  '🧪',
  '\u2028',
  '\u007f',
  '/',
  ' ',
  'constructor',
  '__proto__',
  '0',
  '{',
  ']',
];
const ESCAPES = [
  '\\"',
  '\\\\',
  '\\/',
  '\\b',
  '\\f',
  '\\n',
  '\\r',
  '\\t',
  '\\u0041',
  '\\u00e9',
  '\\ud83e\\uddea',
  '\\ud800',
];

export function stringText(random: Random): string {
  const count = random.chance(0.05) ? random.int(200) : random.int(5);
  let inner = '';
  for (let i = 0; i < count; i++) inner += random.chance(0.8) ? random.pick(PLAIN) : random.pick(ESCAPES);
  return `"${inner}"`;
}

/** The text of one JSON value, at most `depth` containers deep, no key of an object twice. */
export function valueText(random: Random, depth = 4): string {
  const space = (): string => random.pick(SPACES);
  const kind = random.int(depth > 0 ? 8 : 5);
  switch (kind) {
    case 0:
      return random.pick(NUMBERS);
    case 1:
      return String(random.int(2 ** 31) - 2 ** 30);
    case 2:
      return random.pick(['true', 'false', 'null']);
    case 3:
    case 4:
      return stringText(random);
    case 5: {
      const items = Array.from({ length: random.int(5) }, () => `${space()}${valueText(random, depth - 1)}${space()}`);
      return items.length === 0 ? `[${space()}]` : `[${items.join(',')}]`;
    }
    default:
      return objectText(random, depth - 1);
  }
}

export function objectText(random: Random, depth = 3): string {
  const space = (): string => random.pick(SPACES);
  const keys = new Map<string, string>();
  for (let i = random.int(6); i > 0; i--) {
    const text = stringText(random);
    keys.set(JSON.parse(text) as string, text);
  }
  const pairs = [...keys.values()].map(
    (key) => `${space()}${key}${space()}:${space()}${valueText(random, depth)}${space()}`,
  );
  return pairs.length === 0 ? `{${space()}}` : `{${pairs.join(',')}}`;
}
