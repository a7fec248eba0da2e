// The way to the authorization server: through the outbound proxy of a company, and with its private certificate
// authority.
import http from 'node:http';
import { expect, it } from 'vitest';
import type { NodeHandler } from '../../peers/listen.ts';
import { DIRECT, INSIDE, NAMES } from '../../peers/names.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startNamedHosts } from '../../peers/oauth/named-hosts.ts';
import { challenges, type ProtectedServer, startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { startOutboundProxy } from '../../peers/outbound-proxy.ts';
import { startProxy } from '../../peers/proxy.ts';
import { startTinyproxy } from '../../peers/tinyproxy.ts';
import { askWhoami, run, sharedHome, whoami } from './command.ts';

const open = opened();

/** An authorization server with TLS under this name, in front of a server on this very machine. */
async function protectedServer(host: string) {
  const hosts = await open(startNamedHosts([host]));
  const authorizationServer = await open(startAuthorizationServer());
  const server = await open(startProtectedServer({ authorizationServer }));
  const authority = new URL(await hosts.serve(host, authorizationServer)).host;
  const browser = await open(startBrowser('approve', { ca: hosts.ca }));
  const { home } = await open(sharedHome());
  const env = { BROWSER: browser.command };
  return { hosts, authorizationServer, server, authority, browser, options: { ...NAMES, home, env } };
}

/** A protected server under another name, on this machine. */
function relayed(server: ProtectedServer): { serveUnder(origin: string): NodeHandler } {
  return {
    serveUnder(origin) {
      server.behaviour.resource = `${origin}/mcp`;
      server.behaviour.challenge = challenges.bare;
      return (req, res) => {
        const { method, headers, url } = req;
        const onward = http.request(new URL(url ?? '/', server.origin), { method, headers, agent: false });
        onward.once('response', (answer) => {
          res.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(res);
        });
        onward.once('error', () => res.destroy());
        res.once('close', () => onward.destroy());
        req.pipe(onward);
      };
    },
  };
}

it('with --enable-proxy, everything goes through the outbound proxy, the refresh included', async () => {
  const { hosts, authorizationServer, server, authority, browser, options } = await protectedServer(INSIDE);
  const resolver = await open(startOutboundProxy());
  const tinyproxy = await open(startTinyproxy({ parent: resolver }));
  const url = `${await hosts.serve(INSIDE, relayed(server))}/mcp`;
  const env = { ...options.env, HTTPS_PROXY: tinyproxy.url };
  const args = ['--enable-proxy', '--ca', hosts.caFile];
  const proxy = startProxy(url, args, { ...options, env });
  await proxy.rpc.initialize('2025-11-25');
  await proxy.rpc.request('tools/list');
  expect(await whoami(proxy)).toBe('ada');
  authorizationServer.expireAccessTokens();
  expect(await whoami(proxy)).toBe('ada');
  await proxy.close();
  expect(await run('logout', [url, ...args], { ...options, env })).toMatchObject({ code: 0, err: '' });

  for (const kind of ['metadata', 'register', 'revoke'] as const) expect(authorizationServer.count(kind)).not.toBe(0);
  expect(authorizationServer.of('token').map(({ status }) => status)).toEqual([200, 200]);
  expect(server.metadataRequests.length).toBeGreaterThan(0);
  expect(browser.opened).toHaveLength(1);
  const targets = new Set(resolver.requests.map(({ method, target }) => `${method} ${target}`));
  expect(targets).toEqual(new Set([`CONNECT ${authority}`, `CONNECT ${new URL(url).host}`]));
});

it('a server on this machine is reached directly, and its authorization server through the outbound proxy', async () => {
  const { hosts, server, authority, options } = await protectedServer(INSIDE);
  const resolver = await open(startOutboundProxy());
  const env = { ...options.env, HTTPS_PROXY: resolver.url, HTTP_PROXY: resolver.url };
  expect(await askWhoami(server.url, ['--enable-proxy', '--ca', hosts.caFile], { ...options, env })).toBe('ada');
  expect(new Set(resolver.requests.map(({ target }) => target))).toEqual(new Set([authority]));
});

it('without the flag, the error names the authorization server that cannot be reached, and the flag', async () => {
  const { hosts, server, authority, browser, options } = await protectedServer(INSIDE);
  const resolver = await open(startOutboundProxy());
  const env = { ...options.env, HTTPS_PROXY: resolver.url };
  const { code, out, err } = await run('login', [server.url, '--ca', hosts.caFile], { ...options, env });
  expect({ code, out }).toEqual({ code: 1, out: [] });
  expect(err).toContain(authority);
  expect(err).toMatch(/\nhint: [^\n]*--enable-proxy[^\n]*\n$/);
  expect(resolver.requests).toEqual([]);
  expect(browser.opened).toEqual([]);
});

it('a refusal by the outbound proxy is told apart from one by the authorization server', async () => {
  const { hosts, server, options } = await protectedServer(INSIDE);
  const resolver = await open(startOutboundProxy({ refuse: { status: 403, body: 'not on the list' } }));
  const env = { ...options.env, HTTPS_PROXY: resolver.url };
  const args = ['--enable-proxy', '--ca', hosts.caFile];
  const { code, err } = await run('login', [server.url, ...args], { ...options, env });
  expect(code).toBe(1);
  expect(err).toMatch(/proxy/);
  expect(err).toContain(new URL(resolver.url).host);
});

it('an authority of --ca is trusted for the authorization server, and named when it is missing', async () => {
  const { hosts, authorizationServer, server, authority, browser, options } = await protectedServer(DIRECT);
  const { code, err } = await run('login', [server.url], options);
  expect(code).toBe(1);
  expect(err).toContain(authority.split(':')[0]);
  expect(err).toMatch(/Authority of named hosts/);
  expect(err).toMatch(/\nhint: [^\n]*certificate of "Authority of named hosts"[^\n]*\n$/);
  expect(authorizationServer.requests).toEqual([]);
  expect(browser.opened).toEqual([]);

  const args = ['--ca', hosts.caFile];
  expect(await askWhoami(server.url, args, options)).toBe('ada');
  authorizationServer.expireAccessTokens();
  expect((await run('login', [server.url, ...args], options)).code).toBe(0);
  expect(authorizationServer.tokenRequests('refresh_token').map(({ status }) => status)).toEqual([200]);
  expect(browser.opened).toHaveLength(1);
});
