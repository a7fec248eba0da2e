import { describe, expect, it } from 'vitest';
import { EventTooLarge, type SseEvent, SseParser } from '../../../src/wire/sse.ts';
import { seeded } from '../core/random.ts';
import { type ExpectedEvent, STREAMS } from './streams.ts';

interface Read {
  readonly events: readonly ExpectedEvent[];
  readonly retry: number | undefined;
}

const LARGE = 64 * 1024 * 1024;

function shown(event: SseEvent): ExpectedEvent {
  return { type: event.type, data: event.data.toString(), id: event.id };
}

/** Everything a parser reports, fed with the given pieces. */
function readAll(pieces: readonly Buffer[]): Read {
  const events: ExpectedEvent[] = [];
  const parser = new SseParser(LARGE, (event) => events.push(shown(event)));
  for (const piece of pieces) parser.push(piece);
  return { events, retry: parser.retry };
}

const bytes = (text: string | Buffer): Buffer => (typeof text === 'string' ? Buffer.from(text) : text);
const singles = (text: Buffer): Buffer[] => Array.from(text, (_, i) => text.subarray(i, i + 1));

describe.each(STREAMS.map((stream) => [stream.name, stream] as const))('%s', (_, stream) => {
  const text = bytes(stream.text);
  const whole = readAll([text]);

  it('gives its events', () => {
    const priming = stream.events.some((event) => event.data === '');
    const found = whole.events.filter((event) => event.data !== '' || priming);
    expect(found).toEqual(stream.events.map((event) => ({ type: 'message', id: undefined, ...event })));
    expect(whole.retry).toBe(stream.retry);
  });

  it('gives the same, cut at any byte', () => {
    for (let at = 0; at <= text.length; at++) {
      expect(readAll([text.subarray(0, at), text.subarray(at)]), `cut at ${at}`).toEqual(whole);
    }
  });

  it('gives the same, byte by byte, and with nothing in between', () => {
    expect(readAll(singles(text))).toEqual(whole);
    expect(readAll(singles(text).flatMap((piece) => [piece, Buffer.alloc(0)]))).toEqual(whole);
  });
});

describe('events', () => {
  it('are told as soon as their last line end is there, whatever kind it is', () => {
    for (const end of ['\n\n', '\r\r', '\r\n\r\n', '\n\r', '\r\n\r']) {
      expect(readAll([Buffer.from(`data: a${end}`)]).events, JSON.stringify(end)).toHaveLength(1);
    }
  });

  it('that hold an id or a reconnection time and no data are told with empty data', () => {
    expect(readAll([Buffer.from('id: 1\n\nretry: 5\n\n')]).events).toEqual([
      { type: 'message', data: '', id: '1' },
      { type: 'message', data: '', id: '1' },
    ]);
  });

  it('keep bytes that are no UTF-8 as they are', () => {
    const found: Buffer[] = [];
    const parser = new SseParser(LARGE, (event) => found.push(event.data));
    const data = Buffer.from([0x22, 0xff, 0xc3, 0x28, 0xe4, 0xb8, 0x22]);
    parser.push(Buffer.concat([Buffer.from('data: '), data, Buffer.from('\n\n')]));
    expect(found).toEqual([data]);
  });

  it('of many shapes, cut at random, come out as they went in', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seeded(seed);
      const sent: ExpectedEvent[] = [];
      let text = random.chance(0.3) ? '\ufeff' : '';
      let id: string | undefined;
      for (let i = random.int(8); i > 0; i--) {
        const end = random.pick(['\n', '\r\n', '\r']);
        const data = Array.from({ length: 1 + random.int(3) }, () =>
          random.pick(['x', 'é世🧪', '{"a": 1}', ': no', 'data: no']),
        ).join('\n');
        const type = random.pick(['message', 'endpoint', 'é']);
        if (random.chance(0.5)) id = `${random.int(100)}`;
        const lines = [
          ...data.split('\n').map((line) => `data:${random.pick(['', ' '])}${line}`),
          `event: ${type}`,
          ...(id === undefined ? [] : [`id:${id}`]),
          ': comment',
          'unknown: field',
        ];
        text += lines.map((line) => line + end).join('') + end;
        sent.push({ type, data, id });
      }
      const pieces: Buffer[] = [];
      for (let rest = Buffer.from(text); rest.length > 0; ) {
        const length = 1 + random.int(12);
        pieces.push(rest.subarray(0, length));
        rest = rest.subarray(length);
      }
      expect(readAll(pieces).events, `seed ${seed}`).toEqual(sent);
    }
  });

  it('may be huge, and in very many pieces', () => {
    const data = Buffer.alloc(8 * 1024 * 1024, 'x');
    const found: SseEvent[] = [];
    const parser = new SseParser(LARGE, (event) => found.push(event));
    parser.push(Buffer.from('data: '));
    for (let at = 0; at < data.length; at += 1_000) parser.push(data.subarray(at, at + 1_000));
    parser.push(Buffer.from('\r\n\r\n'));
    expect(found).toHaveLength(1);
    expect(found[0]?.data.equals(data)).toBe(true);
  });

  it('may have very many lines', () => {
    const lines = Array.from({ length: 100_000 }, (_, i) => String(i));
    const text = Buffer.from(`${lines.map((line) => `data: ${line}`).join('\r')}\r\r`);
    expect(readAll([text]).events).toEqual([{ type: 'message', data: lines.join('\n'), id: undefined }]);
  });
});

describe('the limit', () => {
  const parse = (limit: number, pieces: readonly string[]): string[] => {
    const found: string[] = [];
    const parser = new SseParser(limit, (event) => found.push(event.data.toString()));
    for (const piece of pieces) parser.push(Buffer.from(piece));
    return found;
  };

  it('holds for one event: as large as it passes, one byte more does not', () => {
    expect(parse(10, ['data:12345\n\n'])).toEqual(['12345']);
    expect(() => parse(10, ['data:123456\n\n'])).toThrow(EventTooLarge);
  });

  it('holds for lines that never end', () => {
    expect(() =>
      parse(
        1_000,
        Array.from({ length: 200 }, () => 'data: x'),
      ),
    ).toThrow(EventTooLarge);
    expect(() =>
      parse(
        1_000,
        Array.from({ length: 200 }, () => ': x'.padEnd(10)),
      ),
    ).toThrow(EventTooLarge);
  });

  it('holds for lines that never become an event', () => {
    expect(() =>
      parse(
        1_000,
        Array.from({ length: 500 }, () => 'data: x\n'),
      ),
    ).toThrow(EventTooLarge);
    expect(() =>
      parse(
        1_000,
        Array.from({ length: 500 }, () => 'unknown: x\n'),
      ),
    ).toThrow(EventTooLarge);
  });

  it('does not add up over events', () => {
    expect(
      parse(
        12,
        Array.from({ length: 1_000 }, () => 'data: 1\n\n'),
      ),
    ).toHaveLength(1_000);
  });

  it('does not add up over comments', () => {
    expect(parse(50, [...Array.from({ length: 1_000 }, () => ': heartbeat\n'), 'data: 1\n\n'])).toEqual(['1']);
    expect(parse(50, [...Array.from({ length: 1_000 }, () => ': heartbeat\n\n'), 'data: 1\n\n'])).toEqual(['1']);
  });
});
