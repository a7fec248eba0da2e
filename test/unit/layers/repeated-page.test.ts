import { describe, expect, it } from 'vitest';
import type { Log } from '../../../src/core/ports.ts';
import { repeatedPage } from '../../../src/layers/repeated-page.ts';
import { behind, exchangeOf, result } from './exchanges.ts';

const silent = (): void => {};

/** A client that asks for one page after the other. Returns the pages, and the warnings of the log. */
async function pagesOf(pages: readonly (readonly [cursor: string | undefined, page: string])[], method = 'tools/list') {
  const warnings: string[] = [];
  const log: Log = { debug: silent, info: silent, warn: (line) => warnings.push(line), error: silent };
  const answers = pages.map(([, page]) => page);
  const handle = behind(repeatedPage(log), async () => result(answers.shift() as string));
  const texts: string[] = [];
  for (const [cursor] of pages) {
    const reply = await handle(exchangeOf(method, JSON.stringify({ cursor })).exchange);
    texts.push('result' in reply ? reply.result.toString() : 'an error');
  }
  return { texts, warnings };
}

const CIRCLE = 'the server answered tools/list with a page that leads to';

async function answered(method: string, params: string, page: string): Promise<{ text: string; warnings: string[] }> {
  const warnings: string[] = [];
  const log: Log = { debug: silent, info: silent, warn: (line) => warnings.push(line), error: silent };
  const { exchange } = exchangeOf(method, params);
  const reply = await behind(repeatedPage(log), async () => result(page))(exchange);
  return { text: 'result' in reply ? reply.result.toString() : 'an error', warnings };
}

const PAGE = '{"tools": [{"name":"a"}],"nextCursor": "2","x":1.0}';

describe('a page of a list', () => {
  it('that leads to itself is the last one, with a warning, and keeps its other bytes', async () => {
    const { text, warnings } = await answered('tools/list', '{"cursor":"2"}', PAGE);
    expect(JSON.parse(text)).toEqual({ tools: [{ name: 'a' }], x: 1 });
    expect(text).toContain('"tools": [{"name":"a"}]');
    expect(text).toContain('1.0');
    expect(warnings).toEqual(['the server answered tools/list with a page that leads to itself; the list ends here']);
  });

  it.each([
    ['the first one', 'tools/list', '{}', PAGE],
    ['that leads to another one', 'tools/list', '{"cursor":"1"}', PAGE],
    ['that is the last one', 'tools/list', '{"cursor":"2"}', '{"tools":[]}'],
    ['of something that is not a list', 'vendor/page', '{"cursor":"2"}', PAGE],
  ])('%s passes as it is', async (_what, method, params, page) => {
    expect(await answered(method, params, page)).toEqual({ text: page, warnings: [] });
  });

  it('that is the previous one again has no entries for the client to collect twice', async () => {
    const first = '{"tools":[{"name":"a"}, {"name":"b"}],"nextCursor":"2"}';
    const { texts, warnings } = await pagesOf([
      [undefined, first],
      ['2', first],
    ]);
    expect(texts.map((text) => JSON.parse(text))).toEqual([JSON.parse(first), { tools: [] }]);
    expect(warnings).toEqual([`${CIRCLE} itself; the list ends here`]);
  });

  const page = (name: string, nextCursor?: string): string => JSON.stringify({ tools: [{ name }], nextCursor });

  it('that leads back to an earlier one is the last one, and keeps entries that are new', async () => {
    const long = 'x'.repeat(1_000);
    for (const back of ['1', long]) {
      const { texts, warnings } = await pagesOf([
        [undefined, page('a', back)],
        [back, page('b', '2')],
        ['2', page('c', back)],
      ]);
      expect(texts[2]).toBe('{"tools":[{"name":"c"}]}');
      expect(warnings).toEqual([`${CIRCLE} an earlier one; the list ends here`]);
    }
  });

  it('passes as it is when a client asks for it again, or begins anew, or is on its way twice', async () => {
    const one = [undefined, page('a', '1')] as const;
    const two = ['1', page('b', '2')] as const;
    const three = ['2', page('c')] as const;
    const way = [one, two, two, three, one, two, one, three, two, three];
    const { texts, warnings } = await pagesOf(way);
    expect(texts).toEqual(way.map(([, text]) => text));
    expect(warnings).toEqual([]);
  });

  it('of one list says nothing about another one', async () => {
    const { exchange } = exchangeOf('prompts/list', '{"cursor":"1"}');
    const pages = ['{"tools":[{}],"nextCursor":"1"}', '{"prompts":[{}],"nextCursor":"2"}'];
    const handle = behind(repeatedPage({ debug: silent, info: silent, warn: silent, error: silent }), async () =>
      result(pages.shift() as string),
    );
    await handle(exchangeOf('tools/list', '{}').exchange);
    expect(await handle(exchange)).toMatchObject({ result: Buffer.from('{"prompts":[{}],"nextCursor":"2"}') });
  });
});
