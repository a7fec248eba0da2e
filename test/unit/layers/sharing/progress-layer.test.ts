import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../../src/core/exchange.ts';
import { JsonError } from '../../../../src/core/json.ts';
import type { Call } from '../../../../src/core/jsonrpc.ts';
import { ProgressTokens } from '../../../../src/wire/progress-tokens.ts';

const call = (params: string, method = 'tools/call'): Call => ({ method, params: Buffer.from(params) });
const progress = (params: string): Call => call(params, 'notifications/progress');

type Notify = Exchange['notify'];

/** An asker that has room unless the test says otherwise. */
const asker = (notify: Notify, room: Promise<void> | undefined = undefined): Pick<Exchange, 'notify' | 'room'> => ({
  notify,
  room: () => room,
});

/** A client that asks for progress, and the notifications it gets. */
function asking(tokens: ProgressTokens, params: string) {
  const told: string[] = [];
  const replaced = tokens.replace(
    call(params),
    asker((note) => {
      told.push(`${note.method} ${note.params}`);
      return undefined;
    }),
  );
  return { told, replaced, sent: replaced?.call.params?.toString(), end: () => replaced?.end() };
}

describe('a call that asks for progress', () => {
  it.each<[string, string, string]>([
    ['a number', '{"_meta":{"progressToken":7}}', '{"_meta":{"progressToken":1}}'],
    ['a string', '{"_meta":{"progressToken":"7"}}', '{"_meta":{"progressToken":1}}'],
    ['0', '{"_meta":{"progressToken":0}}', '{"_meta":{"progressToken":1}}'],
    ['a key in disguise', '{"_meta":{"progress\\u0054oken":7}}', '{"_meta":{"progress\\u0054oken":1}}'],
    ['two keys in disguise', '{"_m\\u0065ta":{"progress\\u0054oken":7}}', '{"_m\\u0065ta":{"progress\\u0054oken":1}}'],
    [
      'the rest as it was',
      '{ "name":"n\\u0061", "_meta" : {"x":12345678901234567890,"progressToken" : "p" ,"y":1e400}, "z":[ ] }',
      '{ "name":"n\\u0061", "_meta" : {"x":12345678901234567890,"progressToken" : 1 ,"y":1e400}, "z":[ ] }',
    ],
  ])('goes on under a token of its own: %s', (_, params, sent) => {
    expect(asking(new ProgressTokens(), params).sent).toBe(sent);
  });

  it('keeps its method and what stands beside its parameters', () => {
    const own: Call = { ...call('{"_meta":{"progressToken":7}}'), extra: Buffer.from('"x":1') };
    const replaced = new ProgressTokens().replace(
      own,
      asker(() => undefined),
    );
    expect(replaced?.call).toMatchObject({ method: 'tools/call', extra: own.extra });
    expect(own.params?.toString()).toBe('{"_meta":{"progressToken":7}}');
  });

  it('has a token that no other has, also when it is the same one at the client, or was used before', () => {
    const tokens = new ProgressTokens();
    const first = asking(tokens, '{"_meta":{"progressToken":1}}');
    const second = asking(tokens, '{"_meta":{"progressToken":1}}');
    second.end();
    const third = asking(tokens, '{"_meta":{"progressToken":1}}');
    const sent = [first, second, third].map(({ sent: text }) => text);
    expect(new Set(sent).size).toBe(3);
  });

  it.each([
    ['no parameters', undefined],
    ['an empty object', '{}'],
    ['a _meta without a token', '{"_meta":{"x":"\\u0061"}}'],
    ['a token outside of _meta', '{"progressToken":1,"_meta":{}}'],
    ['a token among the arguments', '{"arguments":{"_meta":{"progressToken":1}}}'],
    ['a _meta that is no object', '{"_meta":["progressToken"]}'],
    ['a list', '[{"_meta":{"progressToken":1}}]'],
  ])('does not, and is left alone: %s', (_, params) => {
    const own: Call = params === undefined ? { method: 'tools/call' } : call(params);
    expect(
      new ProgressTokens().replace(
        own,
        asker(() => undefined),
      ),
    ).toBeUndefined();
  });

  it.each(['{"_meta":{"progressToken":1,"progressToken":2}}', '{"_meta":{"progressToken":1},"_meta":{}}'])(
    'is refused when two tokens could be read from it: %s',
    (params) => {
      expect(() =>
        new ProgressTokens().replace(
          call(params),
          asker(() => undefined),
        ),
      ).toThrow(JsonError);
    },
  );
});

describe('progress', () => {
  it('reaches the client that asked, under its own token in its own spelling', () => {
    const tokens = new ProgressTokens();
    const one = asking(tokens, '{"_meta":{"progressToken":7}}');
    const two = asking(tokens, '{"_meta":{"progressToken":"\\u0037"}}');
    tokens.pass(progress('{"progressToken":2,"progress":0.50,"total":12345678901234567890}'));
    tokens.pass(progress('{"progress":1, "progressToken" :1 }'));
    expect(one.told).toEqual(['notifications/progress {"progress":1, "progressToken" :7 }']);
    expect(two.told).toEqual([
      'notifications/progress {"progressToken":"\\u0037","progress":0.50,"total":12345678901234567890}',
    ]);
  });

  it('makes the server wait as long as the client does', async () => {
    const tokens = new ProgressTokens();
    const room = Promise.resolve();
    tokens.replace(
      call('{"_meta":{"progressToken":7}}'),
      asker(() => room),
    );
    expect(tokens.pass(progress('{"progressToken":1}'))).toBe(room);
  });

  it('is dropped for a client without room, where the server cannot wait', () => {
    const tokens = new ProgressTokens();
    const told: string[] = [];
    const slow = asker(
      (note) => {
        told.push(note.method);
        return undefined;
      },
      new Promise(() => {}),
    );
    tokens.replace(call('{"_meta":{"progressToken":7}}'), slow);
    tokens.passIfRoom(progress('{"progressToken":1}'));
    expect(told).toEqual([]);
    tokens.pass(progress('{"progressToken":1}'));
    expect(told).toHaveLength(1);
  });

  it('that comes too late is dropped', () => {
    const tokens = new ProgressTokens();
    const one = asking(tokens, '{"_meta":{"progressToken":7}}');
    const two = asking(tokens, '{"_meta":{"progressToken":7}}');
    one.end();
    tokens.pass(progress('{"progressToken":1}'));
    tokens.pass(progress('{"progressToken":2}'));
    expect(one.told).toEqual([]);
    expect(two.told).toHaveLength(1);
  });

  it.each([
    '{"progressToken":7}',
    '{"progressToken":2}',
    '{"progressToken":"01"}',
    '{"progressToken":null}',
    '{"progressToken":1,"progressToken":1}',
    '{"_meta":{"progressToken":1}}',
    '{}',
    '[1]',
  ])('that belongs to no client is dropped: %s', (params) => {
    const tokens = new ProgressTokens();
    const { told } = asking(tokens, '{"_meta":{"progressToken":7}}');
    expect(tokens.pass(progress(params))).toBeUndefined();
    expect(tokens.pass({ method: 'notifications/progress' })).toBeUndefined();
    expect(told).toEqual([]);
  });
});
