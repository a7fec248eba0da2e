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
