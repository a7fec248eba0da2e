// Many processes and no token: one registration and one tab, and what happens when the process that owns them is
// killed.
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { opened } from '../../../peers/opened.ts';
import { ownerOf } from '../stored-files.ts';
import type { Copy } from './copy.ts';
import { calls, type Fleet, gate, lists, startFleet, until, works } from './fleet.ts';

const open = opened();

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** The redirect URI of an authorization page. */
function callbackOf(page: string): number {
  return Number(new URL(new URL(page).searchParams.get('redirect_uri') ?? '').port);
}

function ownerAmong({ home }: Fleet, copies: readonly Copy[]): Promise<Copy> {
  return until(() => copies.find(({ pid }) => pid === ownerOf(home, 'lock')));
}

function expectOneSignIn({ authorizationServer, browser }: Fleet): void {
  expect(authorizationServer.count('register')).toBe(1);
  expect(browser.opened).toHaveLength(1);
  expect(authorizationServer.tokenRequests('authorization_code')).toHaveLength(1);
}

it('five processes without a token share one registration and one page', async () => {
  const fleet = await open(startFleet());
  await Promise.all(fleet.start(5).map(works));
  expectOneSignIn(fleet);
});

it('five processes name the same page while they wait, and all continue after the sign-in', async () => {
  const fleet = await open(startFleet({ browser: 'hold' }));
  const copies = fleet.start(5);
  await Promise.all(copies.map(({ rpc }) => rpc.initialize()));
  const page = await fleet.browser.waitForTab(1);
  for (const { rpc } of copies) {
    const { message } = await rpc.exchange('tools/call', { name: 'whoami', arguments: {} });
    expect(message.error).toMatchObject({ code: -31004, message: expect.stringContaining(page) });
  }
  const changed = copies.map(({ rpc }) => rpc.next('notifications/tools/list_changed'));
  await fleet.browser.finish(1);
  await Promise.all(changed);
  await Promise.all(copies.map(calls));
  expectOneSignIn(fleet);
});

it('the page of a process that was killed signs in all others, and its successor', async () => {
  const fleet = await open(startFleet({ browser: 'hold' }));
  const copies = fleet.start(5);
  await Promise.all(copies.map(({ rpc }) => rpc.initialize()));
  const page = await fleet.browser.waitForTab(1);
  const owner = await ownerAmong(fleet, copies);
  await owner.kill();
  const others = copies.filter((copy) => copy !== owner);
  await ownerAmong(fleet, others);
  await until(() => isListening(callbackOf(page)));
  const restarted = fleet.startOne();
  await restarted.rpc.initialize();
  const listed = Promise.all([...others, restarted].map(lists));
  expect(await fleet.browser.finish(1)).toMatchObject({ status: 200 });
  await listed;
  await Promise.all([...others, restarted].map(calls));
  expectOneSignIn(fleet);
});

it('a sign-in page survives the end of two processes in a row', async () => {
  const fleet = await open(startFleet({ browser: 'hold' }));
  let copies = fleet.start(3);
  await Promise.all(copies.map(({ rpc }) => rpc.initialize()));
  const page = await fleet.browser.waitForTab(1);
  for (let killed = 0; killed < 2; killed++) {
    const owner = await ownerAmong(fleet, copies);
    await owner.kill();
    copies = copies.filter((copy) => copy !== owner);
  }
  await ownerAmong(fleet, copies);
  await until(() => isListening(callbackOf(page)));
  await fleet.browser.finish(1);
  await Promise.all(copies.map(lists));
  expectOneSignIn(fleet);
});

it('a sign-in page still works after a host has killed and restarted everything', async () => {
  const fleet = await open(startFleet({ browser: 'hold' }));
  const killed = fleet.start(3);
  await Promise.all(killed.map(({ rpc }) => rpc.initialize()));
  const page = await fleet.browser.waitForTab(1);
  await Promise.all(killed.map((copy) => copy.kill()));
  expect(await isListening(callbackOf(page))).toBe(false);
  const restarted = fleet.startOne();
  await restarted.rpc.initialize();
  await until(() => isListening(callbackOf(page)));
  await fleet.browser.finish(1);
  await lists(restarted);
  await calls(restarted);
  expectOneSignIn(fleet);
});

it('a process that is restarted again and again while the user is away opens one page', async () => {
  const fleet = await open(startFleet({ browser: 'hold' }));
  const pages = new Set<string>();
  for (let round = 0; round < 4; round++) {
    const copy = fleet.startOne();
    await copy.rpc.initialize();
    const { message } = await copy.rpc.exchange('tools/call', { name: 'whoami', arguments: {} });
    pages.add(/http:\/\/\S+\/authorize\S+/.exec(message.error?.message ?? '')?.[0] ?? '');
    await copy.kill();
  }
  expect([...pages]).toEqual([fleet.browser.opened[0]]);
  expect(fleet.browser.opened).toHaveLength(1);
  expect(fleet.authorizationServer.count('register')).toBe(1);
});

it('the same page works once more if the process is killed before it has stored the tokens', async () => {
  const fleet = await open(startFleet({ browser: 'hold' }));
  const { behaviour } = fleet.authorizationServer;
  const issued = gate();
  behaviour.afterTokenIssued = () => {
    behaviour.afterTokenIssued = undefined;
    issued.open();
    return new Promise(() => {});
  };
  const copies = fleet.start(3);
  await Promise.all(copies.map(({ rpc }) => rpc.initialize()));
  const first = fleet.browser.finish(1);
  await issued.opened;
  const owner = await ownerAmong(fleet, copies);
  await owner.kill();
  expect((await first).error).toBeDefined();
  const others = copies.filter((copy) => copy !== owner);
  await ownerAmong(fleet, others);
  await until(() => isListening(callbackOf(fleet.browser.opened[0] ?? '')));
  await fleet.browser.finish(1);
  await Promise.all(others.map(lists));
  await Promise.all(others.map(calls));
  expect(fleet.authorizationServer.count('register')).toBe(1);
  expect(fleet.browser.opened).toHaveLength(1);
});
