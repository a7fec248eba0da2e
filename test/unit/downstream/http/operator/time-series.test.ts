import { describe, expect, it } from 'vitest';
import { INTERVAL, INTERVALS, TimeSeries } from '../../../../../src/downstream/http/operator/time-series.ts';

const T0 = 1_000 * INTERVAL;

describe('a series', () => {
  it('counts in the interval in which a request ends', () => {
    const series = new TimeSeries();
    series.add(T0, 0.1, false);
    series.add(T0 + INTERVAL - 1, 0.1, true);
    series.add(T0 + INTERVAL, 0.1, false);
    const read = series.read(T0 + INTERVAL);
    expect(read).toHaveLength(INTERVALS);
    expect(read.slice(-3).map(({ requests, failed }) => [requests, failed])).toEqual([
      [0, 0],
      [2, 1],
      [1, 0],
    ]);
  });

  it('forgets what is older than all intervals, and takes its place', () => {
    const series = new TimeSeries();
    series.add(T0, 0.1, true);
    const later = T0 + INTERVALS * INTERVAL;
    expect(series.read(later).every(({ requests }) => requests === 0)).toBe(true);
    series.add(later, 0.1, false);
    expect(series.read(later).map(({ requests }) => requests)).toEqual([...Array(INTERVALS - 1).fill(0), 1]);
    expect(series.read(later).at(-1)?.failed).toBe(0);
  });

  it('reads at the start of the clock', () => {
    expect(new TimeSeries().read(0)).toHaveLength(INTERVALS);
  });

  it.each([0.0002, 0.004, 0.1, 1, 42, 600])('knows the median of %s s to about a fifth', (seconds) => {
    const series = new TimeSeries();
    for (let n = 0; n < 9; n++) series.add(T0, seconds, false);
    const { median, slow } = series.read(T0).at(-1) ?? {};
    expect(median).toBe(slow);
    if (seconds > 0.001) expect(Math.abs((median ?? 0) - seconds) / seconds).toBeLessThan(0.21);
    else expect(median).toBeLessThanOrEqual(0.001);
  });

  it('tells slow requests from most of them', () => {
    const series = new TimeSeries();
    for (let n = 0; n < 90; n++) series.add(T0, 0.01, false);
    for (let n = 0; n < 10; n++) series.add(T0, 10, false);
    const { median = 0, slow = 0 } = series.read(T0).at(-1) ?? {};
    expect(median).toBeLessThan(0.02);
    expect(slow).toBeGreaterThan(5);
  });

  it('takes durations of any length', () => {
    const series = new TimeSeries();
    for (const seconds of [0, Number.MIN_VALUE, 1e9]) series.add(T0, seconds, false);
    expect(series.read(T0).at(-1)?.requests).toBe(3);
  });
});
