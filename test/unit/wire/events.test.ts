// Events as they are written, read back by our own parser and by the one that most clients use.
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../src/core/jsonrpc.ts';
import { COMMENT, type EventFields, encodeEvent, SseParser } from '../../../src/wire/sse.ts';
import { seeded, valueText } from '../core/random.ts';

interface Read {
  readonly data: string;
  readonly type: string;
  readonly id: string | undefined;
}

interface Readings {
  readonly events: readonly Read[];
  readonly retry: number | undefined;
}

const frame = (...parts: string[]): Frame => parts.map((part) => Buffer.from(part));
const bytes = (...events: Frame[]): Buffer => Buffer.concat(events.flat());

function readByUs(text: Buffer): Readings {
  const events: Read[] = [];
  const parser = new SseParser(64 * 1_048_576, ({ data, type, id }) =>
    events.push({ data: data.toString(), type, id }),
  );
  parser.push(text);
  return { events, retry: parser.retry };
}

function readByClients(text: Buffer): Readings {
  const events: Read[] = [];
  let retry: number | undefined;
  const parser = createParser({
    onEvent: ({ data, event, id }: EventSourceMessage) => events.push({ data, type: event ?? 'message', id }),
    onRetry: (interval) => {
      retry = interval;
    },
    onError: (error) => {
      throw error;
    },
  });
  parser.feed(text.toString());
  return { events, retry };
}

describe('an event', () => {
  it.each<[string, Frame, EventFields, string]>([
    ['data alone', frame('{"a":1}'), {}, 'data: {"a":1}\n\n'],
    ['several parts', frame('{"a":', '[1,', '2]', '}'), {}, 'data: {"a":[1,2]}\n\n'],
    ['an id', frame('{}'), { id: '0-1' }, 'id: 0-1\ndata: {}\n\n'],
    ['a type', frame('{}'), { type: 'message' }, 'event: message\ndata: {}\n\n'],
    ['a time to come back after', frame('{}'), { retry: 1_000 }, 'retry: 1000\ndata: {}\n\n'],
    ['a time of 0', frame('{}'), { retry: 0 }, 'retry: 0\ndata: {}\n\n'],
    [
      'everything',
      frame('{}'),
      { id: '12-345', type: 'endpoint', retry: 5 },
      'id: 12-345\nevent: endpoint\nretry: 5\ndata: {}\n\n',
    ],
    ['an id and no data', frame(''), { id: '1-0', retry: 1_000 }, 'id: 1-0\nretry: 1000\ndata: \n\n'],
    ['an id that is not given', frame('{}'), { id: undefined }, 'data: {}\n\n'],
    ['newlines between tokens', frame('{\n  "a": 1\r\n}'), {}, 'data: {   "a": 1  }\n\n'],
    ['newlines in several parts', frame('{\n', '"a":\r1', '\n}'), { id: '1-1' }, 'id: 1-1\ndata: { "a": 1 }\n\n'],
    ['a newline at the end', frame('{}\n'), {}, 'data: {} \n\n'],
    ['newlines in a string', frame('"a\\nb"'), {}, 'data: "a\\nb"\n\n'],
    ['characters of all lengths', frame('"é世', '🧪"'), {}, 'data: "é世🧪"\n\n'],
  ])('with %s', (_, data, fields, text) => {
    expect(bytes(encodeEvent(data, fields)).toString()).toBe(text);
  });

  it('leaves what it was made of as it is', () => {
    const parts = frame('{\n', '"a":\n1', '\n}');
    encodeEvent(parts, {});
    expect(parts.map(String)).toEqual(['{\n', '"a":\n1', '\n}']);
    const only = frame('{\n}');
    encodeEvent(only, {});
    expect(only.map(String)).toEqual(['{\n}']);
  });

  it('copies no large part that it need not change', () => {
    const large = Buffer.alloc(100_000, 'x');
    expect(encodeEvent([Buffer.from('"'), large, Buffer.from('"')], {})).toContain(large);
  });
});

describe.each([
  ['our parser', readByUs],
  ['eventsource-parser', readByClients],
] as const)('what %s reads', (_, read) => {
  it('is what was written', () => {
    const text = bytes(
      encodeEvent(frame('/message?sessionId=1'), { type: 'endpoint' }),
      encodeEvent(frame('{"a":\n', '1}'), { id: '3-1' }),
      [COMMENT],
      encodeEvent(frame('[]'), { id: '3-2', type: 'message', retry: 1_000 }),
    );
    const { events, retry } = read(text);
    expect(events.map(({ data, type }) => [data, type])).toEqual([
      ['/message?sessionId=1', 'endpoint'],
      ['{"a": 1}', 'message'],
      ['[]', 'message'],
    ]);
    expect(events.slice(1).map(({ id }) => id)).toEqual(['3-1', '3-2']);
    expect(retry).toBe(1_000);
  });

  it('is no event when it is a comment', () => {
    expect(read(bytes([COMMENT], [COMMENT]))).toEqual({ events: [], retry: undefined });
  });

  it('is the same JSON, whatever it is, cut into parts anywhere', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seeded(seed);
      const text = Buffer.from(valueText(random));
      const parts: Buffer[] = [];
      for (let rest = text; rest.length > 0; ) {
        const length = random.chance(0.5) ? rest.length : 1 + random.int(rest.length);
        parts.push(rest.subarray(0, length));
        rest = rest.subarray(length);
      }
      const { events } = read(bytes(encodeEvent(parts, { id: `1-${seed}` })));
      const expected = text.toString().replace(/[\r\n]/g, ' ');
      expect(events, `seed ${seed}`).toEqual([{ data: expected, type: 'message', id: `1-${seed}` }]);
    }
  });
});
