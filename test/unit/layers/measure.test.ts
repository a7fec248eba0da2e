import { describe, expect, it } from 'vitest';
import { Cancelled, type Handler } from '../../../src/core/exchange.ts';
import type { Activity } from '../../../src/core/ports/activity.ts';
import type { Meter } from '../../../src/core/ports.ts';
import { ProxyError } from '../../../src/errors.ts';
import { measure } from '../../../src/layers/measure.ts';
import { behind, exchangeOf, type Recorded, result } from './exchanges.ts';

interface Measured {
  readonly reports: [method: string, outcome: string, seconds: number][];
  readonly outcome: unknown;
}

async function measured(handler: Handler, recorded: Recorded = exchangeOf('tools/call')): Promise<Measured> {
  const reports: Measured['reports'] = [];
  const unexpected = (): void => {
    throw new Error('not an exchange');
  };
  const meter: Meter = {
    exchange: (...report) => reports.push(report),
    refreshed: unexpected,
  };
  let time = 1_000;
  const clock = (): number => {
    time += 250;
    return time;
  };
  const outcome = await behind(measure(meter, clock), handler)(recorded.exchange).catch((error: unknown) => error);
  return { reports, outcome };
}

describe('an exchange', () => {
  it.each([
    ['a result', result('{"isError":true}'), 'result'],
    ['an error of the server', { error: Buffer.from('{"code":-32602}') }, 'error'],
  ])('that ends with %s is reported once, and not changed', async (_, reply, outcome) => {
    expect(await measured(async () => reply)).toEqual({ reports: [['tools/call', outcome, 0.25]], outcome: reply });
  });

  it.each([
    [new ProxyError('timeout', 'no answer', { outcome: 'unknown' }), 'timeout'],
    [new ProxyError('unreachable', 'refused'), 'unreachable'],
    [new ProxyError('limit', 'too many'), 'limit'],
    [new Cancelled(), 'cancelled'],
    [new TypeError('x is not a function'), 'internal'],
    ['a text', 'internal'],
  ])('that fails with %s is reported, and fails the same way', async (error, outcome) => {
    const seen = await measured(() => Promise.reject(error));
    expect(seen).toEqual({ reports: [['tools/call', outcome, 0.25]], outcome: error });
    expect(seen.outcome).toBe(error);
  });

  it('that was cancelled is that, whatever error comes of it', async () => {
    const recorded = exchangeOf('tools/call');
    recorded.cancel(new Cancelled());
    const error = new ProxyError('failed', 'the connection was closed');
    const { reports } = await measured(() => Promise.reject(error), recorded);
    expect(reports).toEqual([['tools/call', 'cancelled', 0.25]]);
  });

  it('that was given up is no cancelled one', async () => {
    const recorded = exchangeOf('tools/call');
    recorded.cancel(new ProxyError('timeout', 'no answer'));
    const { reports } = await measured(() => Promise.reject(recorded.exchange.signal.reason), recorded);
    expect(reports).toEqual([['tools/call', 'timeout', 0.25]]);
  });

  it('that was answered all the same has its answer', async () => {
    const recorded = exchangeOf('tools/call');
    recorded.cancel(new Cancelled());
    expect((await measured(async () => result('1'), recorded)).reports).toEqual([['tools/call', 'result', 0.25]]);
  });
});

describe('the method', () => {
  it.each([
    'initialize',
    'ping',
    'logging/setLevel',
    'resources/templates/list',
    'tasks/result',
    'server/discover',
    'subscriptions/listen',
  ])('%s is one of the protocol', async (method) => {
    const { reports } = await measured(async () => result('1'), exchangeOf(method));
    expect(reports[0]?.[0]).toBe(method);
  });

  it.each(['', 'vendor/thing', 'Tools/Call', 'tools/call ', '__proto__', 'constructor', 'x'.repeat(10_000)])(
    '%j is none of the protocol, and one with all others',
    async (method) => {
      const { reports } = await measured(async () => result('1'), exchangeOf(method));
      expect(reports[0]?.[0]).toBe('other');
    },
  );
});

describe('the activity', () => {
  it('learns that an exchange begins, and once how it ends, with the reply or the error', async () => {
    const seen: unknown[] = [];
    const activity: Activity = {
      began: (exchange, method, at) => {
        seen.push([exchange.call.method, method, at]);
        return { ended: (...end) => seen.push(end) };
      },
    };
    const meter: Meter = { exchange: () => {}, refreshed: () => {} };
    let time = 0;
    const layer = measure(meter, () => time++ * 500, activity);
    const reply = result('1');
    const error = new ProxyError('timeout', 'no answer');
    await behind(layer, async () => reply)(exchangeOf('vendor/thing').exchange);
    await behind(layer, () => Promise.reject(error))(exchangeOf('ping').exchange).catch(() => {});
    expect(seen).toEqual([
      ['vendor/thing', 'other', 0],
      ['result', 0.5, reply],
      ['ping', 'ping', 1_000],
      ['timeout', 0.5, error],
    ]);
  });
});
