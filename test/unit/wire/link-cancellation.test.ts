import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../../src/core/cancel.ts';
import type { Cancelled } from '../../../src/core/exchange.ts';
import type { Call } from '../../../src/core/jsonrpc.ts';
import { nth, request, result, settled, startWire } from './peer.ts';

describe('cancelling by the other end', () => {
  const cancel = (params: string): string => `{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`;

  it('aborts the exchange with what was said, and the request gets no answer', async () => {
    const wire = startWire();
    wire.hear(request('"a"'));
    wire.hear(cancel('{"requestId":"\\u0061","reason":"r"}'));
    const { signal } = nth(wire, 0).exchange;
    expect(signal.aborted).toBe(true);
    expect((signal.reason as Cancelled).call?.params?.toString()).toBe('{"requestId":"\\u0061","reason":"r"}');
    nth(wire, 0).answer('{}');
    await settled();
    expect(wire.written).toEqual([]);
    expect(wire.link.busy).toBe(false);
    expect(wire.notified).toEqual([]);
  });

  it.each([
    '{"requestId":"1"}',
    '{"requestId":2}',
    '{"requestId":null}',
    '{"requestId":{}}',
    '{}',
    '[1]',
    '{"requestId":[1]}',
  ])('that names no open request does nothing: %s', (params) => {
    const wire = startWire();
    wire.hear(request('1'));
    wire.hear(cancel(params));
    expect(nth(wire, 0).exchange.signal.aborted).toBe(false);
  });

  it('without params does nothing', () => {
    const wire = startWire();
    wire.hear(request('1'));
    wire.hear('{"jsonrpc":"2.0","method":"notifications/cancelled"}');
    expect(nth(wire, 0).exchange.signal.aborted).toBe(false);
  });

  it('that names its request twice does nothing, and harms nothing', () => {
    const wire = startWire();
    wire.hear(request('1'));
    expect(() => wire.hear(cancel('{"requestId":1,"requestId":2}'))).not.toThrow();
    expect(nth(wire, 0).exchange.signal.aborted).toBe(false);
  });

  it('after the answer does nothing', async () => {
    const wire = startWire();
    wire.hear(request('1'));
    nth(wire, 0).answer('{}');
    await settled();
    wire.hear(cancel('{"requestId":1}'));
    expect(nth(wire, 0).exchange.signal.aborted).toBe(false);
    expect(wire.written).toEqual([result('1')]);
  });

  it('reaches the newer of two requests with one id', async () => {
    const wire = startWire();
    wire.hear(request('1'));
    wire.hear(request('1'));
    wire.hear(cancel('{"requestId":1}'));
    expect([nth(wire, 0).exchange.signal.aborted, nth(wire, 1).exchange.signal.aborted]).toEqual([false, true]);
    nth(wire, 0).answer('"first"');
    await settled();
    expect(wire.written).toEqual([result('1', '"first"')]);
  });
});

describe('cancelling what this end has asked', () => {
  const cancelled = (id: string): string =>
    `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id},"reason":"r"}}`;
  const listen = { method: 'subscriptions/listen' };

  it.each(['2', '"2"', '2.0'])('ends a subscription, whose owner is told before: %s', async (id) => {
    const told: string[] = [];
    const unsubscribed = (own: string, call: Call): unknown => told.push(`${own} ${call.params}`);
    const wire = startWire(undefined, { unsubscribed });
    const { signal } = new Cancellation();
    const call = wire.link.ask({ method: 'tools/call' }, signal);
    const subscription = wire.link.ask(listen, signal).finally(() => told.push('over'));
    wire.hear(cancelled(id));
    expect(wire.link.asked.size).toBe(1);
    const reply = await subscription;
    expect(told).toEqual([`2 {"requestId":${id},"reason":"r"}`, 'over']);
    expect('result' in reply && JSON.parse(`${reply.result}`).resultType).toBe('complete');
    // Neither again, nor a call.
    for (const other of [id, '1', '3']) wire.hear(cancelled(other));
    expect(told).toHaveLength(2);
    expect([wire.link.asked.size, wire.notified]).toEqual([1, []]);
    wire.hear(result('2', '"late"'));
    wire.hear(result('1', '"called"'));
    expect(await call).toEqual({ result: Buffer.from('"called"') });
  });

  it('does nothing on a wire that has no subscriptions', () => {
    const wire = startWire();
    wire.link.ask(listen, new Cancellation().signal);
    wire.hear(cancelled('1'));
    expect([wire.link.asked.size, wire.notified]).toEqual([1, []]);
  });
});

describe('an exchange that is given up', () => {
  it('is aborted with the error that becomes its answer', async () => {
    const wire = startWire();
    wire.hear(request('1'));
    const { exchange, fail } = nth(wire, 0);
    const error = new Error('enough');
    exchange.abort(error);
    expect(exchange.signal.reason).toBe(error);
    fail(exchange.signal.reason);
    await settled();
    expect(wire.written.map((line) => JSON.parse(line))).toMatchObject([{ id: 1, error: { code: -32603 } }]);
  });
});
