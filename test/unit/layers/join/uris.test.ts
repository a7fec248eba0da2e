import { describe, expect, it } from 'vitest';
import { mayComeFrom, prefixedUri, withoutServer } from '../../../../src/layers/join/uris.ts';

describe('a URI with its server', () => {
  it.each([
    ['docs://guide/one', 'docs://a__guide/one'],
    ['file:///etc/hosts', 'file://a__/etc/hosts'],
    ['ui://app', 'ui://a__app'],
    ['urn:isbn:1', 'urn:a__isbn:1'],
    ['notes', 'a__notes'],
    ['notes://{id}', 'notes://a__{id}'],
    ['', 'a__'],
  ])('%s is %s, and back', (own, shown) => {
    expect(prefixedUri('a', own)).toBe(shown);
    expect(withoutServer('a', shown)).toBe(own);
    expect(withoutServer('b', shown)).toBeUndefined();
  });

  it('has the server in no other place', () => {
    expect(withoutServer('a', 'docs://guide/a__x')).toBeUndefined();
    expect(withoutServer('a', 'docs://aa__x')).toBeUndefined();
  });
});

describe('a template', () => {
  it.each([
    ['acme://notes/{id}', 'acme://notes/7', true],
    ['acme://notes/{id}', 'acme://notes/a%2Fb', true],
    ['acme://notes/{id}', 'acme://drafts/7', false],
    ['{scheme}://x/{y}/z', 'a://x/b/z', true],
    ['{scheme}://x/{y}/z', 'a://x/b/y', false],
    ['acme://x', 'acme://x', true],
    ['acme://x', 'acme://xy', false],
    ['a{b}a', 'a', false],
    ['a{b}a', 'aa', true],
    ['file:///{+path}', 'file:///a/b/c', true],
    ['x'.repeat(3_000), 'x'.repeat(3_000), false],
    ['{a}'.repeat(50), 'anything', false],
  ])('%s and %s: %s', (template, uri, expected) => {
    expect(mayComeFrom(template, uri)).toBe(expected);
  });
});
