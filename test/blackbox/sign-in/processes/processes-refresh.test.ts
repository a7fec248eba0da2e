// Many processes and one expired token, in front of an authorization server that accepts a refresh token once and
// revokes the whole grant when it comes again.
import { expect, it } from 'vitest';
import { opened } from '../../../peers/opened.ts';
import { lastBeat, ownerOf, storedSignIn } from '../stored-files.ts';
import { calls, type Fleet, gate, startFleet, until, works } from './fleet.ts';

const open = opened();

/** A fleet whose user has signed in once, and whose access token has expired. */
async function expired(): Promise<Fleet> {
  const fleet = await open(startFleet());
  await fleet.signedIn();
  fleet.authorizationServer.expireAccessTokens();
  return fleet;
}

it('eight processes with an expired token share one refresh', async () => {
  const fleet = await expired();
  const copies = fleet.start(8);
  await Promise.all(copies.map(works));
  expect(fleet.refreshes).toBe(1);
  fleet.authorizationServer.expireAccessTokens();
  await Promise.all(copies.map(calls));
  expect(fleet.refreshes).toBe(2);
  expect(fleet.browser.opened).toHaveLength(1);
});

it('a host that kills the refreshing process group before the answer does not cost the sign-in', async () => {
  const fleet = await expired();
  const [issued, answer] = [gate(), gate()];
  fleet.authorizationServer.behaviour.afterTokenIssued = () => {
    issued.open();
    return answer.opened;
  };
  const copies = fleet.start(8);
  const working = copies.map((copy) =>
    works(copy).then(
      () => 'works',
      () => 'gone',
    ),
  );
  await issued.opened;
  const winner = copies.findIndex(({ pid }) => pid === ownerOf(fleet.home, 'renewing'));
  expect(winner).not.toBe(-1);
  await copies[winner]?.kill();
  answer.open();
  expect(await Promise.all(working)).toEqual(copies.map((_, index) => (index === winner ? 'gone' : 'works')));
  await works(fleet.startOne());
  expect(fleet.refreshes).toBe(1);
  expect(fleet.browser.opened).toHaveLength(1);
});

it('a process that is killed before it uses its new tokens leaves them to the others', async () => {
  const fleet = await expired();
  const before = storedSignIn(fleet.home)?.serial;
  const [issued, answer] = [gate(), gate()];
  fleet.authorizationServer.behaviour.afterTokenIssued = () => {
    issued.open();
    return answer.opened;
  };
  const copies = fleet.start(8);
  const working = copies.map((copy) =>
    works(copy).then(
      () => 'works',
      () => 'gone',
    ),
  );
  await issued.opened;
  const winner = copies.findIndex(({ pid }) => pid === ownerOf(fleet.home, 'renewing'));
  copies[winner]?.signal('SIGSTOP');
  answer.open();
  await until(() => storedSignIn(fleet.home)?.serial !== before);
  await copies[winner]?.kill();
  expect(await Promise.all(working)).toEqual(copies.map((_, index) => (index === winner ? 'gone' : 'works')));
  expect(fleet.refreshes).toBe(1);
  expect(fleet.browser.opened).toHaveLength(1);
});

it('processes that are killed during a refresh find its tokens when they start again', async () => {
  const fleet = await expired();
  const [issued, answer] = [gate(), gate()];
  fleet.authorizationServer.behaviour.afterTokenIssued = () => {
    issued.open();
    return answer.opened;
  };
  const killed = fleet.start(3);
  for (const copy of killed) works(copy).catch(() => {});
  await issued.opened;
  await Promise.all(killed.map((copy) => copy.kill()));
  const copies = fleet.start(3);
  const working = Promise.all(copies.map(works));
  // One of the processes asks for the refresh that is still under way.
  await until(() => copies.some(({ pid }) => pid === ownerOf(fleet.home, 'renewing')));
  answer.open();
  await working;
  expect(fleet.refreshes).toBe(1);
  expect(fleet.browser.opened).toHaveLength(1);
});

it('a token that is lost with the process that received it costs one sign-in for all', async () => {
  const fleet = await expired();
  const issued = gate();
  const { behaviour } = fleet.authorizationServer;
  behaviour.afterTokenIssued = ({ form }) => {
    issued.open();
    // Only the first answer gets lost.
    behaviour.afterTokenIssued = undefined;
    return form.get('grant_type') === 'refresh_token' ? new Promise(() => {}) : undefined;
  };
  const working = fleet.start(4).map(works);
  await issued.opened;
  process.kill(await until(() => ownerOf(fleet.home, 'renewal')), 'SIGKILL');
  await Promise.all(working);
  expect(fleet.refreshes).toBe(2);
  expect(fleet.authorizationServer.count('register')).toBe(1);
  expect(fleet.browser.opened).toHaveLength(2);
});

it('a slow token endpoint is asked once, however long the others wait', async () => {
  const fleet = await expired();
  const [asked, answer] = [gate(), gate()];
  fleet.authorizationServer.behaviour.beforeToken = () => {
    asked.open();
    return answer.opened;
  };
  const copies = fleet.start(5);
  const working = Promise.all(copies.map(works));
  await asked.opened;
  const owners = [ownerOf(fleet.home, 'renewing'), ownerOf(fleet.home, 'renewal')];
  for (let beats = 0; beats < 3; beats++) {
    const last = lastBeat(fleet.home, 'renewal');
    await until(() => lastBeat(fleet.home, 'renewal') !== last);
  }
  expect([ownerOf(fleet.home, 'renewing'), ownerOf(fleet.home, 'renewal')]).toEqual(owners);
  answer.open();
  await working;
  expect(fleet.refreshes).toBe(1);
  expect(fleet.browser.opened).toHaveLength(1);
});
