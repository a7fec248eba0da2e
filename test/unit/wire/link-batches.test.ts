// Batches (revision 2025-03-26) and subscriptions (revision 2026-07-28) on a duplex wire.
import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../src/errors.ts';
import { settled, startWire } from './peer.ts';

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';

describe('batches', () => {
  it('are answered as one array, once all answers are there', async () => {
    const wire = startWire();
    wire.hear(
      '[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":"1","method":"b"},5]',
    );
    expect(wire.notified.map((call) => call.method)).toEqual(['n']);
    wire.reached[1]?.answer('"b"');
    await settled();
    expect(wire.written).toEqual([]);
    wire.reached[0]?.answerError('{"code":1,"message":"a"}');
    await settled();
    expect(wire.written).toHaveLength(1);
    const answers = JSON.parse(wire.written[0] as string) as { id: unknown }[];
    expect(answers).toHaveLength(3);
    expect(answers).toEqual(
      expect.arrayContaining([
        { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'a' } },
        { jsonrpc: '2.0', id: '1', result: 'b' },
        { jsonrpc: '2.0', id: null, error: expect.objectContaining({ code: -32600 }) },
      ]),
    );
  });

  it('of one request are answered as an array of one', async () => {
    const wire = startWire();
    wire.hear('[{"jsonrpc":"2.0","id":1,"method":"a"}]');
    wire.reached[0]?.answer('{"n":1.0}');
    await settled();
    expect(wire.written).toEqual(['[{"jsonrpc":"2.0","id":1,"result":{"n":1.0}}]']);
  });

  it('of notifications and responses only are not answered', async () => {
    const wire = startWire();
    const asked = wire.link.ask({ method: 'ours' }, new AbortController().signal);
    wire.hear('[{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":1,"result":7}]');
    expect(await asked).toEqual({ result: Buffer.from('7') });
    expect(wire.written).toHaveLength(1);
  });

  it.each(['first', 'last'])(
    'with a malformed answer to something else %s answer their requests all the same',
    async (place) => {
      const wire = startWire();
      const stray = '{"jsonrpc":"2.0","id":77,"error":{}}';
      const asking = '{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"b"}';
      wire.hear(place === 'first' ? `[${stray},${asking}]` : `[${asking},${stray}]`);
      wire.reached[0]?.answer('"a"');
      wire.reached[1]?.answer('"b"');
      await settled();
      const answers = wire.written.flatMap((line) => JSON.parse(line) as { id: unknown }[]);
      expect(answers.filter(({ id }) => id !== 77)).toEqual([
        { jsonrpc: '2.0', id: 1, result: 'a' },
        { jsonrpc: '2.0', id: 2, result: 'b' },
      ]);
      expect(answers.filter(({ id }) => id === 77)).toMatchObject([{ error: { code: -32600 } }]);
    },
  );

  it('with a malformed answer to something we asked answer their requests all the same', async () => {
    const wire = startWire();
    const asked = wire.link.ask({ method: 'ours' }, new AbortController().signal);
    wire.hear('[{"jsonrpc":"2.0","id":1,"error":{}},{"jsonrpc":"2.0","id":1,"method":"a"}]');
    await expect(asked).rejects.toMatchObject({ code: 'failed' });
    wire.reached[0]?.answer('"a"');
    await settled();
    expect(wire.written.slice(1)).toEqual(['[{"jsonrpc":"2.0","id":1,"result":"a"}]']);
  });

  it.each([
    ['in the batch itself', true],
    ['by a message of its own', false],
  ])('do not wait for a member that was cancelled %s', async (_, inside) => {
    const wire = startWire();
    const cancel = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}';
    wire.hear(
      `[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"b"}${inside ? `,${cancel}` : ''}]`,
    );
    wire.reached[1]?.answer('2');
    await settled();
    if (!inside) {
      expect(wire.written).toEqual([]);
      wire.hear(cancel);
    }
    expect(wire.reached[0]?.exchange.signal.aborted).toBe(true);
    expect(wire.written).toEqual(['[{"jsonrpc":"2.0","id":2,"result":2}]']);
  });

  it('of which every member was cancelled are not answered', async () => {
    const wire = startWire();
    wire.hear(
      '[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}]',
    );
    await settled();
    expect(wire.written).toEqual([]);
    expect(wire.link.busy).toBe(false);
  });

  it('that are open at the end are answered as one array', async () => {
    const wire = startWire();
    wire.hear('[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"b"}]');
    wire.reached[0]?.answer('"in time"');
    await settled();
    wire.link.destroy(new ProxyError('failed', 'over'));
    expect(wire.written.map((line) => JSON.parse(line))).toMatchObject([
      [
        { id: 1, result: 'in time' },
        { id: 2, error: { code: -31003 } },
      ],
    ]);
  });
});

describe('subscriptions', () => {
  const listen = (id: string): string =>
    `{"jsonrpc":"2.0","id":${id},"method":"subscriptions/listen","params":{"notifications":{}}}`;
  const note = (id: string): { method: string; params: Buffer } => ({
    method: 'notifications/tools/list_changed',
    params: Buffer.from(`{"a":1.0,"_meta":{"x":[ ],"${SUBSCRIPTION}":${id}}}`),
  });

  it('carry the id that the client itself gave, in every message of theirs', async () => {
    const wire = startWire();
    wire.hear(listen('"mine"'));
    wire.hear(listen('0'));
    wire.reached[0]?.exchange.notify(note('"upstream"'));
    wire.reached[1]?.exchange.notify(note('7'));
    expect(wire.written).toEqual([
      `{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"a":1.0,"_meta":{"x":[ ],"${SUBSCRIPTION}":"mine"}}}`,
      `{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"a":1.0,"_meta":{"x":[ ],"${SUBSCRIPTION}":0}}}`,
    ]);
    wire.reached[0]?.answer(`{"resultType":"complete","_meta":{"${SUBSCRIPTION}":"upstream"}}`);
    await settled();
    expect(wire.written[2]).toBe(
      `{"jsonrpc":"2.0","id":"mine","result":{"resultType":"complete","_meta":{"${SUBSCRIPTION}":"mine"}}}`,
    );
  });

  it.each(['{"a":1}', '{"_meta":{}}', '{"_meta":null}', '{"_meta":[1]}', '[1]'])(
    'leave a message alone that names none: %s',
    (params) => {
      const wire = startWire();
      wire.hear(listen('1'));
      wire.reached[0]?.exchange.notify({ method: 'n', params: Buffer.from(params) });
      wire.reached[0]?.exchange.notify({ method: 'n' });
      expect(wire.written).toEqual([
        `{"jsonrpc":"2.0","method":"n","params":${params}}`,
        '{"jsonrpc":"2.0","method":"n"}',
      ]);
    },
  );

  it('do not touch messages of other requests', () => {
    const wire = startWire();
    wire.hear('{"jsonrpc":"2.0","id":1,"method":"tools/call"}');
    wire.reached[0]?.exchange.notify(note('7'));
    expect(wire.written[0]).toContain(`"${SUBSCRIPTION}":7`);
  });

  it('do not count as work in progress', async () => {
    const wire = startWire();
    wire.hear(listen('1'));
    expect(wire.link.busy).toBe(false);
    await wire.link.idle();
    wire.hear('{"jsonrpc":"2.0","id":2,"method":"m"}');
    expect(wire.link.busy).toBe(true);
    const idle = wire.link.idle();
    wire.reached[1]?.answer('{}');
    await idle;
  });

  it('are ended by a cancellation like every request', () => {
    const wire = startWire();
    wire.hear(listen('1'));
    wire.hear('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
    expect(wire.reached[0]?.exchange.signal.aborted).toBe(true);
    wire.reached[0]?.exchange.notify(note('7'));
    expect(wire.written).toEqual([]);
  });

  it('are answered even when the server ends them with a result that cannot be read', async () => {
    const wire = startWire();
    wire.hear(listen('1'));
    wire.reached[0]?.answer(`{"_meta":{"${SUBSCRIPTION}":7},"_meta":{}}`);
    await settled();
    expect(wire.written.map((line) => (JSON.parse(line) as { id: unknown }).id)).toEqual([1]);
  });

  it('survive a notification that cannot be read', () => {
    const wire = startWire();
    wire.hear(listen('1'));
    expect(() =>
      wire.reached[0]?.exchange.notify({ method: 'n', params: Buffer.from('{"_meta":{},"_meta":{}}') }),
    ).not.toThrow();
  });
});
