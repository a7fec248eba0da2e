// A URL is still recognised after the question was asked many times.
import { expect, it } from 'vitest';
import { parseUrl } from '../../../src/core/url.ts';

it.each([
  ['https://as.example/', undefined, 'https://as.example/'],
  ['/path', 'https://as.example/other', 'https://as.example/path'],
  ['https://m\u00fcnchen.example/', undefined, 'https://xn--mnchen-3ya.example/'],
  // The bytes of a zero-width space, as they arrive in a header.
  ['https://as\u00e2\u0080\u008b.example/', undefined, undefined],
  ['/path', undefined, undefined],
  ['', undefined, undefined],
])('%j', (text, base, href) => {
  // As often as an engine needs to optimize the function.
  const found = new Set(Array.from({ length: 20_000 }, () => parseUrl(text, base)?.href));
  expect([...found]).toEqual([href]);
});
