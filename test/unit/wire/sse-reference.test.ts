// Our reader of event streams compared with the one that most of the field uses.
import { createParser } from 'eventsource-parser';
import { describe, expect, it } from 'vitest';
import { SseParser } from '../../../src/wire/sse.ts';
import { seeded } from '../core/random.ts';
import { STREAMS } from './streams.ts';

interface Read {
  readonly events: readonly { readonly type: string; readonly data: string; readonly id: string | undefined }[];
  readonly retry: number | undefined;
}

/** The reference holds back a CR at the very end, in case an LF follows; a comment after it decides that. */
const DECIDED = Buffer.from(':\n');

function ours(pieces: readonly Buffer[]): Read {
  const events: { type: string; data: string; id: string | undefined }[] = [];
  const parser = new SseParser(1_048_576, (event) => {
    // The reference reports no events without data. Both may report empty data, so empty events are left out.
    if (event.data.length > 0) events.push({ type: event.type, data: event.data.toString(), id: event.id });
  });
  for (const piece of [...pieces, DECIDED]) parser.push(piece);
  return { events, retry: parser.retry };
}

function reference(pieces: readonly Buffer[]): Read {
  const events: { type: string; data: string; id: string | undefined }[] = [];
  let retry: number | undefined;
  const parser = createParser({
    onEvent: (event) => {
      if (event.data.length > 0) events.push({ type: event.event ?? 'message', data: event.data, id: event.id });
    },
    onRetry: (value) => {
      retry = value;
    },
  });
  const decoder = new TextDecoder();
  for (const piece of [...pieces, DECIDED]) parser.feed(decoder.decode(piece, { stream: true }));
  return { events, retry };
}

/**
 * The reference reports only the id of the event itself; ours reports the last id of the stream, as the standard
 * requires.
 */
function compare(found: Read, expected: Read, where: string): void {
  const ids = (read: Read): (string | undefined)[] =>
    read.events.map((event, i) => (expected.events[i]?.id === undefined ? undefined : event.id));
  const rest = (read: Read): unknown => ({ ...read, events: read.events.map(({ type, data }) => ({ type, data })) });
  expect(rest(found), where).toEqual(rest(expected));
  expect(ids(found), where).toEqual(ids(expected));
}

function cut(random: { int(below: number): number }, text: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    const length = 1 + random.int(20);
    pieces.push(text.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

describe('eventsource-parser reads the same', () => {
  it.each(STREAMS.map((stream) => [stream.name, stream] as const))('%s', (_, stream) => {
    const text = Buffer.from(stream.text);
    compare(ours([text]), reference([text]), stream.name);
    compare(ours(cut(seeded(1), text)), reference(cut(seeded(2), text)), stream.name);
  });

  it('from streams made at random', () => {
    const parts = [
      'data: a\n',
      'data:b\r',
      'data: c\r\n',
      'data',
      'data:',
      'data: ',
      'event: ',
      'event:',
      'id: ',
      'id',
      'retry: ',
      ':',
      ' ',
      '\n',
      '\n\n',
      '\n\n',
      '\r',
      '\r\r',
      '\r\n',
      '\r\n\r\n',
      'a',
      '7',
      'é',
      '🧪',
      '\u0000',
      'x: y',
      '{"a":1}',
      '\ufeff',
    ];
    let events = 0;
    for (let seed = 1; seed <= 3_000; seed++) {
      const random = seeded(seed);
      let text = '';
      for (let i = random.int(40); i > 0; i--) text += random.pick(parts);
      const whole = Buffer.from(text);
      const expected = reference([whole]);
      events += expected.events.length;
      compare(ours(cut(random, whole)), expected, `seed ${seed}: ${JSON.stringify(text)}`);
    }
    expect(events).toBeGreaterThan(1_000);
  });
});
