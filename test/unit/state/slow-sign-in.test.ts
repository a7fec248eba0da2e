// A sign-in whose credentials, locks and answers are on another machine, which is slow and sometimes fails.
import { expect, it } from 'vitest';
import { fileMemory } from '../../../src/state/files/verdicts.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { type InProcess, startStdio } from './slow-proxies.ts';
import { type Remote, startRemote } from './slow-state.ts';

const open = opened();

async function scene(remote: Remote) {
  const as = await open(startAuthorizationServer());
  const server = await open(startProtectedServer({ authorizationServer: as }));
  const browser = await open(startBrowser('approve'));
  const start = async (more: Partial<Remote> = {}): Promise<InProcess> =>
    open(
      Promise.resolve(
        startStdio(server.url, { ...remote, ...more }, {}, { BROWSER: browser.command, PATH: process.env.PATH ?? '' }),
      ),
    );
  const signIns = (): number => as.tokenRequests('authorization_code').length;
  const refreshes = (): number => as.tokenRequests('refresh_token').length;
  return { as, server, browser, start, signIns, refreshes };
}

async function works({ rpc }: InProcess): Promise<void> {
  const { serverInfo } = await rpc.initialize();
  expect(serverInfo).toBeDefined();
  expect((await rpc.request('tools/list')).tools.length).toBeGreaterThan(0);
  await calls({ rpc });
}

async function calls({ rpc }: Pick<InProcess, 'rpc'>): Promise<void> {
  expect((await rpc.request('tools/call', { name: 'whoami', arguments: {} })).content[0].text).toBeTruthy();
}

/** Nothing else delays the first request. */
const FORGETFUL = { memory: fileMemory(undefined) };

/** No line is logged twice. */
function expectToldOnce({ lines }: InProcess): void {
  expect([...new Set(lines)]).toEqual(lines);
}

it('credentials in a remote store are sent with the first request, without a sign-in', async () => {
  const { server, browser, start, signIns } = await scene(startRemote());
  const first = await start();
  await works(first);
  await first.close();
  const since = server.requests.length;
  const second = await start(FORGETFUL);
  await works(second);
  expect(server.requests.slice(since).map(({ status }) => status)).not.toContain(401);
  expect([signIns(), browser.opened.length]).toEqual([1, 1]);
});

it('two proxies that share credentials in a remote store refresh them once', async () => {
  const { as, server, start, refreshes, signIns } = await scene(startRemote());
  const both = [await start(), await start()];
  await works(both[0] as InProcess);
  await works(both[1] as InProcess);
  as.expireAccessTokens();
  const before = server.executions('whoami');
  await Promise.all(both.map(calls));
  expect([refreshes(), signIns()]).toEqual([1, 1]);
  expect(server.executions('whoami')).toBe(before + 2);
});

it('a token that is refreshed while the store cannot be read is stored anyway', async () => {
  const remote = startRemote();
  const { as, start, refreshes, signIns } = await scene(remote);
  const first = await start();
  await works(first);
  as.expireAccessTokens();
  remote.failReads = true;
  await calls(first);
  expect([refreshes(), signIns()]).toEqual([1, 1]);
  expect(first.lines.filter((line) => line.includes('reset'))).toHaveLength(1);
  remote.failReads = false;
  await works(await start());
  expect([refreshes(), signIns()]).toEqual([1, 1]);
});

it('requests that are refused at the same time refresh once', async () => {
  const { as, start, refreshes } = await scene(startRemote());
  const proxy = await start();
  await works(proxy);
  as.expireAccessTokens();
  await Promise.all(Array.from({ length: 10 }, () => calls(proxy)));
  expect(refreshes()).toBe(1);
});

it('what the server once answered is repeated while its user signs in again', async () => {
  const remote = startRemote();
  const { browser, start, signIns } = await scene(remote);
  const first = await start();
  const { serverInfo } = await first.rpc.initialize();
  // The answer to the first contact came from this program, and the one to the second from the server.
  await works(first);
  await first.close();
  const second = await start();
  const real = await second.rpc.initialize();
  await second.close();
  expect(real.serverInfo).not.toEqual(serverInfo);
  for (const name of await remote.texts.names()) if (!name.endsWith('.answers')) await remote.texts.remove(name);
  browser.mode = 'never';
  const third = await start();
  expect((await third.rpc.initialize()).serverInfo).toEqual(real.serverInfo);
  expect(signIns()).toBe(1);
});

it.each([1, 2, 3, 5, 7])(
  'with every call number %d failing, a user signs in once and a call runs once',
  async (every) => {
    const remote = startRemote(every);
    const { as, server, browser, start, signIns, refreshes } = await scene(remote);
    const proxy = await start();
    await works(proxy);
    expect([signIns(), browser.opened.length, server.executions('whoami')]).toEqual([1, 1, 1]);
    for (let round = 1; round <= 3; round++) {
      as.expireAccessTokens();
      await calls(proxy);
      expect([refreshes(), signIns()]).toEqual([round, 1]);
    }
    expect(server.executions('whoami')).toBe(4);
    expect(remote.failures).toBeGreaterThan(0);
    expectToldOnce(proxy);
    await proxy.close();
  },
);
