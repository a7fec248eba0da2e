// Results of 2 MiB, as one JSON body and as an event of a stream.
import { largeResult } from '../payload.mjs';
import { percentile } from '../statistics.mjs';
import { PROCESSES_A_ROUND, takeTurns } from '../turns.mjs';

const SIZE = 2 * 1024 * 1024;
const calls = 40;

async function one(client, sse) {
  const sent = performance.now();
  const { line, at } = await client.request('tools/call', { name: 'big', arguments: { size: SIZE, sse } });
  // Contestants that re-serialise may change the length a little; a missing part they may not.
  if (line.length < largeResult(SIZE).length * 0.9) throw new Error(`a result of ${line.length} bytes`);
  return at - sent;
}

export const large = {
  name: 'large',
  metrics: [
    { id: 'largeJson', title: '2 MiB result as JSON, p50', unit: 'ms', digits: 1 },
    { id: 'largeSse', title: '2 MiB result as SSE, p50', unit: 'ms', digits: 1 },
  ],
  repeats: PROCESSES_A_ROUND,
  run: ({ contestants, url, round, rounds, quick }) =>
    takeTurns({
      contestants,
      url,
      round,
      turns: quick ? 5 : Math.max(10, Math.ceil(calls / rounds)),
      async open(client) {
        for (const sse of [false, true, false, true]) await one(client, sse);
        return { json: [], sse: [] };
      },
      async turn(client, { json, sse }) {
        json.push(await one(client, false));
        sse.push(await one(client, true));
      },
      finish: (_, { json, sse }) => ({ largeJson: percentile(json, 0.5), largeSse: percentile(sse, 0.5) }),
    }),
};
