// What the environment says about an outbound proxy, and the advice that follows from it.
import { describe, expect, it } from 'vitest';
import { directRouteHint, unusableProxy, unusedProxyFlag } from '../../../../src/http/outbound-proxy/hints.ts';

const URL_OF_SERVER = new URL('https://mcp.inside.test:8443/mcp');
const HTTP_PROXY = 'http://proxy.test:3128';
const SOCKS_PROXY = 'socks5://user:topsecret@proxy.test:1080';

describe('the hint of a connection straight to the server', () => {
  const excluded = 'mcp.inside.test from the proxy in HTTPS_PROXY: take it out of';
  it.each([
    [true, {}, undefined],
    [false, {}, undefined],
    [false, { HTTPS_PROXY: HTTP_PROXY }, 'HTTPS_PROXY is set but not used: add --enable-proxy to use it'],
    [false, { ALL_PROXY: HTTP_PROXY }, 'ALL_PROXY is set but not used: add --enable-proxy to use it'],
    [false, { HTTP_PROXY }, undefined],
    [false, { HTTPS_PROXY: HTTP_PROXY, NO_PROXY: 'inside.test' }, undefined],
    [
      false,
      { HTTPS_PROXY: SOCKS_PROXY },
      'HTTPS_PROXY names a SOCKS proxy, and SOCKS is not supported: set it to an HTTP proxy, and add --enable-proxy',
    ],
    [
      true,
      { HTTPS_PROXY: HTTP_PROXY, NO_PROXY: '.test' },
      `NO_PROXY excludes ${excluded} NO_PROXY if it needs the proxy`,
    ],
    [true, { HTTPS_PROXY: HTTP_PROXY, no_proxy: '*' }, `no_proxy excludes ${excluded} no_proxy if it needs the proxy`],
  ])('--enable-proxy %j, %j', (enableProxy, env, hint) => {
    expect(directRouteHint(URL_OF_SERVER, enableProxy, env)).toBe(hint);
  });

  it('says nothing of proxies for this machine, which none is used for', () => {
    const local = new URL('https://localhost/mcp');
    for (const enableProxy of [true, false]) {
      expect(directRouteHint(local, enableProxy, { HTTPS_PROXY: HTTP_PROXY })).toBeUndefined();
    }
  });
});

describe('a proxy that cannot be used', () => {
  const where = 'cannot connect to mcp.inside.test:8443:';
  it.each([
    'socks://h:1',
    'socks4://h:1',
    'socks4a://h:1',
    'socks5://h:1',
    'socks5h://h:1',
    'SOCKS5://h:1',
    SOCKS_PROXY,
  ])('%s', (value) => {
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy']) {
      const { message, data } = unusableProxy(URL_OF_SERVER, { [name]: value });
      expect(message).toBe(`${where} ${name} names a SOCKS proxy, and SOCKS is not supported`);
      expect(data.hint).toContain(`set ${name} to an HTTP proxy, such as http://proxy.example:3128`);
      expect(data.hint).not.toContain('topsecret');
    }
  });

  it('is not an http: URL', () => {
    const { message, data } = unusableProxy(URL_OF_SERVER, { HTTPS_PROXY: 'ftp://user:topsecret@proxy.test' });
    expect(message).toBe(`${where} HTTPS_PROXY is not an http: or https: URL`);
    expect(data.hint).toBe('expected the form http://proxy.example:3128');
  });
});

describe('--enable-proxy without a proxy', () => {
  it.each([
    [true, {}, '--enable-proxy has no effect: HTTPS_PROXY is not set'],
    [true, { HTTP_PROXY }, '--enable-proxy has no effect: HTTPS_PROXY is not set'],
    [true, { all_proxy: HTTP_PROXY }, undefined],
    [false, {}, undefined],
  ])('%j, %j', (enableProxy, env, warning) => {
    expect(unusedProxyFlag({ url: URL_OF_SERVER, enableProxy }, env)).toBe(warning);
  });
});
