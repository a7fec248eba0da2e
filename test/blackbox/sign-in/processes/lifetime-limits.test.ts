// Servers in trouble: which requests the program repeats, how often, and what it tells the user meanwhile.
import { expect, it } from 'vitest';
import type { Answer } from '../../../peers/oauth/document-answer.ts';
import { opened } from '../../../peers/opened.ts';
import type { Copy } from './copy.ts';
import { calls, type Fleet, startFleet, until, works } from './fleet.ts';

const open = opened();

const call = ({ rpc }: Copy) => rpc.exchange('tools/call', { name: 'whoami', arguments: {} });

/** Refuses every token, like a server that does not know the keys of its authorization server. */
function refuseAll({ server }: Fleet): void {
  server.behaviour.instead = ({ path }) => (path.startsWith('/.well-known/') ? undefined : 'challenge');
}

it('a server that refuses new tokens causes a few token requests, one clear error, and then no more', async () => {
  const fleet = await open(startFleet());
  const copy = fleet.startOne();
  await works(copy);
  refuseAll(fleet);
  const before = fleet.authorizationServer.count('token');
  const { message } = await call(copy);
  expect(message.error).toMatchObject({ code: -31004, message: expect.stringContaining('refuses tokens') });
  const asked = fleet.authorizationServer.count('token');
  expect(asked - before).toBeLessThanOrEqual(3);
  for (let times = 0; times < 20; times++) expect((await call(copy)).message.error?.code).toBe(-31004);
  await Promise.all(Array.from({ length: 20 }, () => call(copy)));
  expect(fleet.authorizationServer.count('token')).toBe(asked);
  expect(fleet.browser.opened).toHaveLength(1);
  fleet.server.behaviour.instead = undefined;
  await calls(copy);
});

it('a server that refuses the first token causes one sign-in page and a few token requests', async () => {
  const fleet = await open(startFleet());
  refuseAll(fleet);
  const copies = fleet.start(3);
  await Promise.all(copies.map((copy) => works(copy).catch(() => {})));
  await fleet.browser.waitForPage(1);
  for (const copy of copies) expect((await call(copy)).message.error?.code).toBe(-31004);
  expect(fleet.authorizationServer.count('token')).toBeLessThanOrEqual(3);
  expect(fleet.browser.opened).toHaveLength(1);
});

const wait = { 'retry-after': '600' };
const troubles: [string, Answer, RegExp, number | undefined][] = [
  ['429', { status: 429, headers: wait, body: 'slow down' }, /HTTP 429/, 600],
  ['429 in JSON', { status: 429, headers: wait, body: { error: 'too_many_requests' } }, /429|too_many_requests/, 600],
  ['503', { status: 503, headers: wait, body: '<h1>Service unavailable</h1>' }, /HTTP 503/, 600],
  ['503 in JSON', { status: 503, body: { error: 'temporarily_unavailable' } }, /503|temporarily/, undefined],
  ['500', { status: 500, body: '' }, /HTTP 500/, undefined],
];

it.each(troubles)('a token endpoint that answers %s is left alone, and no page opens', async (_, ...trouble) => {
  const [answer, meaning, retryAfter] = trouble;
  const fleet = await open(startFleet());
  const copy = fleet.startOne();
  await works(copy);
  fleet.authorizationServer.behaviour.tokenAnswer = () => answer;
  fleet.authorizationServer.expireAccessTokens();
  for (let times = 0; times < 5; times++) {
    const { error } = (await call(copy)).message;
    expect(error).toMatchObject({ code: -31004, message: expect.stringMatching(meaning) });
    expect(error?.data?.retryAfter).toBe(retryAfter);
  }
  expect(fleet.refreshes).toBe(1);
  expect(fleet.browser.opened).toHaveLength(1);
});

it('a token endpoint is asked again after the time it wanted, and the sign-in is still there', async () => {
  const fleet = await open(startFleet());
  const copy = fleet.startOne();
  await works(copy);
  let refusals = 0;
  fleet.authorizationServer.behaviour.tokenAnswer = () =>
    ++refusals === 1 ? { status: 429, headers: { 'retry-after': '2' }, body: '' } : undefined;
  fleet.authorizationServer.expireAccessTokens();
  await until(async () => (await call(copy)).message.error === undefined);
  const [first, second] = fleet.authorizationServer.tokenRequests('refresh_token');
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(2000);
  expect(fleet.refreshes).toBe(2);
  expect(fleet.browser.opened).toHaveLength(1);
});

it('a token endpoint that asks for a pause gets one from all processes, later ones included', async () => {
  const fleet = await open(startFleet());
  const copies = fleet.start(4);
  await Promise.all(copies.map(works));
  fleet.authorizationServer.behaviour.tokenAnswer = () => ({ status: 429, headers: wait, body: '' });
  fleet.authorizationServer.expireAccessTokens();
  for (const { message } of await Promise.all(copies.map(call))) expect(message.error?.code).toBe(-31004);
  await expect(works(fleet.startOne())).rejects.toThrow('HTTP 429');
  expect(fleet.refreshes).toBe(1);
  expect(fleet.browser.opened).toHaveLength(1);
});
