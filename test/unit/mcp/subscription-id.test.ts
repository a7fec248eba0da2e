import { describe, expect, it } from 'vitest';
import type { Reply } from '../../../src/core/jsonrpc.ts';
import { closedFor, noteFor } from '../../../src/mcp/subscription-id.ts';

const KEY = 'io.modelcontextprotocol/subscriptionId';
const json = (text: string): Buffer => Buffer.from(text);

/** Texts with the id of the server in them, and what they are under another id. */
const RENAMED: [what: string, text: string, id: string, expected: string][] = [
  ['a number', `{"_meta":{"${KEY}":1}}`, '42', `{"_meta":{"${KEY}":42}}`],
  ['a string', `{"_meta":{"${KEY}":"1"}}`, '"mine"', `{"_meta":{"${KEY}":"mine"}}`],
  ['0', `{"_meta":{"${KEY}":"1"}}`, '0', `{"_meta":{"${KEY}":0}}`],
  [
    'the rest stays',
    `{"uri":"a:\\u0062", "n":12345678901234567890,"_meta": {"x":1,"${KEY}" :1 , "y":[ ]} }`,
    '2',
    `{"uri":"a:\\u0062", "n":12345678901234567890,"_meta": {"x":1,"${KEY}" :2 , "y":[ ]} }`,
  ],
  [
    'a key in disguise',
    '{"_meta":{"io.modelcontextprotocol\\/subscription\\u0049d":1}}',
    '2',
    '{"_meta":{"io.modelcontextprotocol\\/subscription\\u0049d":2}}',
  ],
];

/** Texts in which there is no id to change. */
const KEPT: [what: string, text: string][] = [
  ['no _meta', '{"uri":"a:b"}'],
  ['a _meta without an id', '{"_meta":{"x":1}}'],
  ['an id beside _meta', `{"${KEY}":1,"_meta":{}}`],
  ['an id further down', `{"_meta":{"x":{"${KEY}":1}}}`],
  ['a _meta that is no object', `{"_meta":["${KEY}"]}`],
  ['two ids', `{"_meta":{"${KEY}":1,"${KEY}":2}}`],
  ['two _meta', `{"_meta":{"${KEY}":1},"_meta":{}}`],
];

describe('a message of a subscription', () => {
  it.each(RENAMED)('carries the id of its asker: %s', (_, text, id, expected) => {
    const note = noteFor({ method: 'notifications/resources/updated', params: json(text) }, json(id));
    expect(note.method).toBe('notifications/resources/updated');
    expect(note.params?.toString()).toBe(expected);
  });

  it.each(KEPT)('stays as it is: %s', (_, text) => {
    expect(noteFor({ method: 'n', params: json(text) }, json('9')).params?.toString()).toBe(text);
  });

  it('names the subscription twice where it ends it', () => {
    const cancelled = { method: 'notifications/cancelled', params: json(`{"requestId":1,"_meta":{"${KEY}":1}}`) };
    expect(noteFor(cancelled, json('"a"')).params?.toString()).toBe(`{"requestId":"a","_meta":{"${KEY}":"a"}}`);
    const other = { method: 'n', params: json('{"requestId":1}') };
    expect(noteFor(other, json('"a"')).params?.toString()).toBe('{"requestId":1}');
  });

  it('stays as it is without parameters, and with a list of them', () => {
    const bare = { method: 'notifications/tools/list_changed' };
    expect(noteFor(bare, json('9'))).toBe(bare);
    const list = { method: 'n', params: json(`[{"_meta":{"${KEY}":1}}]`) };
    expect(noteFor(list, json('9'))).toBe(list);
  });

  it('keeps what stands beside its parameters', () => {
    const note = { method: 'n', params: json(`{"_meta":{"${KEY}":1}}`), extra: json('"x":1') };
    expect(noteFor(note, json('9')).extra).toBe(note.extra);
  });
});

describe('the answer that ends a subscription', () => {
  it.each(RENAMED)('carries the id of its asker: %s', (_, text, id, expected) => {
    const reply = closedFor({ result: json(text) }, json(id));
    expect('result' in reply && reply.result.toString()).toBe(expected);
  });

  it.each(KEPT)('stays as it is: %s', (_, text) => {
    const reply = closedFor({ result: json(text) }, json('9'));
    expect('result' in reply && reply.result.toString()).toBe(text);
  });

  it.each<[string, Reply]>([
    ['an error', { error: json(`{"code":1,"message":"no","_meta":{"${KEY}":1}}`) }],
    ['a result that is no object', { result: json('null') }],
  ])('stays as it is: %s', (_, reply) => {
    expect(closedFor(reply, json('9'))).toBe(reply);
  });

  it('keeps what stands beside its result', () => {
    const reply: Reply = { result: json(`{"_meta":{"${KEY}":1}}`), extra: json('"x":1') };
    expect(closedFor(reply, json('9')).extra).toBe(reply.extra);
  });
});
