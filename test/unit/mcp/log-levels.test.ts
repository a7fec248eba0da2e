// Which log messages a request of 2026-07-28 wants.
import { expect, it } from 'vitest';
import { onlyHearer, wantedLevel } from '../../../src/mcp/log-levels.ts';

const P = 'io.modelcontextprotocol/';

it.each([
  ['{}', undefined],
  [`{"_meta":{"${P}logLevel":"debug"}}`, 0],
  [`{"_meta":{"${P}logLevel":"emergency"}}`, 7],
  [`{"_meta":{"${P}logLevel":"loud"}}`, -1],
  [`{"_meta":{"${P}logLevel":7}}`, -1],
  [`{"logLevel":"debug"}`, undefined],
])('%s wants the level %s', (params, level) => {
  expect(wantedLevel({ method: 'tools/list', params: Buffer.from(params) })).toBe(level);
});

const WARNING = 3;

it.each([
  ['nobody, if there is none', {}, undefined],
  ['the only one', { one: 0 }, 'one'],
  ['nobody, if the only one wants worse', { one: 4 }, undefined],
  ['the only one of several that wants it', { one: 4, other: 3, third: 7 }, 'other'],
  ['nobody, if two want it', { one: 4, other: 3, third: 0 }, undefined],
])('a warning is for %s', (_, levels: Record<string, number>, hearer) => {
  expect(onlyHearer(new Map(Object.entries(levels)), WARNING)).toBe(hearer);
});

it('a message without a known level is for the only request, whatever that wants', () => {
  expect(onlyHearer(new Map([['one', 7]]), -1)).toBe('one');
  expect(
    onlyHearer(
      new Map([
        ['one', 7],
        ['other', 7],
      ]),
      -1,
    ),
  ).toBeUndefined();
});
