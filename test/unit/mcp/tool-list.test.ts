// Taking lists of tools, prompts and resources apart, and putting them together.
import { describe, expect, it } from 'vitest';
import { type Json, JsonError } from '../../../src/core/json.ts';
import type { Call } from '../../../src/core/jsonrpc.ts';
import {
  asOnlyPage,
  isFirstPage,
  type ListPage,
  newPage,
  nextPage,
  pageOf,
  peekPage,
  toolName,
  withEntries,
} from '../../../src/mcp/tool-list.ts';

const json = (text: string): Json => Buffer.from(text);
const call = (params: string, method = 'tools/call'): Call => ({ method, params: json(params) });
const taken = (method: string, text: string): ListPage => {
  const page = pageOf(method, json(text));
  if (!page) throw new Error('no list');
  return page;
};

/** A page that would change on its way through JavaScript values. */
const EXACT = '{ "tools" : [ {"name":"\\u0061", "n":1e400} ,null,{"name":"b"} ] , "nextCursor":"x"}';

describe('a page', () => {
  it.each([
    ['tools/list', '{"tools":[{"name":"a"} , {}],"prompts":[1]}', ['{"name":"a"}', '{}']],
    ['prompts/list', '{"tools":[1],"prompts":[2]}', ['2']],
    ['resources/list', '{"resources":[]}', []],
    ['resources/templates/list', '{"resources":[1],"resourceTemplates":[ 2,[3] ]}', ['2', '[3]']],
    ['tools/list', '{"t\\u006fols":[1]}', ['1']],
  ])('of %s: %s', (method, text, entries) => {
    expect(taken(method, text).entries.map(String)).toEqual(entries);
  });

  it.each([
    ['tools/list', '{}'],
    ['tools/list', '{"prompts":[]}'],
    ['tools/list', '{"tools":{}}'],
    ['tools/list', '{"tools":null}'],
    ['tools/list', '[]'],
    ['tools/list', '"tools"'],
    ['tools/call', '{"tools":[]}'],
    ['x/y', '{"undefined":[]}'],
  ])('of %s is none: %s', (method, text) => {
    expect(pageOf(method, json(text))).toBeUndefined();
    expect(peekPage(method, json(text))).toBeUndefined();
  });

  it.each(['{"tools":[1],"tools":[2]}', '{"tools":[1],"t\\u006fols":[2]}', '{"a":1,"tools":[],"a":2}'])(
    'that can be read in two ways decides nothing: %s',
    (text) => {
      expect(() => pageOf('tools/list', json(text))).toThrow(JsonError);
      expect(peekPage('tools/list', json(text))).toBeUndefined();
    },
  );
});

describe('a page with other entries', () => {
  it('is the very same text when they are its own', () => {
    const page = taken('tools/list', EXACT);
    expect(withEntries(page, [...page.entries])).toBe(page.result);
  });

  it('keeps all other bytes', () => {
    const page = taken('tools/list', EXACT);
    const kept = page.entries.filter((_, i) => i !== 1);
    expect(String(withEntries(page, kept))).toBe(
      '{ "tools" : [{"name":"\\u0061", "n":1e400},{"name":"b"}] , "nextCursor":"x"}',
    );
    expect(String(withEntries(page, []))).toBe('{ "tools" : [] , "nextCursor":"x"}');
    expect(
      String(
        withEntries(
          page,
          page.entries.map(() => json('1')),
        ),
      ),
    ).toBe('{ "tools" : [1,1,1] , "nextCursor":"x"}');
  });

  it('changes the list that was taken apart, and no member of the same name further down', () => {
    const page = taken('tools/list', '{"_meta":{"tools":[1]},"tools":[2]}');
    expect(String(withEntries(page, []))).toBe('{"_meta":{"tools":[1]},"tools":[]}');
  });
});

describe('a page of our own', () => {
  it('holds the list where the method has it', () => {
    expect(String(newPage('resources/templates/list', [{ a: 1 }], { ttlMs: 0 }))).toBe(
      '{"ttlMs":0,"resourceTemplates":[{"a":1}]}',
    );
    expect(String(newPage('tools/list', []))).toBe('{"tools":[]}');
  });
});

describe('several pages', () => {
  it('begin where no cursor is given', () => {
    for (const params of ['{}', '{"cursor":""}', '{"cursor":null}', '[]'])
      expect(isFirstPage(call(params, 'tools/list'))).toBe(true);
    expect(isFirstPage({ method: 'tools/list' })).toBe(true);
    expect(isFirstPage(call('{"cursor":"2"}', 'tools/list'))).toBe(false);
  });

  it('are asked for one after the other, with the cursor as the server wrote it', () => {
    const second = nextPage(call('{"_meta":{"x":1}}', 'tools/list'), json('{"tools":[],"nextCursor" : "\\u0032"}'));
    expect([second?.method, String(second?.params)]).toEqual(['tools/list', '{"_meta":{"x":1},"cursor":"\\u0032"}']);
    const third = nextPage(second as Call, json('{"nextCursor":"3"}'));
    expect(String(third?.params)).toBe('{"_meta":{"x":1},"cursor":"3"}');
    expect(String(nextPage({ method: 'tools/list' }, json('{"nextCursor":"2"}'))?.params)).toBe('{"cursor":"2"}');
  });

  it.each(['{}', '{"nextCursor":null}', '{"nextCursor":""}', '{"nextCursor":7}', '[]'])('end with %s', (result) => {
    expect(nextPage(call('{}', 'tools/list'), json(result))).toBeUndefined();
  });

  it('become one that leads nowhere', () => {
    expect(String(asOnlyPage(json('{"nextCursor":"2","tools":[ 1 ]}')))).toBe('{"tools":[ 1 ]}');
  });
});

describe('the tool that a call names', () => {
  it.each([
    ['{"name":"a\\u0062"}', 'ab'],
    ['{"name":7}', undefined],
    ['{}', undefined],
    ['["a"]', undefined],
  ])('%s', (params, name) => {
    expect(toolName(call(params))).toBe(name);
  });

  it('without params is none', () => {
    expect(toolName({ method: 'tools/call' })).toBeUndefined();
  });
});
