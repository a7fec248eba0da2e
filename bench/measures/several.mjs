// What it costs that a server comes from a file, and that others are joined with it.
import { SEVERAL } from '../contestants.mjs';
import { PROCESSES_A_ROUND } from '../turns.mjs';
import { latency } from './latency.mjs';
import { load } from './load.mjs';

/** Keeps one figure of a measure, under another name. */
const figureOf = (measure, name, from, to, title) => ({
  name,
  mode: SEVERAL,
  repeats: PROCESSES_A_ROUND,
  metrics: [{ id: to, title, unit: 'µs', digits: 0 }],
  async run(context) {
    const outcome = await measure.run(context);
    return new Map(
      [...outcome].map(([contestant, figures]) => [
        contestant,
        figures instanceof Error ? figures : { [to]: figures[from] },
      ]),
    );
  },
});

export const several = figureOf(load, 'several', 'cpu', 'severalCpu', 'CPU a call, 32 in flight');

export const severalCalls = figureOf(
  latency,
  'several-calls',
  'callCpu',
  'severalCallCpu',
  'CPU a call, one after the other',
);
