// The redirect URI: chosen by the program, by the user, or by whoever registered the client.

import net from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from '../../peers/free-port.ts';
import { opened } from '../../peers/opened.ts';
import { listenRaw } from '../../peers/raw-server.ts';
import { startSignInFixture } from './fixture.ts';

const open = opened();

const registered = (...redirect_uris: string[]) => ({ client_id: 'known', redirect_uris });
const withInfo = (info: object): string[] => ['--static-oauth-client-info', JSON.stringify(info)];

it.each(['localhost', '127.0.0.1', '[::1]'])('registers the one at %s that the flags name', async (host) => {
  const port = await freePort();
  const fixture = await open(startSignInFixture({ as: { redirectPorts: 'exact' } }));
  const uri = `http://${host}:${port}/oauth/done`;
  const flags = ['--host', host, '--callback-port', String(port), '--callback-path', '/oauth/done'];
  const user = await fixture.signedIn(flags);
  const { authorize, exchange } = user.requests;
  expect([authorize.get('redirect_uri'), exchange.get('redirect_uri')]).toEqual([uri, uri]);
  expect(fixture.as.of('register').map(({ json }) => (json as { redirect_uris: string[] }).redirect_uris)).toEqual([
    [uri],
  ]);
  expect(fixture.browser.pages[0]?.visited.at(-1)).toMatch(uri);
});

it.each(['http://localhost:PORT/a/b', 'http://127.0.0.1:PORT/', 'http://[::1]:PORT/c?d=e'])(
  'is %s, as the client was registered',
  async (pattern) => {
    const uri = pattern.replace('PORT', String(await freePort()));
    const client = registered(uri);
    const fixture = await open(startSignInFixture({ as: { clients: [client], redirectPorts: 'exact' } }));
    const user = await fixture.signedIn(withInfo(client));
    const { authorize, exchange } = user.requests;
    expect([authorize.get('redirect_uri'), exchange.get('redirect_uri')]).toEqual([uri, uri]);
    expect(fixture.as.count('register')).toBe(0);
  },
);

it.each(['http://localhost/callback', 'http://127.0.0.1/other/path'])(
  'is %s at any port, where the client was registered without one',
  async (uri) => {
    const client = registered(uri);
    const fixture = await open(startSignInFixture({ as: { clients: [client] } }));
    const user = await fixture.signedIn(withInfo(client));
    const url = new URL(user.requests.authorize.get('redirect_uri') ?? '');
    expect(url.port).not.toBe('');
    url.port = '';
    expect(url.href).toBe(uri);
  },
);

it('leads to this machine where the client may choose', async () => {
  const local = `http://localhost:${await freePort()}/here`;
  const client = registered('https://app.acme.example/callback', 'com.acme.app:/callback', local);
  const fixture = await open(startSignInFixture({ as: { clients: [client], redirectPorts: 'exact' } }));
  const user = await fixture.signedIn(withInfo(client));
  expect(user.requests.authorize.get('redirect_uri')).toBe(local);
});

it('may be an https: address that leads to the listener in another way', async () => {
  const port = await freePort();
  const uri = 'https://relay.acme.example/deep/link';
  const client = registered(uri);
  const fixture = await open(startSignInFixture({ as: { clients: [client], redirectPorts: 'exact' } }));
  fixture.browser.mode = 'hold';
  const signedIn = fixture.signedIn([...withInfo(client), '--callback-port', String(port), '--callback-path', '/back']);
  signedIn.catch(() => {});
  const tab = await fixture.browser.finish(1);
  const relayed = new URL(tab.visited.at(-1) ?? '');
  expect([relayed.origin + relayed.pathname, tab.status]).toEqual([uri, 0]);
  const page = await fixture.browser.visit(`http://localhost:${port}/back${relayed.search}`);
  expect(page.status).toBe(200);
  const { authorize, exchange } = (await signedIn).requests;
  expect([authorize.get('redirect_uri'), exchange.get('redirect_uri')]).toEqual([uri, uri]);
});

it('stays the same from one sign-in to the next, and so does the client', async () => {
  const fixture = await open(startSignInFixture({ as: { redirectPorts: 'exact' } }));
  for (const round of [1, 2]) {
    const { proxy } = await fixture.signedIn([], fixture.home);
    expect(fixture.browser.opened).toHaveLength(round);
    await proxy.close();
    fixture.as.revokeEverything();
  }
  const uris = fixture.browser.opened.map((url) => new URL(url).searchParams.get('redirect_uri'));
  expect(uris[1]).toBe(uris[0]);
  expect(fixture.as.count('register')).toBe(1);
});

it('is registered again when the user wants another one', async () => {
  const fixture = await open(startSignInFixture({ as: { redirectPorts: 'exact' } }));
  const ports = [await freePort(), await freePort()].map(String);
  for (const port of ports) {
    const { proxy } = await fixture.signedIn(['--callback-port', port], fixture.home);
    await proxy.close();
    fixture.as.revokeEverything();
  }
  const uris = fixture.browser.opened.map((url) => new URL(url).searchParams.get('redirect_uri'));
  expect(uris).toEqual(ports.map((port) => `http://localhost:${port}/callback`));
  expect(fixture.as.count('register')).toBe(2);
});

it('is not moved from the port that the user asked for', async () => {
  const { port } = await open(listenRaw(net.createServer((socket) => socket.destroy())));
  const fixture = await open(startSignInFixture());
  const { message, hint } = await fixture.refused(['--callback-port', String(port)]);
  expect(message).toContain(`port ${port}, which the sign-in needs, is in use`);
  expect(hint).toContain('--callback-port');
  expect(fixture.browser.opened).toEqual([]);
});

it('is registered beside those that the user wants registered', async () => {
  const own = 'https://app.acme.example/callback';
  const fixture = await open(startSignInFixture({ as: { redirectPorts: 'exact' } }));
  const user = await fixture.signedIn(['--static-oauth-client-metadata', JSON.stringify({ redirect_uris: [own] })]);
  const uri = user.requests.authorize.get('redirect_uri');
  expect(uri).toMatch(/^http:\/\/localhost:\d+\/callback$/);
  expect(fixture.as.of('register')[0]?.json).toMatchObject({ redirect_uris: [own, uri] });
});
