import { afterEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_TIMEOUT } from '../../../src/config.ts';
import type { Handler } from '../../../src/core/exchange.ts';
import type { Call, Reply } from '../../../src/core/jsonrpc.ts';
import { ProxyError } from '../../../src/errors.ts';
import { deadline, deadlines } from '../../../src/layers/deadline.ts';
import { behind, exchangeOf, result, sessionOf } from './exchanges.ts';

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

  it('is broken by progress that comes without its exchange, for the exchange with the token alone', async () => {
    vi.useFakeTimers();
    let tell = (_: string): unknown => undefined;
    const told: string[] = [];
    const client = { notify: (note: Call) => void told.push(String(note.params)), ask: vi.fn(), room: () => undefined };
    const session = deadline(
      LIMITS,
      WHERE,
    )((peer) => {
      tell = (params) => peer.notify({ method: 'notifications/progress', params: Buffer.from(params) });
      return sessionOf(silent);
    })(client);
    const ends: string[] = [];
    const begin = (params: string): void => {
      session.request(exchangeOf('tools/call', params).exchange).catch(() => ends.push(params));
    };
    const asking = (token: string): string => `{"_meta":{"progressToken":${token}}}`;
    for (const token of ['"a"', '1']) begin(asking(token));
    begin('{"arguments":{"progressToken":"a"}}');
    await vi.advanceTimersByTimeAsync(LIMITS.silence - 1);
    for (const token of ['"a"', '"none"', '{}']) tell(`{"progressToken":${token},"progress":1}`);
    await vi.advanceTimersByTimeAsync(1);
    expect(ends).toEqual([asking('1'), '{"arguments":{"progressToken":"a"}}']);
    await vi.advanceTimersByTimeAsync(LIMITS.silence);
    expect(ends).toHaveLength(3);
    tell('{"progressToken":"a","progress":2}');
    expect(told).toHaveLength(4);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not count while a request waits for its user, and counts anew afterwards', async () => {
    vi.useFakeTimers();
    let signingIn = true;
    const { exchange } = exchangeOf('initialize');
    const layer = deadline(LIMITS, WHERE, undefined, () => signingIn);
    const asked = behind(layer, silent)(exchange).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10 * LIMITS.handshake + 1);
    expect(exchange.signal.aborted).toBe(false);
    signingIn = false;
    await vi.advanceTimersByTimeAsync(LIMITS.handshake);
    expect(await asked).toMatchObject({ code: 'timeout' });
    expect(vi.getTimerCount()).toBe(0);
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
  ])('%s leaves nothing behind but the one timer of all exchanges, which ends', async (_, handler, outcome) => {
    vi.useFakeTimers();
    const { exchange } = exchangeOf('tools/call');
    const asked = behind(deadline(LIMITS, WHERE), handler);
    for (let i = 0; i < 100; i++) expect(await asked(exchange).catch((error: unknown) => error)).toEqual(outcome);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(LIMITS.silence);
    expect(vi.getTimerCount()).toBe(0);
    expect(exchange.signal.aborted).toBe(false);
  });

  it('changes nothing for others: each has its own time', async () => {
    vi.useFakeTimers();
    const asked = behind(deadline(LIMITS, WHERE), silent);
    const ends: [string, number][] = [];
    const started = Date.now();
    const begin = (name: string): ReturnType<typeof exchangeOf> => {
      const one = exchangeOf('tools/call');
      asked(one.exchange).catch((error: Error) => ends.push([`${name}: ${error.name}`, Date.now() - started]));
      return one;
    };
    begin('first');
    await vi.advanceTimersByTimeAsync(20_000);
    const second = begin('second');
    await vi.advanceTimersByTimeAsync(10_000);
    begin('third');
    second.cancel(new Error('enough'));
    await vi.advanceTimersByTimeAsync(200_000);
    expect(ends).toEqual([
      ['second: Error', 30_000],
      ['first: ProxyError', 60_000],
      ['third: ProxyError', 90_000],
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('passes on why the asker cancelled', async () => {
    const { exchange, cancel } = exchangeOf('tools/call');
    const asked = behind(deadline(deadlines(DEFAULT_TIMEOUT), WHERE), silent)(exchange);
    cancel('reason');
    await expect(asked).rejects.toBe('reason');
    await expect(behind(deadline(deadlines(DEFAULT_TIMEOUT), WHERE), silent)(exchange)).rejects.toBe('reason');
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
    // A later exchange with the same limit has timed out; so would the first one have.
    const other = exchangeOf('tools/call');
    await expect(behind(deadline(limits, WHERE), silent)(other.exchange)).rejects.toMatchObject({ code: 'timeout' });
    expect(over.exchange.signal.aborted).toBe(false);
  });
});

describe('the limits', () => {
  it('leave room for long calls, and end a handshake before hosts give up', () => {
    const { handshake, silence } = deadlines(DEFAULT_TIMEOUT);
    expect(handshake).toBeLessThan(60_000);
    expect(silence).toBeGreaterThan(30 * 60_000);
  });

  it('give a handshake no more time than the user allows for any request', () => {
    expect(deadlines(5_000)).toEqual({ handshake: 5_000, silence: 5_000 });
  });

  it('give a handshake the time that the user names for it', () => {
    expect(deadlines(5_000, 90_000)).toEqual({ handshake: 90_000, silence: 5_000 });
  });
});
