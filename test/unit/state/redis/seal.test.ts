import { describe, expect, it } from 'vitest';
import { mayMeanCluster, shownStore, storeAddress } from '../../../../src/state/redis/address.ts';
import { sealWith } from '../../../../src/state/redis/seal.ts';

const [OLD, NEW] = ['old-key-0123456789abcdef01234567', 'new-key-0123456789abcdef01234567'];

describe('a seal', () => {
  it('gives back what it has sealed, for the same place only', () => {
    const seal = sealWith([OLD]);
    const sealed = seal.seal('a', 'a secret');
    expect(seal.open('a', sealed)?.toString()).toBe('a secret');
    expect(seal.open('b', sealed)).toBeUndefined();
    expect(sealed.toString('latin1')).not.toContain('secret');
    expect(seal.seal('a', 'a secret').equals(sealed)).toBe(false);
  });

  it('does not open what anybody has changed, cut off or made up', () => {
    const seal = sealWith([OLD]);
    const sealed = seal.seal('a', 'a secret');
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] as number) ^ 1;
      expect(seal.open('a', changed), `byte ${at}`).toBeUndefined();
      expect(seal.open('a', sealed.subarray(0, at)), `${at} bytes`).toBeUndefined();
    }
    expect(seal.open('a', Buffer.alloc(1_000))).toBeUndefined();
  });

  it('is made with the first key, and opened with each of them', () => {
    const sealed = sealWith([OLD]).seal('a', 'text');
    expect(sealWith([NEW, OLD]).open('a', sealed)?.toString()).toBe('text');
    expect(sealWith([NEW]).open('a', sealed)).toBeUndefined();
    const renewed = sealWith([NEW, OLD]).seal('a', 'text');
    expect(sealWith([NEW]).open('a', renewed)?.toString()).toBe('text');
  });
});

describe('the address of a store', () => {
  const common = { tls: false, port: 6379, username: undefined, password: undefined, database: 0 };
  it.each([
    ['redis://store', { ...common, host: 'store' }],
    ['rediss://store:7000/3', { ...common, tls: true, host: 'store', port: 7000, database: 3 }],
    ['redis://:p%40ss@store', { ...common, host: 'store', password: 'p@ss' }],
    ['redis://user:pass@[::1]:1/', { ...common, host: '::1', port: 1, username: 'user', password: 'pass' }],
    [
      'redis+sentinel://user:p%40ss@one,[::1]:7/main/2',
      {
        ...common,
        ...{ host: 'one', port: 26379, username: 'user', password: 'p@ss', database: 2 },
        sentinel: {
          primary: 'main',
          addresses: [
            { host: 'one', port: 26379 },
            { host: '::1', port: 7 },
          ],
        },
      },
    ],
    [
      'rediss+sentinel://one/a%20b',
      {
        ...common,
        ...{ tls: true, host: 'one', port: 26379 },
        sentinel: { primary: 'a b', addresses: [{ host: 'one', port: 26379 }] },
      },
    ],
    [
      'redis+sentinel://one/main?sentinel_username=s&sentinel_password=p%40+ss',
      {
        ...common,
        ...{ host: 'one', port: 26379 },
        sentinel: {
          primary: 'main',
          addresses: [{ host: 'one', port: 26379 }],
          username: 's',
          password: 'p@+ss',
        },
      },
    ],
    [
      'rediss+cluster://user:p%40ss@one,[::1]:7',
      {
        ...common,
        ...{ tls: true, host: 'one', port: 6379, username: 'user', password: 'p@ss' },
        nodes: [
          { host: 'one', port: 6379 },
          { host: '::1', port: 7 },
        ],
      },
    ],
  ])('%s', (text, address) => {
    expect(storeAddress(text)).toEqual(address);
  });

  it.each([
    'store',
    'http://store',
    'redis://',
    'redis:store',
    'redis://store/x',
    'redis://store?a=b',
    'redis://a:%ff@b',
    'redis+sentinel://one',
    'redis+sentinel://one/',
    'redis+sentinel://one,/main',
    'redis+sentinel://one,two:x/main',
    'redis+sentinel://one/main/x',
    'redis+sentinel://one/%ff',
    'redis+sentinel://a@one,b@two/main',
    'redis+sentinel://one/main?password=x',
    'redis+sentinel://one/main?sentinel_username=x',
    'redis+sentinel://one/main?sentinel_password=x&sentinel_password=y&sentinel_password=z',
    'redis+sentinel://one/main?sentinel_password=x&sentinel_password=y',
    'redis+sentinel://one/main?sentinel_password=%ff',
    'redis+sentinel://one/main#x',
    'redis+cluster://',
    'redis+cluster://one,',
    'redis+cluster://one/2',
    'redis+cluster://a@one,b@two',
    'redis+cluster://one?a=b',
    `redis+cluster://${Array(21).fill('one').join(',')}`,
    `redis+sentinel://${Array(21).fill('one').join(',')}/main`,
  ])('is not %s', (text) => {
    expect(storeAddress(text)).toBeUndefined();
  });

  it.each(['redis://one,two', 'redis://u:p,q@one:1,two:2/0', 'rediss-cluster://one'])(
    'may be meant as that of a cluster: %s',
    (text) => {
      expect([mayMeanCluster(text), storeAddress(text)]).toEqual([true, undefined]);
    },
  );

  it.each(['redis://store', 'redis://u:p,q@store', 'redis+sentinel://one,two/main', 'redis+cluster://one,two'])(
    'is understood, and not taken for a misspelled one: %s',
    (text) => {
      expect(mayMeanCluster(text)).toBe(false);
      expect(storeAddress(text)).toBeDefined();
    },
  );

  it('is shown without user and password', () => {
    const address = storeAddress('rediss://user:secret@[::1]:7000/2');
    expect(address && shownStore(address)).toBe('rediss://[::1]:7000');
    const sentinels = storeAddress('redis+sentinel://user:secret@one,[::1]:7/a%2Fb/2?sentinel_password=x');
    expect(sentinels && shownStore(sentinels)).toBe('redis+sentinel://one:26379,[::1]:7/a%2Fb');
    const cluster = storeAddress('rediss+cluster://user:secret@one,[::1]:7');
    expect(cluster && shownStore(cluster)).toBe('rediss+cluster://one:6379,[::1]:7');
  });
});

it('says which texts another key than the first one has sealed', () => {
  const sealed = sealWith(['one']).seal('place', 'text');
  expect(sealWith(['one', 'other']).isOld(sealed)).toBe(false);
  expect(sealWith(['other', 'one']).isOld(sealed)).toBe(true);
});
