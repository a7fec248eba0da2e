// Clients that can show a page to their user get the page of the sign-in (URL mode elicitation).
import { expect, it } from 'vitest';
import { opened } from '../../../peers/opened.ts';
import { modernParams } from '../../../peers/rpc.ts';
import { expectClean, expectPage, fixture, isAnswered, LIST_CHANGES, TOOLS, toolNames } from './fixture.ts';

const open = opened();
const URL_MODE = { elicitation: { url: {} } };
const CALL = { name: 'whoami', arguments: {} };
const ANSWERED = { inputResponses: { 'mcp-proxy/sign-in': { action: 'accept' } } };

it('a legacy client is asked once it is ready, and told when the user has finished', async () => {
  const { browser, server, start } = await fixture(open, 'hold');
  const { rpc } = start();
  const clientInfo = { name: 'able', version: '1' };
  await rpc.request('initialize', { protocolVersion: '2025-11-25', capabilities: URL_MODE, clientInfo });
  const page = await browser.waitForTab(1);
  await rpc.request('ping');
  expect(rpc.received.filter(({ message }) => message.method === 'elicitation/create')).toEqual([]);

  rpc.notify('notifications/initialized');
  const { message } = await rpc.next('elicitation/create');
  expect(message.params).toMatchObject({ mode: 'url', url: page, message: expect.stringContaining(server.url) });
  expect(message.params.elicitationId).toMatch(/./);
  rpc.reply(message.id ?? null, { action: 'accept' });
  const listed = rpc.request('tools/list');
  await browser.finish(1);
  const complete = await rpc.next('notifications/elicitation/complete');
  expect(complete.message.params).toEqual({ elicitationId: message.params.elicitationId });
  expect(toolNames(await listed)).toEqual(TOOLS);
  for (const method of LIST_CHANGES) await rpc.next(method);
  expect(rpc.received.filter(({ message: { method } }) => method === 'elicitation/create')).toHaveLength(1);
  expect(rpc.received.filter(({ message: { method } }) => method === 'notifications/cancelled')).toEqual([]);
  expect(browser.opened).toHaveLength(1);
});

it('a question that the user left open is withdrawn when the sign-in is complete', async () => {
  const { browser, start } = await fixture(open, 'hold');
  const proxy = start();
  await proxy.rpc.initialize('2025-11-25', URL_MODE);
  const { message } = await proxy.rpc.next('elicitation/create');
  await browser.finish(1);
  expect((await proxy.rpc.next('notifications/cancelled')).message.params.requestId).toBe(message.id);
  await proxy.rpc.next('notifications/elicitation/complete');
  expect(toolNames(await proxy.rpc.request('tools/list'))).toEqual(TOOLS);
  expectClean(proxy);
});

it.each([{}, { elicitation: {} }, { elicitation: { form: {} } }])(
  'a client that declared %j is not asked',
  async (declared) => {
    const { browser, start } = await fixture(open, 'hold');
    const { rpc } = start();
    await rpc.initialize('2025-11-25', declared);
    await browser.finish(1);
    expect(toolNames(await rpc.request('tools/list'))).toEqual(TOOLS);
    expect(rpc.received.filter(({ message: { method } }) => method?.includes('elicitation'))).toEqual([]);
  },
);

it.each(['http', 'sessions'] as const)(
  'a modern client over %s gets a result with a question, and its retry waits',
  async (carrier) => {
    const { browser, server, start } = await fixture(open, 'hold', { server: { carrier } });
    const proxy = start();
    const { rpc } = proxy;
    await rpc.modern('server/discover', {}, URL_MODE);
    const asked = await rpc.modern('tools/call', CALL, URL_MODE);
    const page = await browser.waitForTab(1);
    expect(asked).toEqual({
      resultType: 'input_required',
      inputRequests: {
        'mcp-proxy/sign-in': {
          method: 'elicitation/create',
          params: { mode: 'url', url: page, message: expect.stringContaining(server.url) },
        },
      },
    });
    const retried = rpc.request('tools/call', modernParams({ ...CALL, ...ANSWERED }, URL_MODE), 'the-retry');
    expect(await rpc.modern('tools/call', CALL, URL_MODE)).toEqual(asked);
    expect(isAnswered(proxy, 'the-retry')).toBe(false);
    await browser.finish(1);
    expect((await retried).content[0].text).toBe('ada');
    expect(server.executions()).toBe(1);
    expect(browser.opened).toHaveLength(1);
    expectClean(proxy);
  },
);

it.each(['decline', 'cancel'])(
  'a modern client whose user answers "%s" is told where to sign in, and its call does not run',
  async (action) => {
    const { browser, server, start } = await fixture(open, 'hold');
    const { rpc } = start();
    await rpc.modern('tools/call', CALL, URL_MODE);
    const answer = { inputResponses: { 'mcp-proxy/sign-in': { action } } };
    expectPage(
      await rpc.exchange('tools/call', modernParams({ ...CALL, ...answer }, URL_MODE)),
      await browser.waitForTab(1),
    );
    await browser.finish(1);
    // Lists wait until the proxy knows that the sign-in has ended, which may be later than the page.
    await rpc.modern('tools/list');
    expect((await rpc.modern('tools/call', CALL, URL_MODE)).content[0].text).toBe('ada');
    expect(server.executions()).toBe(1);
  },
);

it('a retry that the client cancels while it waits never runs', async () => {
  const { browser, server, start } = await fixture(open, 'hold');
  const { rpc } = start();
  await rpc.modern('tools/call', CALL, URL_MODE);
  const echo = modernParams({ name: 'echo', arguments: {}, ...ANSWERED }, URL_MODE);
  rpc.raw(JSON.stringify({ jsonrpc: '2.0', id: 'gone', method: 'tools/call', params: echo }));
  rpc.notify('notifications/cancelled', { requestId: 'gone' });
  await browser.finish(1);
  expect(toolNames(await rpc.modern('tools/list'))).toEqual(TOOLS);
  expect((await rpc.modern('tools/call', CALL)).content[0].text).toBe('ada');
  expect(server.executions('echo')).toBe(0);
  expect(rpc.received.some(({ message }) => message.id === 'gone')).toBe(false);
});

it('requests whose results cannot contain questions get none', async () => {
  const { browser, start } = await fixture(open, 'hold');
  const { rpc } = start();
  const listed = rpc.modern('tools/list', {}, URL_MODE);
  const page = await browser.waitForTab(1);
  const params = { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a', value: 'b' } };
  expectPage(await rpc.exchange('completion/complete', modernParams(params, URL_MODE)), page);
  await browser.finish(1);
  expect(toolNames(await listed)).toEqual(TOOLS);
});
