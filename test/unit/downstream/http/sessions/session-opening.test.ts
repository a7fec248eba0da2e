// How much is kept of a session for other replicas.
import { expect, it } from 'vitest';
import type { Call } from '../../../../../src/core/jsonrpc.ts';
import { SessionOpening } from '../../../../../src/downstream/http/sessions/session-opening.ts';

function opening(): { opening: SessionOpening; records: Buffer[]; drops: () => number } {
  const records: Buffer[] = [];
  let dropped = 0;
  const keeper = {
    keep: (record: () => Buffer | undefined) => void records.push(record() as Buffer),
    drop: () => void dropped++,
  };
  const made = new SessionOpening('', keeper);
  made.note({ method: 'initialize', params: Buffer.from('{"protocolVersion":"2025-11-25"}') });
  made.opened();
  return { opening: made, records, drops: () => dropped };
}

const about = (method: string, uri: string): Call => ({ method, params: Buffer.from(JSON.stringify({ uri })) });
const subscribing = (uri: string): Call => about('resources/subscribe', uri);

it('what was set last is kept, and what was taken back is not', () => {
  const { opening: made, records, drops } = opening();
  made.note(subscribing('a:1'));
  made.note(subscribing('a:2'));
  made.note(about('resources/unsubscribe', 'a:1'));
  made.note({ method: 'tools/call', params: Buffer.from('{}') });
  expect(records).toHaveLength(4);
  const keeper = { keep: () => {}, drop: () => {} };
  const read = SessionOpening.from(records.at(-1) as Buffer, keeper);
  expect(read.calls.map(({ params }) => String(params))).toEqual(['{"protocolVersion":"2025-11-25"}', '{"uri":"a:2"}']);
  expect(drops()).toBe(0);
});

it('a session with more than 64 KiB to keep is dropped once, and nothing more is kept of it', () => {
  const { opening: made, records, drops } = opening();
  for (let n = 0; n < 6; n++) made.note(subscribing(`a:${n}${'x'.repeat(15_000)}`));
  expect(drops()).toBe(1);
  expect(records).toHaveLength(5);
  made.note(subscribing('a:small'));
  made.begun(1, ['1']);
  expect(records).toHaveLength(5);
  expect(made.calls).toEqual([]);
});

it('what is replaced or taken back counts no longer', () => {
  const { opening: made, drops } = opening();
  const long = 'x'.repeat(30_000);
  for (let n = 0; n < 10; n++) {
    made.note(subscribing(`a:${long}`));
    made.note(subscribing(`b:${long}`));
    made.note(about('resources/unsubscribe', `b:${long}`));
  }
  expect(drops()).toBe(0);
});

it('of parameters that are too long alone, nothing is copied', () => {
  const { opening: made, drops } = opening();
  const params = Buffer.from(JSON.stringify({ uri: 'x'.repeat(70_000) }));
  made.note({ method: 'resources/subscribe', params });
  expect(drops()).toBe(1);
});

it('the oldest streams are forgotten first', () => {
  const { opening: made, drops } = opening();
  const id = JSON.stringify('i'.repeat(1_000));
  for (let n = 1; n <= 300; n++) made.begun(n, [id]);
  expect(drops()).toBe(0);
  expect(made.asked(1)).toBeUndefined();
  expect(made.asked(300)).toEqual([id]);
  expect(made.lastStream).toBe(1_300);
});

it('each replica that goes on with a session numbers its events beyond those of the ones before', () => {
  const { opening: made, records } = opening();
  const keeper = { keep: (record: () => Buffer | undefined) => void records.push(record() as Buffer), drop: () => {} };
  expect(made.lastEvent).toBe(0);
  const second = SessionOpening.from(records.at(-1) as Buffer, keeper);
  // What it has written before it sends anything.
  const third = SessionOpening.from(records.at(-1) as Buffer, keeper);
  expect(second.lastEvent).toBeGreaterThan(0);
  expect(third.lastEvent).toBeGreaterThan(second.lastEvent);
});
