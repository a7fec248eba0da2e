// A request that no client asked for meets a 401 after the sign-in has ended, in the night or after sleep: no page opens.
// The next request of the client signs in, and everything works again.
import { expect, it } from 'vitest';
import type { Answer } from '../../peers/oauth/document-answer.ts';
import type { Carrier } from '../../peers/oauth/protected-tools.ts';
import { opened } from '../../peers/opened.ts';
import { modernParams } from '../../peers/rpc.ts';
import { type SignedIn, type SignInFixture, startSignInFixture } from './fixture.ts';
import { gate } from './processes/fleet.ts';

const open = opened();

const ENDED = /^.*the sign-in to http:\S+ has ended; the next request of the client begins a new one$/m;

/** A whole event stream. */
const stream = (...events: string[]): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream' },
  body: events.join(''),
});
const event = (method: string, params = {}): string =>
  `data: ${JSON.stringify({ jsonrpc: '2.0', method, params })}\n\n`;

const served = async (carrier: Carrier): Promise<SignInFixture> => open(startSignInFixture({ server: { carrier } }));

/** Expects that nothing asked the user, and that the next call does. */
async function signsInWithTheNextCall({ browser, server }: SignInFixture, { proxy, whoami }: SignedIn): Promise<void> {
  await proxy.stderrMatching(ENDED);
  let opened: number | undefined;
  const { instead } = server.behaviour;
  server.behaviour.instead = (request) => {
    if (request.rpcMethod === 'tools/call' || request.path === '/sse') opened ??= browser.opened.length;
    return instead?.(request);
  };
  expect(await whoami()).toBe('ada');
  expect(opened).toBe(1);
  expect(browser.opened).toHaveLength(2);
  expect(proxy.stderr.match(new RegExp(ENDED, 'gm'))).toHaveLength(1);
}

it('the GET stream of a session, and the ping that follows: the stream comes back with the sign-in', async () => {
  const fixture = await served('sessions');
  const { as, server, browser } = fixture;
  let isOver = false;
  server.behaviour.instead = ({ method }) =>
    method === 'GET' && !isOver ? stream('retry: 250\n\n', event('notifications/message')) : undefined;
  const user = await fixture.signedIn();
  as.revokeEverything();
  isOver = true;
  await server.waitFor(1, ({ rpcMethod }) => rpcMethod === 'ping');
  await signsInWithTheNextCall(fixture, user);
  await server.waitFor(1, (request) => request.method === 'GET' && as.isValid(bearerOf(request.authorization)));
  expect(browser.opened).toHaveLength(2);
});

it('a session that the server has lost', async () => {
  const fixture = await served('sessions');
  const { as, server } = fixture;
  let lost: string | string[] | undefined;
  server.behaviour.instead = ({ method, headers }) => {
    const session = headers['mcp-session-id'];
    // The server looks for the session before it looks at the token.
    if (session !== undefined && session === lost) return { status: 404, body: { error: 'no such session' } };
    return method === 'GET' && lost === undefined
      ? stream('retry: 250\n\n', event('notifications/message'))
      : undefined;
  };
  const user = await fixture.signedIn();
  as.revokeEverything();
  lost = server.requests.find(({ tool }) => tool === 'whoami')?.headers['mcp-session-id'];
  await server.waitFor(2, ({ rpcMethod }) => rpcMethod === 'initialize');
  await signsInWithTheNextCall(fixture, user);
});

it('the stream of HTTP+SSE', async () => {
  const fixture = await served('sse');
  const user = await fixture.signedIn();
  fixture.as.revokeEverything();
  fixture.server.cut();
  await signsInWithTheNextCall(fixture, user);
});

it('the stream of HTTP+SSE, where the call comes while the stream is being opened', async () => {
  const fixture = await served('sse');
  const { as, server, browser } = fixture;
  const user = await fixture.signedIn();
  const refresh = gate();
  as.behaviour.beforeToken = ({ form }) => (form.get('grant_type') === 'refresh_token' ? refresh.opened : undefined);
  as.revokeEverything();
  server.cut();
  await as.waitFor('token', 2);
  const called = user.whoami();
  // What follows has arrived after the call.
  const pinged = user.proxy.rpc.request('ping');
  refresh.open();
  expect(await called).toBe('ada');
  await pinged;
  expect(browser.opened).toHaveLength(2);
});

it('a subscription of 2026-07-28: it comes back with the sign-in', async () => {
  const fixture = await served('modern');
  const { as, server, browser } = fixture;
  let isOver = false;
  const acknowledged = event('notifications/subscriptions/acknowledged', { notifications: { toolsListChanged: true } });
  server.behaviour.instead = ({ rpcMethod }) =>
    rpcMethod === 'subscriptions/listen' && !isOver ? stream('retry: 250\n\n', acknowledged) : undefined;
  const user = await fixture.signedIn();
  const { rpc } = user.proxy;
  const params = modernParams({ notifications: { toolsListChanged: true } });
  rpc.raw(JSON.stringify({ jsonrpc: '2.0', id: 'own', method: 'subscriptions/listen', params }));
  await rpc.next('notifications/subscriptions/acknowledged');
  as.revokeEverything();
  isOver = true;
  await signsInWithTheNextCall(fixture, user);
  isOver = false;
  await rpc.next('notifications/tools/list_changed');
  expect(browser.opened).toHaveLength(2);
});

function bearerOf(authorization = ''): string {
  return authorization.replace(/^Bearer /, '');
}
