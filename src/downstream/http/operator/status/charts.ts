/** Small charts as SVG: how many requests ended in each interval, and how long they took. Pure. */
import { INTERVAL, INTERVALS, type Interval } from '../time-series.ts';
import { type Html, html, NOTHING } from './html.ts';
import { count, duration } from './words.ts';

/** In units of the drawing. */
const WIDTH = 360;
const HEIGHT = 72;
const STEP = WIDTH / INTERVALS;

/** @param isWhole whether all intervals were counted, and not only those since somebody looks */
export function chartsView(intervals: readonly Interval[], isWhole: boolean): Html {
  const span = isWhole ? 'in 15 minutes' : 'since this page was opened';
  return html`<section id="charts" aria-label="The last 15 minutes">
${requestsChart(intervals, span)}
${timesChart(intervals, span)}
</section>`;
}

function requestsChart(intervals: readonly Interval[], span: string): Html {
  const most = Math.max(...intervals.map(({ requests }) => requests));
  const all = intervals.reduce((sum, { requests }) => sum + requests, 0);
  const failed = intervals.reduce((sum, interval) => sum + interval.failed, 0);
  const bars = intervals.map(({ requests, failed: bad }, i) => {
    if (requests === 0) return NOTHING;
    return html`${bar(i, (requests - bad) / most, bad / most, 'bar')}${bar(i, bad / most, 0, 'bar failed')}`;
  });
  const words = `${all === 0 ? 'none' : count(all)} ${span}${failed > 0 ? `, ${count(failed)} failed` : ''}`;
  return html`<figure class="card" data-key="requests">
<figcaption><span>Requests</span> <span class="soft">${words}</span></figcaption>
${drawing(`Requests: ${words}; at most ${count(most)} in 10 seconds`, html`${bars}`, most === 0 ? '' : `${count(most)} in ${INTERVAL / 1_000} s`)}
</figure>`;
}

/** A part of a bar; `height` and `below` are shares of the whole height. */
function bar(i: number, height: number, below: number, kind: string): Html {
  if (height === 0) return NOTHING;
  const tall = Math.max(1.5, height * HEIGHT);
  const y = HEIGHT - below * HEIGHT - tall;
  return html`<rect class="${kind}" x="${fixed(i * STEP + 0.4)}" y="${fixed(y)}" width="${fixed(STEP - 0.8)}" height="${fixed(tall)}"/>`;
}

function timesChart(intervals: readonly Interval[], span: string): Html {
  const slowest = Math.max(...intervals.map(({ slow = 0 }) => slow));
  const most = slowest === 0 ? 1 : slowest;
  const { median, slow } = latest(intervals);
  const words =
    median === undefined || slow === undefined
      ? `no answers ${span}`
      : `median ${duration(median)}, 95 % within ${duration(slow)}`;
  const points = intervals.map((interval, i) =>
    interval.median === undefined || interval.slow === undefined
      ? NOTHING
      : html`<rect class="range" x="${fixed(i * STEP + 0.4)}" y="${fixed(yOf(interval.slow / most))}" width="${fixed(STEP - 0.8)}" height="${fixed(Math.max(1.5, yOf(interval.median / most) - yOf(interval.slow / most)))}"/><rect class="median" x="${fixed(i * STEP)}" y="${fixed(yOf(interval.median / most) - 1)}" width="${fixed(STEP)}" height="2"/>`,
  );
  return html`<figure class="card" data-key="times">
<figcaption><span>Response time</span> <span class="soft">${words}</span></figcaption>
${drawing(`Response time: ${words}`, html`${points}`, slowest === 0 ? '' : duration(slowest))}
</figure>`;
}

function yOf(share: number): number {
  return HEIGHT - share * (HEIGHT - 2);
}

/** The last interval with an answer. */
function latest(intervals: readonly Interval[]): Pick<Interval, 'median' | 'slow'> {
  return intervals.findLast(({ median }) => median !== undefined) ?? { median: undefined, slow: undefined };
}

/** @param top what the upper edge means */
function drawing(label: string, content: Html, top: string): Html {
  return html`<p class="axis" aria-hidden="true">${top === '' ? '\u00a0' : top}</p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}"><rect class="ground" x="0" y="0" width="${WIDTH}" height="0.5"/><rect class="ground" x="0" y="${HEIGHT - 0.5}" width="${WIDTH}" height="0.5"/>${content}</svg>
<p class="axis" aria-hidden="true"><span>15 min ago</span><span>now</span></p>`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
