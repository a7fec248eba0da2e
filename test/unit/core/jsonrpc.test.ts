import { describe, expect, it } from 'vitest';
import { idKey } from '../../../src/core/ids.ts';
import { JsonError } from '../../../src/core/json.ts';
import {
  type Call,
  encodeBatch,
  encodeNotification,
  encodeRequest,
  encodeResponse,
  type Frame,
  type Message,
  parseFrame,
  parseMessage,
} from '../../../src/core/jsonrpc.ts';
import { objectText, type Random, seeded, stringText, valueText } from './random.ts';

const json = (text: string): Buffer => Buffer.from(text);
const text = (frame: Frame): string => Buffer.concat([...frame]).toString();

/** A message with its payloads as text, to be compared as a whole. */
function shown(message: Message): unknown {
  return JSON.parse(
    JSON.stringify(message, (_, value: unknown) =>
      isSerializedBuffer(value) ? Buffer.from(value.data).toString() : value,
    ),
  );
}

function isSerializedBuffer(value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer';
}

const parsed = (message: string): unknown => shown(parseMessage(json(message)));

describe('parseMessage', () => {
  it.each(['[1]', '121'])('does not take %s for the method of the message before it', (method) => {
    expect(parsed('{"method":"1"}')).toEqual({ kind: 'notification', call: { method: '1' } });
    expect(parsed(`{"method":${method}}`)).toMatchObject({ kind: 'invalid', reason: 'method is not a string' });
  });

  it.each([
    [
      'a request',
      '{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1}}',
      { kind: 'request', id: '1', call: { method: 'm', params: '{"a":1}' } },
    ],
    [
      'a request without params',
      '{"jsonrpc":"2.0","id":1,"method":"m"}',
      { kind: 'request', id: '1', call: { method: 'm' } },
    ],
    [
      'params by position',
      '{"jsonrpc":"2.0","id":1,"method":"m","params":[ 1 ]}',
      { kind: 'request', id: '1', call: { method: 'm', params: '[ 1 ]' } },
    ],
    ['a notification', '{"method":"m","jsonrpc":"2.0"}', { kind: 'notification', call: { method: 'm' } }],
    [
      'a method with escapes',
      '{"jsonrpc":"2.0","id":1,"method":"tools\\/c\\u0061ll"}',
      { kind: 'request', id: '1', call: { method: 'tools/call' } },
    ],
    [
      'a result',
      '{"jsonrpc":"2.0","id":1,"result":{ "n":12345678901234567890 }}',
      { kind: 'response', id: '1', reply: { result: '{ "n":12345678901234567890 }' } },
    ],
    [
      'a result that is null',
      '{"jsonrpc":"2.0","id":1,"result":null}',
      { kind: 'response', id: '1', reply: { result: 'null' } },
    ],
    [
      'an error',
      '{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m"}}',
      { kind: 'response', id: '1', reply: { error: '{"code":-1,"message":"m"}' } },
    ],
    [
      'a result beside error:null',
      '{"jsonrpc":"2.0","id":1,"error":null,"result":1}',
      { kind: 'response', id: '1', reply: { result: '1' } },
    ],
    [
      'an error beside a result',
      '{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m"},"result":1}',
      { kind: 'response', id: '1', reply: { error: '{"code":-1,"message":"m"}' } },
    ],
    [
      'an error without an id',
      '{"jsonrpc":"2.0","error":{"code":-32700,"message":""}}',
      { kind: 'response', id: 'null', reply: { error: '{"code":-32700,"message":""}' } },
    ],
    [
      'an error with the id null',
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"m"}}',
      { kind: 'response', id: 'null', reply: { error: '{"code":-32600,"message":"m"}' } },
    ],
    ['no version', '{"id":1,"method":"m"}', { kind: 'request', id: '1', call: { method: 'm' } }],
    [
      'members nobody knows',
      '{"x": 1,"jsonrpc":"2.0","id":1,"method":"m","y":{"z":[ ]},"params":{}}',
      { kind: 'request', id: '1', call: { method: 'm', params: '{}', extra: '"x": 1,"y":{"z":[ ]}' } },
    ],
    [
      'members nobody knows on a reply',
      '{"jsonrpc":"2.0","id":1,"result":{},"trace":"t"}',
      { kind: 'response', id: '1', reply: { result: '{}', extra: '"trace":"t"' } },
    ],
  ])('reads %s', (_, message, expected) => {
    expect(parsed(message)).toEqual(expected);
  });

  it.each([
    '0',
    '"0"',
    '-1',
    '1e3',
    '1.5',
    '12345678901234567890',
    '""',
    '"a\\"b\\u0041\\\\"',
    '"null"',
    '"世界"',
    '-0',
  ])('keeps the id %s as it was spelled', (id) => {
    const message = parseMessage(json(`{"jsonrpc":"2.0","id":${id},"method":"m"}`));
    expect(message).toMatchObject({ kind: 'request', id });
    expect(text(encodeResponse(id, { result: json('{}') }))).toBe(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
  });

  it.each(['null', 'true', 'false', '{}', '{"a":1}', '[]', '[1]'])('takes %s for no id', (id) => {
    expect(parsed(`{"jsonrpc":"2.0","id":${id},"method":"m"}`)).toMatchObject({
      kind: 'invalid',
      id: 'null',
      reason: expect.stringMatching(/\bid\b/),
    });
    expect(parsed(`{"jsonrpc":"2.0","id":${id},"result":{}}`)).toMatchObject({ kind: 'response', id: 'null' });
  });

  it.each([
    ['a method that is no string', '{"jsonrpc":"2.0","id":7,"method":1}', '7'],
    ['a method that is null', '{"jsonrpc":"2.0","id":"7","method":null}', '"7"'],
    ['params that are a string', '{"jsonrpc":"2.0","id":7,"method":"m","params":"x"}', '7'],
    ['params that are null', '{"jsonrpc":"2.0","id":7,"method":"m","params":null}', '7'],
    ['an empty object', '{}', 'null'],
    ['nothing to do, under an id that is none', '{"jsonrpc":"2.0","id":null}', 'null'],
  ])('calls %s invalid, under the id it came with', (_, message, id) => {
    expect(parsed(message)).toMatchObject({ kind: 'invalid', id });
  });

  it.each([
    '{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}',
    '{"method":"a","id":1,"m\\u0065thod":"b"}',
    '{"id":1,"method":"m","params":{},"params":{}}',
    '{"id":1,"result":1,"result":2}',
    '{"id":1,"method":"m"',
    '{"id":01,"method":"m"}',
  ])('throws at %s', (message) => {
    expect(() => parseMessage(json(message))).toThrow(JsonError);
  });
});

describe('parseFrame', () => {
  it.each([
    ['{"jsonrpc":"2.0","method":"m"}', false, ['notification']],
    ['{"jsonrpc":"2.0","id":1,"error":{}}', false, ['malformed']],
    ['[{"jsonrpc":"2.0","id":1,"error":{}},{"jsonrpc":"2.0","id":2,"result":{}}]', true, ['malformed', 'response']],
    [' {"jsonrpc":"2.0","method":"m"} \r', false, ['notification']],
    [
      '[{"jsonrpc":"2.0","id":1,"method":"m"},{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","method":"m"}]',
      true,
      ['request', 'response', 'notification'],
    ],
    [' [ ] ', true, []],
    ['[1,null,[],{"jsonrpc":"2.0","method":"m"}]', true, ['invalid', 'invalid', 'invalid', 'notification']],
    ['[{"id":1,"id":2,"method":"m"},{"jsonrpc":"2.0","id":3,"method":"m"}]', true, ['invalid', 'request']],
    ['1', false, ['invalid']],
    ['"{}"', false, ['invalid']],
    ['null', false, ['invalid']],
  ])('%s', (frame, batch, kinds) => {
    const found = parseFrame(json(frame));
    expect({ batch: found.batch, kinds: found.messages.map((m) => m.kind) }).toEqual({ batch, kinds });
  });

  it.each(['', '   ', '{', '[', 'hello', '{} {}', '[{]', 'undefined', '{"a":1}x'])('throws at %j', (frame) => {
    expect(() => parseFrame(json(frame))).toThrow(JsonError);
  });
});

describe('idKey', () => {
  it.each([
    ['1', '1.0'],
    ['1', '1e0'],
    ['1000', '1e3'],
    ['"a"', '"\\u0061"'],
    ['"/"', '"\\/"'],
    ['"é"', '"\\u00e9"'],
    ['"\\n"', '"\\u000a"'],
    ['"🧪"', '"\\ud83e\\uddea"'],
  ])('is the same for %s and %s', (a, b) => {
    expect(idKey(a)).toBe(idKey(b));
  });

  it.each([
    ['1', '"1"'],
    ['0', '"0"'],
    ['0', 'null'],
    ['"null"', 'null'],
    ['1', '1.5'],
    ['12345678901234567890', '12345678901234567891'],
    ['9007199254740992', '9007199254740993'],
    ['"a"', '"A"'],
    ['""', '"0"'],
    ['1e400', 'null'],
  ])('differs for %s and %s', (a, b) => {
    expect(idKey(a)).not.toBe(idKey(b));
  });
});

describe('encoding', () => {
  it('puts every kind of message together', () => {
    const call: Call = { method: 'a"b\n', params: json('{"n":1.0}'), extra: json('"x": 1') };
    expect(text(encodeRequest('"7"', call))).toBe(
      '{"jsonrpc":"2.0","id":"7","method":"a\\"b\\n","params":{"n":1.0},"x": 1}',
    );
    expect(text(encodeNotification({ method: 'm' }))).toBe('{"jsonrpc":"2.0","method":"m"}');
    expect(text(encodeNotification({ method: 'm', extra: json('"x":1') }))).toBe(
      '{"jsonrpc":"2.0","method":"m","x":1}',
    );
    expect(text(encodeResponse('0', { error: json('{"code":1}'), extra: json('"x":1') }))).toBe(
      '{"jsonrpc":"2.0","id":0,"error":{"code":1},"x":1}',
    );
    expect(
      text(encodeBatch([encodeResponse('1', { result: json('1') }), encodeResponse('"1"', { result: json('2') })])),
    ).toBe('[{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":"1","result":2}]');
    expect(text(encodeBatch([]))).toBe('[]');
  });

  it('does not copy a large payload', () => {
    const payload = json(`"${'x'.repeat(1_000_000)}"`);
    expect(encodeResponse('1', { result: payload })).toContain(payload);
    expect(text(encodeResponse('1', { result: payload, extra: json('"x":1') }))).toBe(
      `{"jsonrpc":"2.0","id":1,"result":${payload},"x":1}`,
    );
  });

  it('round trip: what was taken apart is put together from the very same bytes', () => {
    const wrong: string[] = [];
    const ids = ['0', '"0"', '-1', '1.5', '1e3', '"\\u0061\\"b"', '98765432109876543210'];
    for (let seed = 1; seed <= 1_000; seed++) {
      const random = seeded(seed);
      const id = random.pick(ids);
      const payload = random.chance(0.05) ? `{"big":"${'z'.repeat(40_000)}"}` : valueText(random);
      const extra = random.chance(0.3) ? `,"vendor":${valueText(random, 1)}` : '';
      const method = JSON.stringify(JSON.parse(stringText(random)));
      const message = random.pick([
        `{"jsonrpc":"2.0","id":${id},"method":${method},"params":${objectText(random)}${extra}}`,
        `{"jsonrpc":"2.0","method":${method},"params":${objectText(random)}${extra}}`,
        `{"jsonrpc":"2.0","id":${id},"result":${payload}${extra}}`,
        `{"jsonrpc":"2.0","id":${id},"error":${errorText(random, payload)}${extra}}`,
      ]);
      const again = text(encoded(parseMessage(json(message))));
      if (again !== message) wrong.push(`seed ${seed}: ${message.slice(0, 300)} -> ${again.slice(0, 300)}`);
    }
    expect(wrong).toEqual([]);
  });

  /** An error object as JSON-RPC has it, its members in any order, among others. */
  function errorText(random: Random, data: string): string {
    const code = `"code":${random.pick(['-32601', '0', ' 1', '1e3', '-0', '1.0 ', '-9007199254740991'])}`;
    const rest = [`"data":${data}`, `"more":${valueText(random, 1)}`].slice(random.int(3));
    for (const member of [code, `"message" : ${stringText(random)}`]) {
      rest.splice(random.int(rest.length + 1), 0, member);
    }
    return `{${rest.join(random.pick([',', ' ,\n']))}}`;
  }

  function encoded(message: Message): Frame {
    switch (message.kind) {
      case 'request':
        return encodeRequest(message.id, message.call);
      case 'notification':
        return encodeNotification(message.call);
      case 'response':
        return encodeResponse(message.id, message.reply);
      case 'invalid':
      case 'malformed':
        throw new Error(message.reason);
    }
  }
});
