import { expect, it } from 'vitest';
import { canonical } from '../../../../src/mcp/eras/canonical.ts';
import { seeded, valueText } from '../../core/random.ts';

it.each([
  ['{}', '{}'],
  [' [ ] ', '[]'],
  ['{"b":1,"a":{"d":[2,{"z":1,"y":2}],"c":null}}', '{"a":{"c":null,"d":[2,{"y":2,"z":1}]},"b":1}'],
  ['{"\\u0062":"\\u00e4","a":"\\n"}', '{"a":"\\n","b":"ä"}'],
  ['[12345678901234567890, 1.0, -1e400, true]', '[12345678901234567890,1.0,-1e400,true]'],
  ['"a{b}[c],:\\"d"', '"a{b}[c],:\\"d"'],
  ['{"a":[],"a":{}}', '{"a":[],"a":{}}'],
])('%s is %s', (text, expected) => {
  expect(canonical(Buffer.from(text))).toBe(expected);
});

it('is the same for every order of the members, and stays what the text means', () => {
  for (let seed = 0; seed < 500; seed++) {
    // By way of a value, so that both texts spell numbers in the same way.
    const value: unknown = JSON.parse(valueText(seeded(seed)));
    const one = canonical(Buffer.from(JSON.stringify(value)));
    expect(canonical(Buffer.from(JSON.stringify(reversed(value)))), `seed ${seed}`).toBe(one);
    expect(JSON.parse(one), `seed ${seed}`).toEqual(JSON.parse(JSON.stringify(value)));
  }
});

it('copies no part of the text once for each level around it', () => {
  const depth = 100_000;
  const text = `${'[{"a":'.repeat(depth)}"${'x'.repeat(1_000_000)}"${'}]'.repeat(depth)}`;
  expect(canonical(Buffer.from(text))).toBe(text);
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, reversed(inner)] as const);
  return Object.fromEntries(entries.reverse());
}
