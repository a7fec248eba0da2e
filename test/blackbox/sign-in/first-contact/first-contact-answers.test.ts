// What a client is told in answer to its first message while its user must sign in: what is remembered of the server, or
// after a moment something provisional, whatever the search for the page takes. The tests wait as long as the program does, so they run side by side.
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { listenLoopback } from '../../../peers/listen.ts';
import { opened } from '../../../peers/opened.ts';
import type { ProxyProcess } from '../../../peers/proxy.ts';
import { expectClean, expectPage, fixture, LIST_CHANGES, TOOLS, toolNames } from './fixture.ts';

const open = opened(afterAll);
/** Longer than the program lets a list wait. */
const PATIENT = 90_000;
const CALL = { name: 'whoami', arguments: {} };

it.concurrent.each(['http', 'sessions', 'sse'] as const)(
  'over %s, the answer of the server to an earlier start is the answer at once, and its lists are there',
  async (carrier) => {
    const { authorizationServer, browser, start } = await fixture(open, 'approve', { server: { carrier } });
    const before = start();
    await before.rpc.initialize();
    const tools = await before.rpc.request('tools/list');
    await before.close();
    authorizationServer.revokeEverything();
    browser.mode = 'hold';
    const proxy = start();
    proxy.rpc.waitMs = PATIENT;
    expect((await proxy.rpc.initialize()).serverInfo.name).toBe('protected-server');
    // Nobody finishes the sign-in, so the remembered list is the answer after some time.
    expect(await proxy.rpc.request('tools/list')).toEqual(tools);
    expectPage(await proxy.rpc.exchange('tools/call', CALL), browser.opened[1]);
    await browser.finish(2);
    await proxy.rpc.next('notifications/tools/list_changed');
    expect((await proxy.rpc.request('tools/call', CALL)).content[0].text).toBe('ada');
    expectClean(proxy);
  },
);

/** Begins in each era, and returns the capabilities that it was told. */
const BEGINNINGS: [string, (proxy: ProxyProcess) => Promise<{ capabilities: unknown }>][] = [
  ['initialize', ({ rpc }) => rpc.initialize()],
  ['server/discover', ({ rpc }) => rpc.modern('server/discover')],
];

it.concurrent.each(BEGINNINGS)('%s is answered although the search for the page never ends', async (_, begin) => {
  const { server, start } = await fixture(open, 'hold');
  const { url } = await open(listenLoopback('/metadata', () => new Promise(() => {})));
  server.behaviour.challenge = () => `Bearer resource_metadata="${url}"`;
  const proxy = start();
  const { capabilities } = await begin(proxy);
  const changes = { listChanged: true };
  expect(capabilities).toEqual({ tools: changes, prompts: changes, resources: changes });
  expectClean(proxy);
});

/** How far each signal moves the clock, in milliseconds. */
const STEP = 12_000;
const CLOCK = fileURLToPath(new URL('../../../peers/local/movable-clock.cjs', import.meta.url));

/** A request that waits for its user ends after 30 seconds, with the address of the page, unless the flag says otherwise. */
const PATIENTLY = ['--auth-timeout', '300'];

it.concurrent.each([
  ['sse', [], 2],
  ['sse', ['--transport', 'sse-only'], 2],
  ['sse', ['--transport', 'sse-first'], 2],
  ['http', ['--transport', 'http-only'], 2],
  ['sse', PATIENTLY, 5],
  ['sessions', PATIENTLY, 5],
  ['modern', PATIENTLY, 5],
] as const)(
  'a user who needs longer than a server may take for its answer is no fault of the server: %s %j',
  async (carrier, args, times) => {
    const { browser, server, start } = await fixture(open, 'hold', { server: { carrier } });
    const proxy = start([...args], { nodeArgs: ['--require', CLOCK], env: { CLOCK_STEP: String(STEP) } });
    await proxy.rpc.initialize();
    await browser.waitForTab(1);
    for (let moved = 1; moved <= times; moved++) {
      proxy.kill('SIGUSR1');
      await proxy.stderrMatching(new RegExp(`^clock ${moved * STEP}$`, 'm'));
    }
    const listed = proxy.rpc.request('tools/list');
    await browser.finish(1);
    expect(toolNames(await listed)).toEqual(TOOLS);
    for (const method of LIST_CHANGES) await proxy.rpc.next(method);
    expect((await proxy.rpc.request('tools/call', CALL)).content[0].text).toBe('ada');
    expect(server.executions()).toBe(1);
    expect(proxy.stderr).not.toContain('error:');
    expectClean(proxy);
  },
);

it.concurrent.each([
  [59, 1],
  [61, 2],
])(
  'a page that nobody finished is opened again after an hour: after %i minutes there were %i',
  async (minutes, tabs) => {
    const { browser, start } = await fixture(open, 'hold');
    const first = start();
    await first.rpc.initialize();
    const page = await browser.waitForTab(1);
    await first.kill('SIGKILL');
    await first.exit();
    const proxy = start(['--log-level', 'debug'], {
      nodeArgs: ['--require', CLOCK],
      env: { CLOCK_STEP: String(minutes * 60_000) },
    });
    // A line that is skipped proves that the program listens.
    proxy.rpc.raw('hello?');
    await proxy.stderrMatching(/no JSON-RPC/);
    proxy.kill('SIGUSR1');
    await proxy.stderrMatching(/^clock /m);
    await proxy.rpc.initialize();
    const { message } = await proxy.rpc.exchange('tools/call', CALL);
    expect(message.error?.code).toBe(-31004);
    await proxy.stderrMatching(tabs === 1 ? /sign in here: / : /sign in on the page that just opened/);
    expect(browser.opened).toHaveLength(tabs);
    expect(page).toBe(browser.opened[0]);
  },
);
