// JSON texts as people and programs write them, for properties: with space, escapes, keys that are special in JavaScript,
// and numbers that no double can hold.
import fc from 'fast-check';

const space = fc.constantFrom('', '', '', '', ' ', '\n', '\t', '\r\n', '  \n\t ');
const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.constantFrom('-0', '12345678901234567890', '1.0', '0.1e-7', '1E+2', '1e400', '-9007199254740993'),
);
const PLAIN = ['é', '世界', '🧪', '\u2028', '\u007f', '/', 'constructor', '__proto__', '0', '{', ']'];
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
const piece = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 3 }).map((text) => JSON.stringify(text).slice(1, -1)),
  fc.constantFrom(...PLAIN, ...ESCAPES),
);
const string = fc.array(piece, { maxLength: 8 }).map((pieces) => `"${pieces.join('')}"`);

const texts = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(number, string, fc.constantFrom('true', 'false', 'null')),
    tie('array'),
    tie('object'),
  ),
  array: fc
    .array(fc.tuple(space, tie('value'), space), { maxLength: 5 })
    .map((items) => `[${items.map((parts) => parts.join('')).join(',')}]`),
  object: fc
    .uniqueArray(fc.tuple(string, fc.tuple(space, space, space, space), tie('value')), {
      maxLength: 6,
      selector: ([key]) => JSON.parse(key) as string,
    })
    .map((pairs) => `{${pairs.map(([key, [a, b, c, d], value]) => `${a}${key}${b}:${c}${value}${d}`).join(',')}}`),
}));

/** The text of one JSON value, no key of an object twice. */
export const valueText = texts.value;
export const objectText = texts.object;
export const arrayText = texts.array;

const FRAGMENTS = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '0',
  '-',
  '.',
  'e',
  '+',
  't',
  'true',
  'nul',
  '\\u00',
  '\\x',
];
const RARE = ['\n', '\u0000', '\u001f', '\ufeff', '//', "'", ' ', '\u00a0', 'é'];
const damage = fc.record({
  at: fc.nat(),
  length: fc.nat({ max: 4 }),
  kind: fc.constantFrom('removed', 'doubled', 'replaced', 'added'),
  fragment: fc.constantFrom(...FRAGMENTS, ...RARE),
});

/** Such a text with a few bytes removed, doubled, replaced or added: often JSON no more, sometimes still. */
export const damaged = (text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc.tuple(text, fc.array(damage, { minLength: 1, maxLength: 3 })).map(([whole, changes]) => {
    let result = Buffer.from(whole);
    for (const { at, length, kind, fragment } of changes) {
      const start = at % (result.length + 1);
      const before = result.subarray(0, start);
      const part = result.subarray(start, start + length);
      const after = result.subarray(start + length);
      const middle = {
        removed: [],
        doubled: [part, part],
        replaced: [Buffer.from(fragment)],
        added: [Buffer.from(fragment), part],
      }[kind];
      result = Buffer.concat([before, ...middle, after]);
    }
    return result;
  });
