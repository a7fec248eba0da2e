// Answers with other ids than the requests: which count as answers, which end a request, and which do neither.
import { describe, expect, it } from 'vitest';
import { idKey, isTooLong, MAX_ID, numberIn, requestNumber } from '../../../src/core/ids.ts';
import { settled, startWire } from './peer.ts';

const never = new AbortController().signal;
const BAD = '{"code":-32000,"message":"no session"}';
const answer = (id: string, body = '"result":{"ok":1.0}'): string => `{"jsonrpc":"2.0","id":${id},${body}}`;

describe('the number in an id', () => {
  it.each([
    ['1', 1],
    ['1.0', 1],
    ['1e0', 1],
    ['10e-1', 1],
    ['"1"', 1],
    ['"1.0"', 1],
    ['"1E0"', 1],
    ['"\\u0031"', 1],
    ['-1', -1],
    ['1.5', 1.5],
    ['"01"', undefined],
    ['" 1"', undefined],
    ['"1 "', undefined],
    ['"+1"', undefined],
    ['"0x1"', undefined],
    ['"1_0"', undefined],
    ['"Infinity"', undefined],
    ['"１"', undefined],
    ['""', undefined],
    ['"null"', undefined],
    ['null', undefined],
  ])('%s is %s', (id, number) => {
    expect(numberIn(id)).toBe(number);
  });

  it.each([
    ['1', 1],
    ['"3"', 3],
    ['4', undefined],
    ['0', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e400', undefined],
  ])('%s is that of request %s of three', (id, number) => {
    expect(requestNumber(id, 3)).toBe(number);
  });
});

describe('the only request that is open', () => {
  it.each(['"1"', '"1.0"', '1e0', '"\\u0031"'])('is answered under %s', async (id) => {
    const wire = startWire();
    const asked = wire.link.ask({ method: 'a' }, never);
    wire.hear(answer(id));
    expect(await asked).toEqual({ result: Buffer.from('{"ok":1.0}') });
  });

  it.each(['"x"', '"01"', '" 1"', '2', '"2"', '0', '-1', '1.5', 'null', 'true', '{"a":1}', `"${'x'.repeat(5_000)}"`])(
    'ends with an error when a result comes under %s',
    async (id) => {
      const wire = startWire();
      const asked = wire.link.ask({ method: 'a' }, never);
      wire.hear(answer(id));
      await expect(asked).rejects.toMatchObject({
        code: 'failed',
        data: { outcome: 'unknown', body: expect.stringContaining('"result":{"ok":1.0}') },
      });
      expect(wire.written).toHaveLength(1);
    },
  );

  it.each(['"x"', '"01"', '2', 'null'])('gets the error that comes under %s', async (id) => {
    const wire = startWire();
    const asked = wire.link.ask({ method: 'a' }, never);
    wire.hear(answer(id, `"error":${BAD}`));
    expect(await asked).toEqual({ error: Buffer.from(BAD) });
  });

  it('ends with an error when a malformed one comes, of which the other end is told too', async () => {
    const wire = startWire();
    const asked = wire.link.ask({ method: 'a' }, never);
    wire.hear(answer('"x"', '"error":"oops"'));
    await expect(asked).rejects.toMatchObject({ code: 'failed', message: expect.stringContaining('malformed') });
    expect(JSON.parse(wire.written[1] as string)).toMatchObject({ id: 'x', error: { code: -32600 } });
  });

  it('is not touched by the late answer to one that was cancelled, or that is answered already', async () => {
    const wire = startWire();
    const cancel = new AbortController();
    const cancelled = wire.link.ask({ method: 'a' }, cancel.signal).catch(() => 'cancelled');
    const answered = wire.link.ask({ method: 'b' }, never);
    wire.hear(answer('2'));
    await answered;
    cancel.abort(new Error('cancelled'));
    expect(await cancelled).toBe('cancelled');
    const open = wire.link.ask({ method: 'c' }, never);
    for (const late of ['1', '"1"', '2', '"2.0"']) wire.hear(answer(late, '"result":"late"'));
    wire.hear(answer('3'));
    expect(await open).toEqual({ result: Buffer.from('{"ok":1.0}') });
  });
});

describe('one of several', () => {
  it('is not ended by what could be for another', async () => {
    const wire = startWire();
    const asked = [wire.link.ask({ method: 'a' }, never), wire.link.ask({ method: 'b' }, never)];
    for (const id of ['"x"', 'null', '3', '"01"']) {
      wire.hear(answer(id));
      wire.hear(answer(id, `"error":${BAD}`));
    }
    wire.hear(answer('"2"', '"result":"b"'));
    wire.hear(answer('"1"', '"result":"a"'));
    expect(await Promise.all(asked)).toEqual([{ result: Buffer.from('"a"') }, { result: Buffer.from('"b"') }]);
  });

  it('is answered by its own part of a batch', async () => {
    const wire = startWire();
    const asked = [wire.link.ask({ method: 'a' }, never), wire.link.ask({ method: 'b' }, never)];
    wire.hear(`[${answer('"2"', '"result":"b"')},${answer('"1"', '"result":"a"')}]`);
    expect(await Promise.all(asked)).toEqual([{ result: Buffer.from('"a"') }, { result: Buffer.from('"b"') }]);
  });
});

describe('an id of the other end', () => {
  const long = (length: number): string => `"${'x'.repeat(length)}"`;

  it(`may have ${MAX_ID} bytes, and no more`, async () => {
    const wire = startWire();
    wire.hear(`{"jsonrpc":"2.0","id":${long(MAX_ID)},"method":"m"}`);
    wire.hear(`{"jsonrpc":"2.0","id":${long(MAX_ID + 1)},"method":"m"}`);
    wire.hear(`{"jsonrpc":"2.0","id":${'1'.repeat(5_000)},"method":"m"}`);
    expect(wire.reached).toHaveLength(1);
    expect(wire.written.map((line) => JSON.parse(line))).toEqual(
      [0, 1].map(() => ({
        jsonrpc: '2.0',
        id: null,
        error: { code: -32600, message: 'Invalid Request: id is longer than 1024 bytes' },
      })),
    );
    wire.hear(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${long(MAX_ID + 1)}}}`);
    expect(wire.link.open).toBe(1);
    wire.hear(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${long(MAX_ID)}}}`);
    await settled();
    expect(wire.link.open).toBe(0);
  });

  it('has a key of its own type', () => {
    expect(idKey('"1"')).not.toBe(idKey('1'));
    expect(isTooLong(long(MAX_ID))).toBe(false);
  });
});
