import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Handler } from '../../../src/core/exchange.ts';
import type { Reply } from '../../../src/core/jsonrpc.ts';
import { ProxyError } from '../../../src/errors.ts';
import { DEADLINES, deadline } from '../../../src/layers/deadline.ts';
import { behind, exchangeOf, result } from './exchanges.ts';

const WHERE = 'https://server.example/mcp';

const LIMITS = { handshake: 1_000, silence: 60_000 };

/** A server that never answers, and gives up when it is told to. */
const silent: Handler = ({ signal }) =>
  new Promise<Reply>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

afterEach(() => {
  vi.useRealTimers();
});

describe('silence', () => {
  it.each([
    ['initialize', LIMITS.handshake],
    ['server/discover', LIMITS.handshake],
    ['tools/call', LIMITS.silence],
    ['vendor/thing', LIMITS.silence],
  ])('of a server that was sent %s ends with an error', async (method, limit) => {
    vi.useFakeTimers();
    const { exchange } = exchangeOf(method);
    const asked = behind(deadline(LIMITS, WHERE), silent)(exchange).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(limit - 1);
    expect(exchange.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    const error = await asked;
    expect(error).toBeInstanceOf(ProxyError);
    expect(error).toMatchObject({
      code: 'timeout',
      data: {
        outcome: 'unknown',
        hint: expect.stringMatching(limit === LIMITS.handshake ? /the URL is its MCP/ : /may have run/),
      },
      message: `${WHERE} did not answer "${method}" in ${limit / 1000} s`,
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is broken by every sign of life', async () => {
    vi.useFakeTimers();
    const { exchange, notified, asked } = exchangeOf('tools/call');
    let inner = exchange;
    const done = behind(deadline(LIMITS, WHERE), (x) => {
      inner = x;
      return silent(x);
    })(exchange).catch((error: unknown) => error);
    for (let i = 0; i < 5; i++) {
      await vi.advanceTimersByTimeAsync(LIMITS.silence - 1);
      inner.notify({ method: 'notifications/progress' });
    }
    await vi.advanceTimersByTimeAsync(LIMITS.silence - 1);
    await inner.ask({ method: 'elicitation/create' }, exchange.signal);
    await vi.advanceTimersByTimeAsync(LIMITS.silence - 1);
    expect(exchange.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await done).toMatchObject({ code: 'timeout' });
    expect([notified.length, asked.length]).toEqual([5, 1]);
  });

  it('of a subscription is no failure', async () => {
    vi.useFakeTimers();
    const { exchange, cancel } = exchangeOf('subscriptions/listen');
    const asked = behind(deadline(LIMITS, WHERE), silent)(exchange).catch((error: unknown) => error);
    expect(vi.getTimerCount()).toBe(0);
    cancel('enough');
    expect(await asked).toBe('enough');
  });
});

describe('an exchange that ends in time', () => {
  it.each([
    ['with a reply', () => Promise.resolve(result('"done"')), { result: Buffer.from('"done"') }],
    ['with an error', () => Promise.reject(new Error('broken')), new Error('broken')],
  ])('%s leaves nothing behind', async (_, handler, outcome) => {
    vi.useFakeTimers();
    const { exchange } = exchangeOf('tools/call');
    expect(await behind(deadline(LIMITS, WHERE), handler)(exchange).catch((error: unknown) => error)).toEqual(outcome);
    expect(vi.getTimerCount()).toBe(0);
    expect(exchange.signal.aborted).toBe(false);
  });

  it('passes on why the asker cancelled', async () => {
    const { exchange, cancel } = exchangeOf('tools/call');
    const asked = behind(deadline(DEADLINES, WHERE), silent)(exchange);
    cancel('reason');
    await expect(asked).rejects.toBe('reason');
    await expect(behind(deadline(DEADLINES, WHERE), silent)(exchange)).rejects.toBe('reason');
  });

  it('does not start the time anew when a question of it is answered later', async () => {
    const limits = { handshake: 5, silence: 5 };
    let answer = (_: Reply): void => {};
    const late = new Promise<Reply>((resolve) => {
      answer = resolve;
    });
    const over = exchangeOf('tools/call', undefined, () => late);
    let answered: Promise<Reply> | undefined;
    await behind(deadline(limits, WHERE), async (x) => {
      answered = x.ask({ method: 'roots/list' }, x.signal);
      return result('"done"');
    })(over.exchange);
    answer(result('{}'));
    await answered;
    // A later one with the same limit has timed out: by then the first one would have, too.
    const other = exchangeOf('tools/call');
    await expect(behind(deadline(limits, WHERE), silent)(other.exchange)).rejects.toMatchObject({ code: 'timeout' });
    expect(over.exchange.signal.aborted).toBe(false);
  });
});

describe('the limits', () => {
  it('leave room for long calls, and end a handshake before hosts give up', () => {
    expect(DEADLINES.handshake).toBeLessThan(60_000);
    expect(DEADLINES.silence).toBeGreaterThan(30 * 60_000);
  });
});
