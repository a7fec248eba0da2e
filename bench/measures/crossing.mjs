// Calls that cross the eras: a client of one of them in front of a server that speaks only the other. The floor has the
// same clients, and servers that agree with them.
import { FLOOR, HTTP, OURS, STDIO } from '../contestants.mjs';
import { http } from './http.mjs';
import { load } from './load.mjs';

/** Only the floor and this program take part. `paths`: where each finds its server; `options`: of their start. */
const crossing = ({ contestants, ...run }, paths, options = {}) => ({
  ...run,
  contestants: contestants
    .filter(({ name }) => paths[name] !== undefined)
    .map(({ start, ...rest }) => ({
      ...rest,
      start: start && ((url, own) => start(new URL(paths[rest.name], url).href, { ...own, ...options })),
    })),
});

/** Keeps one figure of a measure, under another name. */
async function only(outcomes, from, to) {
  return new Map(
    [...(await outcomes)].map(([name, figures]) => [
      name,
      figures instanceof Error ? figures : { [to]: figures[from] },
    ]),
  );
}

export const crossingUp = {
  name: 'crossing-up',
  mode: STDIO,
  metrics: [
    { id: 'upCpu', title: 'CPU a call, a client of 2025-11-25, a server of 2026-07-28', unit: 'µs', digits: 0 },
  ],
  run: (context) => only(load.run(crossing(context, { [FLOOR]: '/legacy', [OURS]: '/modern' })), 'cpu', 'upCpu'),
};

export const crossingDown = {
  name: 'crossing-down',
  mode: HTTP,
  metrics: [
    { id: 'downCpu', title: 'CPU a call, 32 clients of 2026-07-28, a server of 2025-11-25', unit: 'µs', digits: 0 },
  ],
  run: (context) => {
    const run = crossing(context, { [FLOOR]: '/modern', [OURS]: '/legacy' }, { modernClients: true });
    return only(http.run(run), 'httpCpu', 'downCpu');
  },
};
