import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/core/exchange.ts';
import { changed, type Layer, requestLayer, stack } from '../../../src/core/layer.ts';
import { exchangeOf, result, SILENT, sessionOf } from '../layers/exchanges.ts';

describe('a stack of layers', () => {
  it('passes requests down and answers up, the first layer nearest to the client', async () => {
    const order: string[] = [];
    const named = (name: string) => ({
      name,
      layer: requestLayer((next) => async (exchange) => {
        order.push(`${name} in`);
        const reply = await next(exchange);
        order.push(`${name} out`);
        return reply;
      }),
    });
    const reply = result('{}');
    const connect = stack([named('a'), named('b')], () =>
      sessionOf(async () => {
        order.push('server');
        return reply;
      }),
    );
    expect(await connect(SILENT).request(exchangeOf('m').exchange)).toBe(reply);
    expect(order).toEqual(['a in', 'b in', 'server', 'b out', 'a out']);
  });

  it('passes what the server tells and asks up, the last layer first', async () => {
    const order: string[] = [];
    const named = (name: string): { name: string; layer: Layer } => ({
      name,
      layer: (inner) => (client) =>
        inner({
          ...client,
          notify: (call) => {
            order.push(`${name} told`);
            return client.notify(call);
          },
          ask: (call, signal) => {
            order.push(`${name} asked`);
            return client.ask(call, signal);
          },
        }),
    });
    let asked: unknown;
    const connect = stack([named('a'), named('b')], (client) => {
      client.notify({ method: 'n' });
      asked = client.ask({ method: 'q' }, new AbortController().signal);
      return sessionOf(async () => result('{}'));
    });
    connect({ ...SILENT, ask: async () => result('"client"') });
    expect(await asked).toEqual(result('"client"'));
    expect(order).toEqual(['b told', 'a told', 'b asked', 'a asked']);
  });

  it('of nothing is the server itself', () => {
    const session = sessionOf(async () => result('{}'));
    expect(stack([], () => session)(SILENT)).toBe(session);
  });
});

describe('a changed session', () => {
  it('tells what the session behind it tells at that time', () => {
    const server: { -readonly [K in keyof Session]: Session[K] } = {
      ...sessionOf(async () => result('{}')),
      era: undefined,
    };
    const session = changed(server, {});
    expect([session.era, session.established]).toEqual([undefined, true]);
    server.era = 'legacy';
    expect(session.era).toBe('legacy');
  });
});
