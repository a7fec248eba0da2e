import { describe, expect, it } from 'vitest';
import { Cancelled, compose, type Exchange, type Middleware } from '../../../src/core/exchange.ts';

const exchange: Exchange = {
  call: { method: 'm' },
  signal: new AbortController().signal,
  abort: () => {},
  notify: () => undefined,
  room: () => undefined,
  ask: () => Promise.reject(new Error('nobody to ask')),
};

describe('compose', () => {
  it('calls the first middleware first, and hands the reply back through all of them', async () => {
    const order: string[] = [];
    const named = (name: string): Middleware => {
      return (next) => async (x) => {
        order.push(`${name} in`);
        const reply = await next(x);
        order.push(`${name} out`);
        return reply;
      };
    };
    const reply = { result: Buffer.from('{}') };
    const handler = compose([named('a'), named('b')], async () => {
      order.push('handler');
      return reply;
    });
    expect(await handler(exchange)).toBe(reply);
    expect(order).toEqual(['a in', 'b in', 'handler', 'b out', 'a out']);
  });

  it('of nothing is the handler itself', () => {
    const handler = async () => ({ result: Buffer.from('{}') });
    expect(compose([], handler)).toBe(handler);
  });
});

describe('Cancelled', () => {
  it('remembers what said so', () => {
    const call = { method: 'notifications/cancelled' };
    expect(new Cancelled(call).call).toBe(call);
    expect(new Cancelled().call).toBeUndefined();
    expect(new Cancelled()).toMatchObject({ name: 'Cancelled' });
  });
});
