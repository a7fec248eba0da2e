import { describe, expect, it } from 'vitest';
import type { Call, Reply } from '../../../../src/core/jsonrpc.ts';
import { FreshAnswers } from '../../../../src/upstream/stdio/fresh-answers.ts';
import { IdleMemory } from '../../../../src/upstream/stdio/idle-memory.ts';
import { KnownLists } from '../../../../src/upstream/stdio/known-lists.ts';

const call = (method: string, params?: object): Call => ({
  method,
  ...(params && { params: Buffer.from(JSON.stringify(params)) }),
});
const answer = (result: object): Reply => ({ result: Buffer.from(JSON.stringify(result)) });
const announcing = (...lists: string[]): Buffer =>
  Buffer.from(JSON.stringify({ capabilities: Object.fromEntries(lists.map((name) => [name, { listChanged: true }])) }));

const LIST = call('tools/list');
const CHANGED = call('notifications/tools/list_changed');

describe('the lists that a client has got', () => {
  it('are kept where the server says when they change', () => {
    const lists = new KnownLists();
    lists.note(LIST, answer({ tools: [1] }), announcing('tools'));
    lists.note(call('prompts/list'), answer({ prompts: [] }), announcing('tools'));
    lists.note(call('tools/list', { cursor: 'a' }), answer({ tools: [2] }), announcing('tools'));
    lists.note(call('resources/read'), answer({}), announcing('tools', 'resources'));
    expect(lists.answerTo(LIST)?.toString()).toBe('{"tools":[1]}');
    expect(lists.answerTo(call('tools/list', { cursor: 'a' }))?.toString()).toBe('{"tools":[2]}');
    expect(lists.answerTo(call('prompts/list'))).toBeUndefined();
    expect(lists.answerTo(call('resources/read'))).toBeUndefined();
  });

  it('are forgotten when the server says that they have changed', () => {
    const lists = new KnownLists();
    lists.note(LIST, answer({ tools: [] }), announcing('tools', 'prompts'));
    lists.note(call('prompts/list'), answer({ prompts: [] }), announcing('tools', 'prompts'));
    expect(lists.changed(CHANGED)).toBe(true);
    expect(lists.changed(call('notifications/message'))).toBe(false);
    expect(lists.answerTo(LIST)).toBeUndefined();
    expect(lists.answerTo(call('prompts/list'))).toBeDefined();
  });

  it('are compared with those of another process', async () => {
    const lists = new KnownLists();
    for (const cursor of ['a', 'b'])
      lists.note(call('tools/list', { cursor }), answer({ cursor }), announcing('tools'));
    expect(await lists.differences(async ({ params }) => answer(JSON.parse(String(params))))).toEqual([]);
    expect(await lists.differences(async () => answer({}))).toEqual([CHANGED]);
    expect(lists.answerTo(call('tools/list', { cursor: 'a' }))).toBeUndefined();
  });

  it('count as different when the other process does not answer', async () => {
    const lists = new KnownLists();
    lists.note(LIST, answer({}), announcing('tools'));
    expect(await lists.differences(() => Promise.reject(new Error('ended')))).toEqual([CHANGED]);
  });

  it('have a cap', () => {
    const lists = new KnownLists();
    const large = { tools: ['x'.repeat(1_500_000)] };
    for (const cursor of ['a', 'b', 'c'])
      lists.note(call('tools/list', { cursor }), answer(large), announcing('tools'));
    expect(lists.answerTo(call('tools/list', { cursor: 'b' }))).toBeDefined();
    expect(lists.answerTo(call('tools/list', { cursor: 'c' }))).toBeUndefined();
  });
});

describe('what a stopped server has told', () => {
  const initialize = call('initialize', { capabilities: {} });

  it('is for clients that open in the same way, for a day', () => {
    let time = 0;
    const memory = new IdleMemory(() => time);
    const lists = new KnownLists();
    lists.note(LIST, answer({ tools: [1] }), announcing('tools'));
    memory.remember(initialize, announcing('tools'), lists);
    lists.clear();
    expect(memory.recall(initialize)?.lists.answerTo(LIST)).toBeDefined();
    expect(memory.recall(call('initialize', { capabilities: { roots: {} } }))).toBeUndefined();
    time = 24 * 60 * 60_000;
    expect(memory.recall(initialize)).toBeUndefined();
  });

  it('has a cap, and ends with a change', () => {
    const memory = new IdleMemory();
    const opening = (n: number): Call => call('initialize', { n });
    for (let n = 1; n <= 17; n++) memory.remember(opening(n), announcing(), new KnownLists());
    expect(memory.recall(opening(1))).toBeUndefined();
    expect(memory.recall(opening(2))).toBeDefined();
    memory.clear();
    expect(memory.recall(opening(2))).toBeUndefined();
  });
});

describe('the answers of a modern server', () => {
  it('are given with the time that they have left', () => {
    let time = 1_000;
    const fresh = new FreshAnswers(() => time);
    fresh.note(LIST, answer({ tools: [], ttlMs: 500, cacheScope: 'public' }));
    time = 1_200;
    expect(fresh.answerTo(LIST)?.toString()).toBe('{"tools":[],"ttlMs":300,"cacheScope":"public"}');
    time = 1_500;
    expect(fresh.answerTo(LIST)).toBeUndefined();
  });

  it.each([0, -1, undefined, 'x'])('are not kept with a time of %s', (ttlMs) => {
    const fresh = new FreshAnswers();
    fresh.note(LIST, answer({ tools: [], ttlMs }));
    expect(fresh.answerTo(LIST)).toBeUndefined();
  });

  it('are kept for lists and server/discover only, and forgotten when the list has changed', () => {
    const fresh = new FreshAnswers();
    for (const method of ['tools/list', 'server/discover', 'tools/call', 'resources/read']) {
      fresh.note(call(method), answer({ ttlMs: 1_000_000 }));
    }
    fresh.changed(CHANGED);
    const kept = ['tools/list', 'server/discover', 'tools/call', 'resources/read'].filter((method) =>
      fresh.answerTo(call(method)),
    );
    expect(kept).toEqual(['server/discover']);
  });
});
