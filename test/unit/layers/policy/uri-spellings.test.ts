// The URIs that a server may take a URI for.
import { expect, it } from 'vitest';
import { rulesOf } from '../../../../src/layers/policy/rules.ts';
import { spellingsOf } from '../../../../src/layers/policy/uri-spellings.ts';

it.each([
  ['file:///%67one', 'file:///gone'],
  ['file:///%2567one', 'file:///gone'],
  ['file:///a/../gone', 'file:///gone'],
  ['file:///a/%2e%2e/gone', 'file:///gone'],
  ['file:///gone?x#y', 'file:///gone'],
  ['FILE:///gone', 'file:///gone'],
  ['db://HOST/gone', 'db://host/gone'],
  ['file://localhost/gone', 'file:///gone'],
  ['https://server.example:443/gone', 'https://server.example/gone'],
  ['not a uri', 'not a uri'],
  ['file:////d/gone', 'file:///d/gone'],
  ['file:///d//gone', 'file:///d/gone'],
  ['file:///d/%2fgone', 'file:///d/gone'],
  ['file:///d/a//../gone', 'file:///d/gone'],
  ['file:///d/a//..%2fgone', 'file:///d/gone'],
  ['file:///d/a//..\\gone', 'file:///d/gone'],
  ['file:///d/a//..%5cgone', 'file:///d/gone'],
  ['file:///d/gone/.', 'file:///d/gone'],
  ['file:///d/a/%ff%2f..%2f..%2fgone', 'file:///d/gone'],
  ['file:///d/a?b/../gone', 'file:///d/gone'],
  ['file:///d/a%3fb%2f..%2fgone', 'file:///d/gone'],
  ['file:///d/a//../gone?x#y', 'file:///d/gone'],
  ['notes:/a//gone', 'notes:/a/gone'],
  ['notes://a//gone', 'notes://a/gone'],
  ['notes://b/../a/gone', 'notes://a/gone'],
  ['notes://a/b\\..\\gone', 'notes://a/gone'],
  ['https://server.example//gone', 'https://server.example/gone'],
  ['/d//gone', '/d/gone'],
])('%s may be %s', (uri, other) => {
  expect(spellingsOf(uri)).toContain(other);
});

it.each([`file:///${'a'.repeat(20_000)}`, 'file:///%2525252567one'])('nothing is known of %.40s', (uri) => {
  expect(spellingsOf(uri)).toBeUndefined();
  const { resource } = rulesOf([], { ignoreResources: ['other'] }, () => false);
  expect(resource?.(uri)).toBe(true);
});

it('a URI with an escape is not hidden for that', () => {
  const { resource } = rulesOf([], { ignoreResources: ['file:///gone'] }, () => false);
  expect(resource?.('file:///a%20file')).toBe(false);
  expect(resource?.('file:///100%')).toBe(false);
});

/** A file, with patterns that must hide it. */
it.each([
  ['file:///d/gone', 'file:////d/gone'],
  ['file:////d/gone', 'file:///d/gone'],
  ['file:///d/gone', 'file://other.example/d/gone'],
  ['file:///d/gone', 'file://other.example/d/a//../gone'],
  ['file:///d/gone', 'file:///d/gone/'],
  ['file:///d/gone', 'file:///d/gone%2F'],
  ['notes://a/gone', 'notes:///a/gone'],
])('--ignore-resource %s hides %s', (pattern, uri) => {
  const { resource } = rulesOf([], { ignoreResources: [pattern] }, () => false);
  expect(resource?.(uri)).toBe(true);
});

it.each([
  ['file:///kept/*', 'file:///kept//../gone'],
  ['file:////kept/*', 'file:///kept/a'],
  ['file:////kept/*', 'file:////kept//../gone'],
  ['file:///*/a', 'file:////a'],
  ['notes://kept/*', 'notes://kept/../gone'],
])('--only-resource %s hides %s', (pattern, uri) => {
  const { resource } = rulesOf([], { onlyResources: [pattern] }, () => false);
  expect(resource?.(uri)).toBe(true);
});

it.each([
  ['file:///kept/*', 'file:///kept/a'],
  ['file:///kept/*', 'file:///kept/'],
  ['file:///kept/*', 'file:///kept//a/../b'],
  ['file:////host/kept/*', 'file:////host/kept/a'],
  ['file://host.example/kept/*', 'file://host.example/kept/a'],
  ['https://cache.example/https://server.example/*', 'https://cache.example/https://server.example/a'],
  ['https://server.example/*', 'https://server.example/a?next=https://other.example/'],
  ['notes:///*', 'notes:///a'],
  ['urn:a:*', 'urn:a:b'],
])('--only-resource %s allows %s', (pattern, uri) => {
  const { resource } = rulesOf([], { onlyResources: [pattern] }, () => false);
  expect(resource?.(uri)).toBe(false);
});
