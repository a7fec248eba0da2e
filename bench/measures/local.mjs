// Local servers: the same load as on stdio and over HTTP, with the server as a child process of the contestant.
import { LOCAL, LOCAL_HTTP } from '../contestants.mjs';
import { PROCESSES_A_ROUND } from '../turns.mjs';
import { http } from './http.mjs';
import { latency } from './latency.mjs';
import { load } from './load.mjs';

/** The same measure for contestants of another kind, whose figures have rows of their own. */
function forLocal(measure, { name, mode, ids, repeats }) {
  const renamed = (values) =>
    values instanceof Error ? values : Object.fromEntries(Object.entries(ids).map(([id, own]) => [own, values[id]]));
  return {
    name,
    mode,
    repeats,
    metrics: measure.metrics
      .filter(({ id }) => id in ids)
      .map((metric) => ({ ...metric, id: ids[metric.id], title: `${metric.title}, local server` })),
    async run(options) {
      const outcome = await measure.run(options);
      return new Map([...outcome].map(([contestant, values]) => [contestant, renamed(values)]));
    },
  };
}

export const localCalls = forLocal(latency, {
  name: 'local-calls',
  mode: LOCAL,
  ids: { p50: 'localP50', callCpu: 'localCallCpu' },
  repeats: PROCESSES_A_ROUND,
});

export const local = forLocal(load, {
  name: 'local',
  mode: LOCAL,
  ids: { rate: 'localRate', cpu: 'localCpu', rssLoaded: 'localRss' },
});

export const localHttp = forLocal(http, {
  name: 'local-http',
  mode: LOCAL_HTTP,
  ids: { httpRate: 'localHttpRate', httpCpu: 'localHttpCpu', httpRss: 'localHttpRss' },
});
