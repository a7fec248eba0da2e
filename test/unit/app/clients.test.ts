import { describe, expect, it } from 'vitest';
import { ByForwardedHeaders } from '../../../src/app/clients.ts';

type Headers = Readonly<Record<string, string>>;

interface Made {
  readonly headers: Headers;
}

function identities() {
  const made: Made[] = [];
  const dropped: Made[] = [];
  const all = new ByForwardedHeaders<Made>({
    make(headers) {
      const one = { headers };
      made.push(one);
      return one;
    },
    drop: (one) => dropped.push(one),
  });
  return { all, made, dropped };
}

describe('clients', () => {
  it('that send the same headers upstream share one, made once', () => {
    const { all, made } = identities();
    const one = all.of({ authorization: 'Bearer a', 'x-tenant': '1' });
    expect(all.of({ authorization: 'Bearer a', 'x-tenant': '1' })).toBe(one);
    expect(one.headers).toEqual({ authorization: 'Bearer a', 'x-tenant': '1' });
    expect(made).toEqual([one]);
    expect(all.all()).toEqual([one]);
  });

  it('that send no headers share one, too', () => {
    const { all, made } = identities();
    expect(all.of({})).toBe(all.of({}));
    expect(made).toHaveLength(1);
  });

  it.each<[string, Headers, Headers]>([
    ['value', { authorization: 'Bearer a' }, { authorization: 'Bearer b' }],
    ['value, in its letters only', { authorization: 'Bearer a' }, { authorization: 'Bearer A' }],
    ['name', { a: '1' }, { b: '1' }],
    ['number of headers', { a: '1' }, { a: '1', b: '2' }],
    ['having any', {}, { a: '' }],
    ['place of the same text', { a: '1', b: '2' }, { a: '1","b":"2' }],
    ['place of a comma', { a: '1,b', c: '2' }, { a: '1', b: 'c,2' }],
  ])('that differ in %s share nothing', (_, first, second) => {
    const { all, made } = identities();
    expect(all.of(first)).not.toBe(all.of(second));
    expect(made.map(({ headers }) => headers)).toEqual([first, second]);
  });
});

describe('a thousand', () => {
  const tenant = (number: number): Headers => ({ 'x-tenant': String(number) });

  function full() {
    const filled = identities();
    for (let i = 0; i < 1_000; i++) filled.all.of(tenant(i));
    return filled;
  }

  it('are all kept', () => {
    const { all, made, dropped } = full();
    for (let i = 0; i < 1_000; i++) expect(all.of(tenant(i))).toBe(made[i]);
    expect(made).toHaveLength(1_000);
    expect(dropped).toEqual([]);
  });

  it('and one more are too many, and the least recently used one ends', () => {
    const { all, made, dropped } = full();
    all.of(tenant(0));
    const young = all.of(tenant(1_000));
    expect(dropped).toEqual([made[1]]);
    expect(all.all()).toHaveLength(1_000);
    expect(all.all()).toContain(young);
    expect(all.of(tenant(0))).toBe(made[0]);
  });

  it('may come back after that, as new ones', () => {
    const { all, made, dropped } = full();
    all.of(tenant(1_000));
    const again = all.of(tenant(0));
    expect(again).not.toBe(made[0]);
    expect(again.headers).toEqual(tenant(0));
    expect(dropped).toEqual([made[0], made[1]]);
  });
});
