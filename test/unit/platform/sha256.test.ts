import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { sha256 } from '../../../src/platform/sha256.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

it('knows the examples of the standard', () => {
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

it('agrees with OpenSSL on texts of every length up to some blocks', () => {
  for (let length = 0; length <= 300; length++) {
    const text = Array.from({ length }, (_, i) => String.fromCharCode(32 + ((i * 31 + length * 7) % 95))).join('');
    expect(sha256(text), `${length} letters`).toBe(digest(text));
  }
});

it.each([
  'https://host.example/mcp?api_key=topsecret',
  'https://münchen.example/größe',
  '😀'.repeat(40),
  '\ud800 alone',
  `\u0000${'\uffff'.repeat(64)}`,
  'x'.repeat(1_000_003),
])('agrees with OpenSSL on %.40j', (text) => {
  expect(sha256(text)).toBe(digest(text));
});
