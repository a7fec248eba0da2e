// Tools whose definitions decide, in a list with several pages.
import { expect, it } from 'vitest';
import { filter } from '../../../../src/layers/policy/filter.ts';
import { readOnly } from '../../../../src/layers/policy/read-only.ts';
import { replyFrom } from '../../../../src/wire/replies.ts';
import { behind, exchangeOf, result } from '../exchanges.ts';

const tool = (name: string, readOnlyHint: boolean): object => ({ name, annotations: { readOnlyHint } });
/** The pages by their cursors: the last one takes back what the first one says of `x`. */
const PAGES: Record<string, object> = {
  '': { tools: [tool('x', true), tool('reads', true)], nextCursor: 'b' },
  b: { tools: [tool('y', true)], nextCursor: 'c' },
  c: { tools: [tool('x', false)] },
};

/** A client of one session: reads a page, or calls a tool. */
function client() {
  const ran: string[] = [];
  const handler = behind(
    filter(
      {},
      readOnly(() => false),
    ),
    async ({ call }) => {
      const { name, cursor = '' } = JSON.parse(call.params?.toString() ?? '{}');
      if (call.method === 'tools/list') return result(JSON.stringify(PAGES[cursor]));
      ran.push(name);
      return result('"ran"');
    },
  );
  const send = (method: string, params: object) =>
    handler(exchangeOf(method, JSON.stringify(params)).exchange).catch(replyFrom);
  return {
    read: (cursor?: string) => send('tools/list', { cursor }),
    async runs(name: string): Promise<boolean> {
      await send('tools/call', { name });
      return ran.splice(0).includes(name);
    },
  };
}

it.each([
  ['nothing', []],
  ['the first page', ['']],
  ['the first and the second page', ['', 'b']],
  ['all pages', ['', 'b', 'c']],
  ['all pages, and the first one again', ['', 'b', 'c', '']],
  ['the first page, and a later one without those between', ['', 'c']],
  ['the last page and then the first one', ['c', '']],
])('a tool that one of two definitions does not allow cannot be called after %s', async (_, cursors) => {
  const { read, runs } = client();
  for (const cursor of cursors) await read(cursor === '' ? undefined : cursor);
  expect([await runs('x'), await runs('reads'), await runs('y')]).toEqual([false, true, true]);
});
