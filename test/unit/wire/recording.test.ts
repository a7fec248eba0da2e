// The format of recordings: what is written can be read, and nothing else can.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JsonError } from '../../../src/core/json.ts';
import { eventLine, FORMAT, headerLine, parseLine, type RecordedEvent } from '../../../src/wire/recording.ts';

const OF = { time: 5, leg: 'server', session: 2 } as const;

const EVENTS: readonly RecordedEvent[] = [
  { ...OF, from: 'client', kind: 'request', id: 'c1', method: 'tools/call', params: Buffer.from('{"name":"a"}') },
  { ...OF, from: 'client', kind: 'request', id: 'c2', method: 'ping' },
  { ...OF, from: 'server', kind: 'result', id: 'c1', payload: Buffer.from('{"n":1.50}') },
  { ...OF, from: 'server', kind: 'error', id: 'c1', payload: Buffer.from('{"code":-1,"message":"é"}') },
  {
    ...OF,
    from: 'server',
    during: 'c1',
    kind: 'notification',
    method: 'notifications/progress',
    params: Buffer.from('{}'),
  },
  { ...OF, from: 'client', kind: 'cancel', id: 'c1' },
];

it.each(EVENTS.map((event) => [event.kind, event] as const))(
  'an event (%s) is read as it was written',
  (_kind, event) => {
    const line = eventLine('run-1', event);
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toMatchObject({ run: 'run-1', time: 5 });
    const read = parseLine(Buffer.from(line.trimEnd()));
    expect(read).toEqual({ type: 'event', run: 'run-1', event: expect.objectContaining(event) });
  },
);

it('a header is read as it was written', () => {
  const header = { run: 'r', program: 'p', began: '2026-01-01T00:00:00.000Z', server: 's', arguments: true };
  expect(parseLine(Buffer.from(headerLine(header).trimEnd()))).toEqual({ type: 'header', ...header });
});

it('the header of the documentation is one', () => {
  const page = readFileSync(new URL('../../../docs/recordings.md', import.meta.url), 'utf8');
  const [, line = ''] = /```jsonl\n(.*)\n```/.exec(page) ?? [];
  expect(parseLine(Buffer.from(line))).toMatchObject({ type: 'header', arguments: false });
});

it('a payload over several lines becomes one line', () => {
  const event = { ...OF, from: 'server', kind: 'result', id: 'c1', payload: Buffer.from('{\r\n "a": 1\n}') } as const;
  expect(eventLine('r', event).trimEnd()).not.toMatch(/[\r\n]/);
});

describe('is refused:', () => {
  const good = { run: 'r', time: 1, leg: 'client', session: 1, from: 'client', kind: 'cancel', id: 'c1' };
  it.each<[what: string, line: unknown]>([
    ['an array', []],
    ['no run', { ...good, run: undefined }],
    ['a time that is a text', { ...good, time: '1' }],
    ['another leg', { ...good, leg: 'middle' }],
    ['another kind', { ...good, kind: '__proto__' }],
    ['a request without a method', { ...good, kind: 'request' }],
    ['a result without a result', { ...good, kind: 'result' }],
    ['a later format', { format: `${FORMAT}0` }],
  ])('%s', (_what, line) => {
    expect(() => parseLine(Buffer.from(JSON.stringify(line)))).toThrow(JsonError);
  });
});
