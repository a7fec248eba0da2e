// What is kept of requests for the status page, and that it is bounded.
import { describe, expect, it } from 'vitest';
import { Activities } from '../../../../../src/downstream/http/operator/activity.ts';
import { createMetrics } from '../../../../../src/downstream/http/operator/metrics.ts';
import { ProxyError } from '../../../../../src/errors.ts';
import { exchangeOf, result } from '../../../layers/exchanges.ts';

const begin = (all: Activities, method = 'tools/call', params = '{"name":"echo"}', server = 'one') =>
  all.of(server).began(exchangeOf(method, params).exchange, method, 1_000);

describe('while nobody looks', () => {
  it('requests are in a list until they are over, and leave nothing', () => {
    const all = new Activities();
    const call = begin(all);
    expect([...all.of('one').open]).toEqual([call]);
    call.ended('result', 0.1, result('{}'));
    expect(all.of('one').open.size).toBe(0);
    expect(all.ended).toEqual([]);
  });

  it('errors of the proxy are kept, and those that come again are one', () => {
    const all = new Activities();
    const error = new ProxyError('unreachable', 'cannot connect', { hint: 'start it' });
    begin(all).ended('unreachable', 0.1, error);
    begin(all).ended('cancelled', 0.1, error);
    begin(all).ended('unreachable', 3, error);
    begin(all).ended('timeout', 1, new ProxyError('timeout', 'no answer'));
    expect(all.errors.map(({ message, hint, times }) => [message, hint, times])).toEqual([
      ['no answer', undefined, 1],
      ['cannot connect', 'start it', 2],
    ]);
  });

  it('an error does not repeat the address of a sign-in', () => {
    const all = new Activities();
    const signIn = 'https://as.example/authorize?state=s3cret';
    begin(all).ended('sign-in-needed', 0, new ProxyError('sign-in-needed', `open ${signIn} now`, { signIn }));
    expect(all.errors[0]?.message).toBe('open the sign-in page now');
  });

  it('no more than 50 errors are kept, and no more than 4,000 characters of each', () => {
    const all = new Activities();
    for (let n = 0; n < 60; n++)
      begin(all).ended('failed', 0, new ProxyError('failed', `${n} ${'x'.repeat(9_000)}`, { hint: 'y'.repeat(9_000) }));
    expect(all.errors).toHaveLength(50);
    expect(all.errors[0]?.message.slice(0, 3)).toBe('59 ');
    expect(all.errors[0]?.message).toHaveLength(4_000);
    expect(all.errors[0]?.hint).toHaveLength(4_000);
  });
});

describe('while somebody looks', () => {
  it('the last 50 requests are kept, the latest one first', () => {
    const all = new Activities();
    all.watch(0, 60_000);
    for (let n = 0; n < 60; n++)
      begin(all, 'tools/call', `{"name":"t${n}","arguments":{"secret":1}}`).ended('result', 1, result('{}'));
    expect(all.ended).toHaveLength(50);
    expect(all.ended[0]).toMatchObject({
      server: 'one',
      method: 'tools/call',
      tool: 't59',
      outcome: 'result',
      seconds: 1,
    });
    expect(JSON.stringify(all.ended)).not.toContain('secret');
    expect(all.series.read(2_000).at(-1)?.requests).toBe(60);
  });

  it('the chart counts the same requests, and the same ones as failed, as the numbers of the page', () => {
    const all = new Activities();
    all.watch(0, 60_000);
    const metrics = createMetrics({ sessions: () => 0, streams: () => 0 });
    const meter = metrics.meterOf('one');
    const outcomes = ['result', 'error', 'cancelled', 'internal', 'limit', 'invalid-params', 'unreachable', 'timeout'];
    for (const method of ['tools/call', 'subscriptions/listen']) {
      for (const outcome of outcomes) {
        begin(all, method).ended(outcome, 1, result('{}'));
        meter.exchange(method, outcome, 1);
      }
    }
    const { requests, failed } = metrics.totalsOf('one');
    expect(all.series.read(2_000).at(-1)).toMatchObject({ requests, failed });
    expect([requests, failed]).toEqual([outcomes.length, 2]);
  });

  it('an error of the server has its code', () => {
    const all = new Activities();
    all.watch(0, 60_000);
    begin(all).ended('error', 1, { error: Buffer.from('{"code":-32602,"message":"secret"}') });
    expect(all.ended[0]?.code).toBe(-32602);
    expect(JSON.stringify([all.ended, all.errors])).not.toContain('secret');
  });

  it('subscriptions are no requests that end', () => {
    const all = new Activities();
    all.watch(0, 60_000);
    begin(all, 'subscriptions/listen', '{}').ended('cancelled', 1, undefined);
    expect(all.ended).toEqual([]);
  });

  it('the name of a tool is not looked for in long parameters', () => {
    const all = new Activities();
    all.watch(0, 60_000);
    begin(all, 'tools/call', `{"name":"t","arguments":{"x":"${'x'.repeat(70_000)}"}}`).ended('result', 1, result('{}'));
    expect(all.ended[0]?.tool).toBeUndefined();
  });

  it('what was kept before a pause is dropped', () => {
    const all = new Activities();
    all.watch(0, 60_000);
    begin(all).ended('result', 1, result('{}'));
    all.watch(70_000, 80_000);
    expect(all.ended).toEqual([]);
    expect(all.watchedSince).toBe(70_000);
    all.watch(75_000, 90_000);
    expect(all.watchedSince).toBe(70_000);
  });
});

describe('the tools that a server lists', () => {
  const first = { method: 'tools/list' };
  const next = { method: 'tools/list', params: Buffer.from('{"cursor":"2"}') };

  it('are kept page by page', () => {
    const one = new Activities().of('one');
    expect(one.offered).toBeUndefined();
    one.listed(first, Buffer.from('1'));
    one.listed(next, Buffer.from('2'));
    expect(one.offered?.pages.map(String)).toEqual(['1', '2']);
    one.listed(first, Buffer.from('3'));
    expect(one.offered?.pages.map(String)).toEqual(['3']);
  });

  it('are copies, which keep nothing else in memory', () => {
    const one = new Activities().of('one');
    const message = Buffer.alloc(1_048_576, 'a');
    one.listed(first, message.subarray(0, 100_000));
    const [page] = one.offered?.pages ?? [];
    expect(page?.length).toBe(100_000);
    expect(page?.buffer.byteLength).toBeLessThan(200_000);
  });

  it('are forgotten when the server is gone', () => {
    const all = new Activities();
    all.of('one').listed(first, Buffer.from('1'));
    all.drop('one');
    expect(all.of('one').offered).toBeUndefined();
  });

  it('are no more than 4 MiB and 200 pages', () => {
    const one = new Activities().of('one');
    one.listed(first, Buffer.alloc(3 * 1_048_576));
    one.listed(next, Buffer.alloc(3 * 1_048_576));
    expect(one.offered?.pages).toHaveLength(1);
    one.listed(first, Buffer.from('1'));
    for (let n = 0; n < 300; n++) one.listed(next, Buffer.from('2'));
    expect(one.offered?.pages).toHaveLength(200);
  });
});
