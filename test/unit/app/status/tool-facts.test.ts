// Which tools the status page shows, and why clients do not see the others.
import { describe, expect, it } from 'vitest';
import { toolFacts } from '../../../../src/app/status/tool-facts.ts';
import { HTTP_SERVER_DEFAULTS, httpServer, type Policy } from '../../../../src/config.ts';

const serverOf = (policy: Policy, ignoreTools: string[] = []) =>
  httpServer(new URL('https://one.example/mcp'), { ...HTTP_SERVER_DEFAULTS, ignoreTools, policy });

const page = (...tools: object[]): Buffer => Buffer.from(JSON.stringify({ tools }));
const offer = (...pages: Buffer[]) => ({ offered: { pages, tooMany: false }, remembered: undefined, pins: undefined });
const A = { name: 'a', annotations: { readOnlyHint: true } };
const B = { name: 'b' };
const C = { name: 'c' };

it('nothing is known before a client has asked', () => {
  const none = { offered: undefined, remembered: undefined, pins: undefined };
  expect(toolFacts(serverOf({}), none).shown).toBeUndefined();
  expect(toolFacts(serverOf({}), { ...none, remembered: ['x'] }).shown).toEqual([{ name: 'x', note: undefined }]);
});

describe('a policy', () => {
  it.each<[string, Policy, string[], [string, string][]]>([
    ['ignores', {}, ['b'], [['b', 'ignored']]],
    ['allows some', { onlyTools: ['a', 'b'] }, [], [['c', 'not among the allowed ones']]],
    [
      'allows those that read',
      { readOnly: true },
      [],
      [
        ['b', 'not read-only'],
        ['c', 'not read-only'],
      ],
    ],
  ])('%s', (_what, policy, ignored, hidden) => {
    const facts = toolFacts(serverOf(policy, ignored), offer(page(A, B), page(C, A)));
    expect(facts.hidden.map(({ name, note }) => [name, note])).toEqual(hidden);
    expect([...(facts.shown ?? []), ...facts.hidden].map(({ name }) => name).sort()).toEqual(['a', 'b', 'c']);
  });

  it('renames, and hides another tool of that name', () => {
    const facts = toolFacts(serverOf({ renameTools: [['a', 'b']], confirm: ['a'] }), offer(page(A, B)));
    expect(facts.shown).toEqual([{ name: 'b', note: 'the server calls it a, asks before each call' }]);
    expect(facts.hidden).toEqual([{ name: 'b', note: 'another tool has its name' }]);
  });
});

it('a changed tool is hidden, with what has changed', () => {
  const pins = {
    pinned: new Map([['a', '{"name":"a","title":"old"}']]),
    changed: new Map([['a', '{"name":"a","title":"new\u202e"}']]),
  };
  const facts = toolFacts(serverOf({ pinTools: true }), { ...offer(page(A, B)), pins });
  expect(facts.hidden).toEqual([{ name: 'a', note: 'has changed' }]);
  expect(facts.changed[0]?.difference).toEqual(['  - title: "old"', '  + title: "new\\u202e"']);
});

it('a page that cannot be read has no tools, and long lists are cut', () => {
  expect(toolFacts(serverOf({}), offer(Buffer.from('[]'), page(B))).shown).toHaveLength(1);
  const many = Array.from({ length: 1_000 }, (_, n) => ({ name: `t${n}` }));
  const facts = toolFacts(serverOf({}), offer(page(...many)));
  expect([facts.shown?.length, facts.more]).toEqual([300, 700]);
});

it('a change that does not fit on the page says what is left out', () => {
  const pins = {
    pinned: new Map([['a', '{"name":"a"}']]),
    changed: new Map([['a', JSON.stringify({ name: 'a', description: 'x'.repeat(5_000) })]]),
  };
  const [change] = toolFacts(serverOf({}), { offered: undefined, remembered: undefined, pins }).changed;
  expect(change?.leftOut).toBe('some values differ in more than is shown here');
});
