import { describe, expect, it } from 'vitest';
import { canonicalUri } from '../../../../src/auth/oauth/discover.ts';
import { checkScheme, checkTarget, isPrivateAddress, type Resolve } from '../../../../src/auth/oauth/targets.ts';
import { HOSTILE_URLS } from '../../platform/hostile-urls.ts';

describe('isPrivateAddress', () => {
  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '198.18.0.1',
    '64:ff9b::a00:1',
    '2002:a00:1::1',
    '::',
    '::1',
    'fc00::1',
    'fdff::1',
    'fe80::1',
    'febf::1',
    '::ffff:10.0.0.1',
    '::FFFF:127.0.0.1',
    '::ffff:a00:1',
    '::ffff:c0a8:1',
  ])('is true for %s', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '128.0.0.1',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '193.168.0.1',
    '2001:db8::1',
    '2606:4700::1111',
    'fbff::1',
    'fec0::1',
    '::2',
    '::ffff:1.1.1.1',
    '::ffff:101:101',
    'localhost',
    '10.0.0',
    '',
  ])('is false for %s', (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });
});

describe('checkScheme', () => {
  it.each([
    'https://as.example/authorize?x=y',
    'https://10.0.0.1/',
    'http://localhost/',
    'http://localhost:8080/x',
    'http://LOCALHOST/',
    'http://127.0.0.1:1/',
    'http://127.1.2.3/',
    'http://0x7f000001/',
    'http://[::1]:1/',
    'http://as.localhost/',
  ])('takes %s', (url) => {
    expect(() => checkScheme(new URL(url))).not.toThrow();
  });

  it.each(HOSTILE_URLS.filter((url) => URL.canParse(url)))('takes nothing unsafe: %j', (text) => {
    const url = new URL(text);
    let taken = true;
    try {
      checkScheme(url);
    } catch (error) {
      taken = false;
      expect(error).toMatchObject({ name: 'ProxyError', code: 'unauthorized' });
      // The explanation gives no other way in either.
      expect((error as Error).message).toMatch(/^[ -~]*$/);
      expect((error as Error).message).not.toMatch(/user|pass@/);
    }
    const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
    const safe = url.protocol === 'https:' || (url.protocol === 'http:' && local);
    expect(taken).toBe(safe && url.username === '' && url.password === '');
  });
});

describe('checkTarget', () => {
  const named = (url: string, ...addresses: string[]) => ({ url: new URL(url), addresses: new Set(addresses) });
  const [world, home, here] = ['https://203.0.113.7/mcp', 'https://192.168.1.9/mcp', 'http://127.0.0.1:8080/mcp'];

  it.each([
    [world, 'https://198.51.100.4/token'],
    [world, 'https://203.0.113.7:8443/token'],
    [home, 'https://192.168.1.10/token'],
    [home, 'https://10.0.0.1/token'],
    [home, 'https://198.51.100.4/token'],
    [home, 'http://127.0.0.1:9/token'],
    [here, 'http://127.0.0.1:9/token'],
    [here, 'https://10.0.0.1/token'],
    [here, 'https://198.51.100.4/token'],
  ])('lets %s send the proxy to %s', async (server, target) => {
    await expect(checkTarget(new URL(target), named(server))).resolves.not.toThrow();
  });

  it.each([
    'https://10.0.0.1/token',
    'https://127.0.0.1/token',
    'https://localhost/token',
    'https://localhost./token',
    'https://as.localhost/token',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/token',
    'https://[::ffff:10.0.0.1]/token',
    'https://[fd00::1]/token',
    'https://0x0a000001/token',
    'https://2130706433/token',
    'https://0/token',
    'http://127.0.0.1:6379/',
    'http://localhost:2375/',
  ])('lets no public server send the proxy to %s', async (target) => {
    const refused = checkTarget(new URL(target), named(world));
    await expect(refused).rejects.toMatchObject({ name: 'ProxyError', code: 'unauthorized' });
  });
});

describe('a name server that changes its answer', () => {
  const target = new URL('https://as.example/token');
  /** The answers of a name server, in order; a further question would fail. */
  const answering = (...answers: string[][]): Resolve => {
    return async () => {
      const answer = answers.shift();
      if (answer === undefined) throw new Error('asked once too often');
      return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    };
  };
  const server = (...addresses: string[]) => ({
    url: new URL('https://mcp.example/mcp'),
    addresses: new Set(addresses),
  });

  it('is asked once: the request goes to the addresses that were checked', async () => {
    const resolve = answering(['198.51.100.4', '2001:db8::4'], ['127.0.0.1']);
    expect(await checkTarget(target, server('203.0.113.7'), resolve)).toEqual({
      addresses: [
        { address: '198.51.100.4', family: 4 },
        { address: '2001:db8::4', family: 6 },
      ],
    });
  });

  it('gets no connection by failing first, because there is no address', async () => {
    const resolve: Resolve = () => Promise.reject(new Error('SERVFAIL'));
    expect(await checkTarget(target, server('203.0.113.7'), resolve)).toEqual({ addresses: [] });
  });

  it('cannot move the server into the network after the connection', async () => {
    const resolve = answering(['10.0.0.1'], ['10.0.0.1']);
    await expect(checkTarget(target, server('203.0.113.7'), resolve)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('cannot move it there with a second connection either', async () => {
    const resolve = answering(['10.0.0.1']);
    const moved = checkTarget(target, server('203.0.113.7', '10.0.0.1'), resolve);
    await expect(moved).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('is believed about a server in the network when connections confirm it', async () => {
    expect(await checkTarget(target, server('10.0.0.1'), answering())).toBeUndefined();
  });

  it('hides no private address among public ones', async () => {
    const resolve = answering(['198.51.100.4', '::ffff:10.0.0.1']);
    await expect(checkTarget(target, server('203.0.113.7'), resolve)).rejects.toMatchObject({ code: 'unauthorized' });
  });
});

describe('canonicalUri', () => {
  it.each([
    ['https://mcp.example.com', 'https://mcp.example.com'],
    ['https://mcp.example.com/', 'https://mcp.example.com'],
    ['HTTPS://MCP.Example.com:443/Mcp', 'https://mcp.example.com/Mcp'],
    ['https://mcp.example.com/mcp', 'https://mcp.example.com/mcp'],
    ['https://mcp.example.com/mcp/', 'https://mcp.example.com/mcp/'],
    ['https://mcp.example.com:8443', 'https://mcp.example.com:8443'],
    ['https://mcp.example.com/server/mcp#fragment', 'https://mcp.example.com/server/mcp'],
    ['https://mcp.example.com/?tenant=a', 'https://mcp.example.com?tenant=a'],
    ['https://mcp.example.com/mcp?tenant=a%20b', 'https://mcp.example.com/mcp?tenant=a%20b'],
    ['https://user:pass@mcp.example.com/mcp', 'https://mcp.example.com/mcp'],
    ['https://bücher.example/mcp', 'https://xn--bcher-kva.example/mcp'],
  ])('of %s is %s', (url, expected) => {
    expect(canonicalUri(new URL(url))).toBe(expected);
  });
});
