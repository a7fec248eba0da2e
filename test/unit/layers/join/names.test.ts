import { describe, expect, it } from 'vitest';
import { prefixedName, shownNames } from '../../../../src/layers/join/names.ts';

const never = (): boolean => false;

function shown(all: Record<string, readonly string[]>, prefixed: readonly string[] = []): Record<string, string[]> {
  const servers = Object.entries(all);
  const named = servers.map(([server, names]) => ({
    server,
    names,
    prefix: prefixed.includes(server) ? () => true : never,
  }));
  const found = shownNames(named);
  return Object.fromEntries(servers.map(([server], at) => [server, found[at] as string[]]));
}

describe('names of several servers', () => {
  it('stay as they are where one server has them', () => {
    expect(shown({ a: ['x', 'y'], b: ['z'] })).toEqual({ a: ['x', 'y'], b: ['z'] });
  });

  it('have the server in front wherever several servers have them, whichever comes first', () => {
    expect(shown({ a: ['x', 'y'], b: ['x'], c: ['x'] })).toEqual({ a: ['a__x', 'y'], b: ['b__x'], c: ['c__x'] });
    expect(shown({ c: ['x'], b: ['x'], a: ['y', 'x'] })).toEqual({ c: ['c__x'], b: ['b__x'], a: ['y', 'a__x'] });
  });

  it('have it where a server really has the name that another one would get', () => {
    expect(shown({ a: ['x'], b: ['x'], c: ['a__x'] })).toEqual({ a: ['a__x'], b: ['b__x'], c: ['c__a__x'] });
  });

  it('are out of the way of the others where the user wants the server in front', () => {
    expect(shown({ a: ['x', 'y'], b: ['x'] }, ['a'])).toEqual({ a: ['a__x', 'a__y'], b: ['x'] });
  });

  it('may come twice from one server', () => {
    expect(shown({ a: ['x', 'x'], b: ['y'] })).toEqual({ a: ['x', 'x'], b: ['y'] });
  });

  it('are unique between servers, whatever they are', () => {
    const names = ['x', 'a__x', 'b__x', 'a__a__x', 'b__a__x', '__x', 'x__'];
    const found = shown({ a: names, b: names.slice(1), c: ['x', 'c__x'] });
    const all = Object.values(found).flat();
    expect(new Set(all).size).toBe(all.length);
  });

  it('in front means the server', () => {
    expect(prefixedName('git', 'log')).toBe('git__log');
  });
});
