// Which texts may have a key: asked of the same call by one layer after the other.
import { describe, expect, it } from 'vitest';
import { KeySearch } from '../../../src/mcp/key-search.ts';

describe('a search for a key', () => {
  it.each([
    ['{"token":1}', true],
    ['{"t\\u006fken":1}', true],
    ['{"other":"a\\nb"}', false],
    ['{}', false],
  ])('%s', (text, found) => {
    expect(new KeySearch('token').mayBeIn(Buffer.from(text))).toBe(found);
  });

  it.each([0, 200, 256, 300, 5_000])('finds it at the end of a text of %d more bytes, and only there', (length) => {
    const text = (end: string): Buffer => Buffer.from(`{"filling":"${'t'.repeat(length)}","${end}":1}`);
    expect(new KeySearch('token').mayBeIn(text('token'))).toBe(true);
    expect(new KeySearch('token').mayBeIn(text('toke'))).toBe(false);
  });

  it('answers for each text and each key of its own', () => {
    const [forToken, forName] = [new KeySearch('token'), new KeySearch('name')];
    const [token, name, escaped] = [
      Buffer.from('{"token":1}'),
      Buffer.from('{"name":1}'),
      Buffer.from('{"\\u0061":1}'),
    ];
    for (const _ of [1, 2]) {
      expect([token, name, escaped].map((text) => forToken.mayBeIn(text))).toEqual([true, false, true]);
      expect([token, name, escaped].map((text) => forName.mayBeIn(text))).toEqual([false, true, true]);
      expect([escaped, name, name].map((text) => forToken.mayBeIn(text))).toEqual([true, false, false]);
      expect([name, name, escaped].map((text) => forName.mayBeIn(text))).toEqual([true, true, true]);
    }
  });
});
