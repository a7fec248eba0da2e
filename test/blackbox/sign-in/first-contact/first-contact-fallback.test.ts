// What a client gets if its user takes longer than a client waits. The tests wait as long as the program does, 25
// seconds, so several of them run side by side.
import { afterAll, expect, it } from 'vitest';
import { opened } from '../../../peers/opened.ts';
import { expectClean, expectPage, fixture, LIST_CHANGES, TOOLS, toolNames } from './fixture.ts';

const open = opened(afterAll);

const CALL = { name: 'whoami', arguments: {} };
/** Longer than the program lets a list wait. */
const PATIENT = 90_000;

it.concurrent('a legacy client gets the one tool that says where to sign in, and then the real ones', async () => {
  const { browser, start } = await fixture(open, 'hold');
  const proxy = start();
  const { rpc } = proxy;
  rpc.waitMs = PATIENT;
  await rpc.initialize();
  const page = await browser.waitForTab(1);
  const [tools, prompts, resources, templates] = await Promise.all(
    ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'].map((method) => rpc.request(method)),
  );
  expect(toolNames(tools)).toEqual(['sign_in']);
  expect(tools.tools[0].inputSchema.type).toBe('object');
  expect([prompts, resources, templates]).toEqual([{ prompts: [] }, { resources: [] }, { resourceTemplates: [] }]);
  expect((await rpc.request('tools/call', { name: 'sign_in', arguments: {} })).content[0].text).toContain(page);
  expectPage(await rpc.exchange('tools/call', CALL), page);

  await browser.finish(1);
  for (const method of LIST_CHANGES) await rpc.next(method);
  expect((await rpc.request('tools/call', { name: 'sign_in', arguments: {} })).content[0].text).toContain('signed in');
  expect(toolNames(await rpc.request('tools/list'))).toEqual(TOOLS);
  expect((await rpc.request('tools/call', CALL)).content[0].text).toBe('ada');
  // From here on, a tool of that name would be one of the server.
  expect(JSON.stringify((await rpc.exchange('tools/call', { name: 'sign_in' })).message)).toContain('no tool sign_in');
  expect(browser.opened).toHaveLength(1);
  expectClean(proxy);
});

it.concurrent('a modern client gets the same, and after a refusal the tool begins a new sign-in', async ({
  expect,
}) => {
  const { browser, start } = await fixture(open, 'hold');
  const proxy = start();
  const { rpc } = proxy;
  rpc.waitMs = PATIENT;
  await rpc.modern('server/discover');
  const [tools, prompts] = await Promise.all([rpc.modern('tools/list'), rpc.modern('prompts/list')]);
  expect(toolNames(tools)).toEqual(['sign_in']);
  for (const list of [tools, prompts])
    expect(list).toMatchObject({ resultType: 'complete', ttlMs: 0, cacheScope: 'private' });
  const signIn = () => rpc.modern('tools/call', { name: 'sign_in', arguments: {} });
  const shown = await signIn();
  expect(shown.resultType).toBe('complete');
  expect(shown.content[0].text).toContain(browser.opened[0]);

  await browser.finish(1, 'deny');
  await expect
    .poll(async () => JSON.stringify(await signIn().catch(String)), { timeout: 60_000, interval: 500 })
    .toContain('/authorize?');
  await browser.finish(2);
  expect(browser.opened).toHaveLength(2);
  await expect.poll(async () => (await signIn()).content[0].text, { timeout: 60_000 }).toContain('You are signed in');
  expect(toolNames(await rpc.modern('tools/list'))).toEqual(TOOLS);
  expect((await rpc.modern('tools/call', CALL)).content[0].text).toBe('ada');
  expectClean(proxy);
});

it.concurrent('a user who was signed in before gets what the server said then', async () => {
  const { authorizationServer, browser, start } = await fixture(open, 'approve');
  const before = start();
  await before.rpc.initialize('2025-11-25');
  const list = await before.rpc.request('tools/list');
  const asModern = start();
  const discovered = await asModern.rpc.modern('server/discover');
  for (const { close } of [before, asModern]) await close();
  expect(browser.opened).toHaveLength(1);

  authorizationServer.revokeEverything();
  browser.mode = 'hold';
  const proxy = start();
  proxy.rpc.waitMs = PATIENT;
  const again = await proxy.rpc.initialize('2025-06-18');
  expect(again).toEqual({
    protocolVersion: '2025-06-18',
    serverInfo: { name: 'protected-server', version: '1.0.0' },
    capabilities: { tools: { listChanged: true } },
  });
  const modern = start();
  modern.rpc.waitMs = PATIENT;
  expect(await modern.rpc.modern('server/discover')).toEqual(discovered);

  const [legacyList, modernList] = await Promise.all([
    proxy.rpc.request('tools/list'),
    modern.rpc.modern('tools/list'),
  ]);
  expect(legacyList).toEqual(list);
  expect(modernList).toMatchObject({ ...list, resultType: 'complete', ttlMs: 0 });
  expectPage(await proxy.rpc.exchange('tools/call', CALL), browser.opened[1]);
  await browser.finish(2);
  for (const method of LIST_CHANGES) await proxy.rpc.next(method);
  expect((await proxy.rpc.request('tools/call', CALL)).content[0].text).toBe('ada');
  // The other process finds out a moment later, and so do the requests that wait there.
  expect(toolNames(await modern.rpc.modern('tools/list'))).toEqual(TOOLS);
  expect((await modern.rpc.modern('tools/call', CALL)).content[0].text).toBe('ada');
  expect(browser.opened).toHaveLength(2);
  for (const one of [proxy, modern]) expectClean(one);
});
