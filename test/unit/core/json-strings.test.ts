// The scanner reads long strings a word at a time. Every byte that matters is tried at every offset of a string that is
// just long enough, at every alignment of the buffer.
import { describe, expect, it } from 'vitest';
import { type Json, JsonError, parseValue } from '../../../src/core/json.ts';

/** The text at an offset of its own inside a bigger allocation, as chunks of a socket have it. */
function aligned(text: Buffer, shift: number): Json {
  const room = Buffer.from(new ArrayBuffer(text.length + 16));
  text.copy(room, shift);
  // The scanner must not read behind the text: a quote there would end an unterminated string.
  room.fill('"', shift + text.length);
  return room.subarray(shift, shift + text.length);
}

function accepted(text: Json): boolean {
  try {
    return parseValue(text) !== undefined;
  } catch (error) {
    if (error instanceof JsonError) return false;
    throw error;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Bytes that end a string, begin an escape or may not stand in it, and their neighbours that are harmless. */
const SPECIALS: readonly string[] = [
  '"',
  '\\',
  '\\"',
  '\\\\',
  '\\u0041',
  '\\u004',
  '\\x',
  '\u0000',
  '\u0001',
  '\n',
  '\u001f',
  ' ',
  '!',
  '#',
  '[',
  ']',
  '\u007f',
  '\u0080',
  'é',
  '世',
  '🧪',
];

describe.each(SPECIALS.map((special) => [JSON.stringify(special), special] as const))('%s', (_, special) => {
  it.each([
    ['the shortest strings that are read by words', range(60, 80)],
    ['strings whose words are interrupted and begin again', range(126, 134)],
  ])('is judged as JSON.parse judges it, anywhere in %s', (_name, lengths) => {
    const wrong: string[] = [];
    for (const length of lengths) {
      for (let at = 0; at <= length; at++) {
        const inner = 'x'.repeat(at) + special + 'x'.repeat(length - at);
        const text = Buffer.from(`"${inner}"`);
        const expected = isJson(`"${inner}"`);
        for (const shift of [0, 1, 2, 3]) {
          if (accepted(aligned(text, shift)) !== expected) wrong.push(`length ${length}, at ${at}, shift ${shift}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('ends of long strings', () => {
  it('are found at every length, and missed where there is none', () => {
    const wrong: string[] = [];
    for (const length of range(0, 300)) {
      for (const shift of [0, 1, 2, 3]) {
        const inner = 'y'.repeat(length);
        if (!accepted(aligned(Buffer.from(`"${inner}"`), shift))) wrong.push(`closed, ${length}, ${shift}`);
        if (accepted(aligned(Buffer.from(`"${inner}`), shift))) wrong.push(`open, ${length}, ${shift}`);
        if (accepted(aligned(Buffer.from(`"${inner}\\`), shift))) wrong.push(`open escape, ${length}, ${shift}`);
        if (accepted(aligned(Buffer.from(`"${inner}"x`), shift))) wrong.push(`surplus, ${length}, ${shift}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('are the same for keys', () => {
    const wrong: string[] = [];
    for (const length of range(60, 80)) {
      for (const shift of [0, 1, 2, 3]) {
        const key = 'k'.repeat(length);
        if (!accepted(aligned(Buffer.from(`{"${key}":1}`), shift))) wrong.push(`${length}, ${shift}`);
        if (accepted(aligned(Buffer.from(`{"${key}\n":1}`), shift))) wrong.push(`control, ${length}, ${shift}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
