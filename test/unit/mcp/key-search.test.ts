// Which texts may have a key: asked of the same call by one layer after the other.
import { describe, expect, it } from 'vitest';
import { mayHaveKey } from '../../../src/mcp/key-search.ts';

const TOKEN = Buffer.from('token');
const NAME = Buffer.from('name');

describe('mayHaveKey', () => {
  it.each([
    ['{"token":1}', true],
    ['{"t\\u006fken":1}', true],
    ['{"other":"a\\nb"}', false],
    ['{}', false],
  ])('%s', (text, found) => {
    expect(mayHaveKey(Buffer.from(text), TOKEN)).toBe(found);
  });

  it('answers for each text and each key of its own', () => {
    const [token, name] = [Buffer.from('{"token":1}'), Buffer.from('{"name":1}')];
    for (const _ of [1, 2]) {
      expect([token, name].map((text) => mayHaveKey(text, TOKEN))).toEqual([true, false]);
      expect([token, name].map((text) => mayHaveKey(text, NAME))).toEqual([false, true]);
      expect([NAME, TOKEN].map((key) => mayHaveKey(name, key))).toEqual([true, false]);
    }
  });
});
