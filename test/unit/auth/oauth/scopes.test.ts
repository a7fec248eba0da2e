import { describe, expect, it } from 'vitest';
import { covers, type ScopeSources, scopesToAsk, words } from '../../../../src/auth/oauth/scopes.ts';

const nothing: ScopeSources = {
  challenged: undefined,
  pinned: undefined,
  resource: undefined,
  server: undefined,
  before: undefined,
};

describe('scopesToAsk', () => {
  it.each<[string, Partial<ScopeSources>, string | undefined]>([
    ['nothing where nobody says anything', {}, undefined],
    ['what the challenge says', { challenged: 'c', pinned: 'p', resource: ['r'], server: ['s'] }, 'c'],
    ['then what the user has pinned', { pinned: 'p q', resource: ['r'], server: ['s'] }, 'p q'],
    ['then what the resource lists', { resource: ['r', 't'], server: ['s'] }, 'r t'],
    ['never what the authorization server merely knows', { server: ['openid', 'profile', 'email'] }, undefined],
    ['nothing for an empty list', { resource: [] }, undefined],
    ['nothing for pinned nothing, whatever the resource lists', { pinned: '', resource: ['r'] }, undefined],
    ['each scope once', { challenged: 'a b a', always: ['b', 'c'] }, 'a b c'],
    ['offline_access where it is known', { challenged: 'a', server: ['a', 'offline_access'] }, 'a offline_access'],
    ['offline_access alone', { server: ['offline_access'] }, 'offline_access'],
    ['no offline_access where it is not known', { challenged: 'a', server: ['a'] }, 'a'],
    ['offline_access that the resource lists', { resource: ['a', 'offline_access'] }, 'a offline_access'],
    [
      'no offline_access from whoever refuses it',
      { resource: ['a', 'offline_access'], server: ['offline_access'], withoutOfflineAccess: true },
      'a',
    ],
    [
      'nothing, rather than an empty parameter',
      { resource: ['offline_access'], withoutOfflineAccess: true },
      undefined,
    ],
    ['what was there before, and what is new', { before: 'a b', challenged: 'c b' }, 'a b c'],
    ['what a provider always wants', { always: ['openid'], resource: ['r'] }, 'r openid'],
  ])('asks for %s', (_, sources, expected) => {
    expect(scopesToAsk({ ...nothing, ...sources })).toBe(expected);
  });
});

describe('words', () => {
  it.each([
    [undefined, []],
    ['', []],
    [' ', []],
    ['a', ['a']],
    ['a b', ['a', 'b']],
    ['a,b', ['a', 'b']],
    [' a ,  b,\tc\n', ['a', 'b', 'c']],
    ['https://h/a.b api://g/c', ['https://h/a.b', 'api://g/c']],
  ])('of %j', (scopes, expected) => {
    expect(words(scopes)).toEqual(expected);
  });
});

describe('covers', () => {
  it.each([
    ['a b', 'a', true],
    ['a,b', 'b a', true],
    ['a', 'a b', false],
    ['a', undefined, true],
    [undefined, undefined, true],
    [undefined, 'a', false],
    ['ab', 'a', false],
  ])('%j for %j: %s', (granted, needed, expected) => {
    expect(covers(granted, needed)).toBe(expected);
  });
});
