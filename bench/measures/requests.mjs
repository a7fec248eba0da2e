// What a server has to answer before it sees the first `tools/call`: every HTTP
// request counts, whatever its method or path.
import { within } from '../client.mjs';
import { startUpstream } from '../server-process.mjs';

const REPETITIONS = 3;
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench-client', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

const CALL = { name: 'echo', arguments: { text: 'first' } };

async function legacy(client) {
  await client.initialize();
  client.notify('notifications/initialized');
  await client.request('tools/call', CALL);
}

async function modern(client) {
  await client.request('tools/call', { ...CALL, _meta: META });
}

/** A server of its own each time, so that no late request of another run is counted. */
async function count(contestant, converse, options) {
  const upstream = await startUpstream();
  const client = contestant.start(upstream.url, options);
  try {
    await within(20, converse(client));
    return await upstream.beforeFirstCall();
  } finally {
    await client.kill();
    await upstream.stop();
  }
}

/** The most of several runs, because streams and notifications race with calls. */
async function most(contestant, converse, options) {
  const runs = [];
  for (let i = 0; i < REPETITIONS; i++) runs.push(await count(contestant, converse, options));
  return runs.reduce((worst, run) => (run.length > worst.length ? run : worst));
}

export const requests = {
  name: 'requests',
  once: true,
  metrics: [
    { id: 'requestsLegacy', title: 'requests before the first call, 2025-11-25 client', unit: '', digits: 0 },
    { id: 'requestsModern', title: 'requests before the first call, 2026-07-28 client', unit: '', digits: 0 },
  ],
  async run({ contestants }) {
    const outcome = new Map();
    for (const contestant of contestants) {
      if (contestant.absent) {
        outcome.set(contestant.name, new Error(contestant.absent));
        continue;
      }
      const entry = { details: {} };
      for (const [id, converse, options] of [
        ['requestsLegacy', legacy, {}],
        ['requestsModern', modern, { modern: true }],
      ]) {
        try {
          entry.details[id] = await most(contestant, converse, options);
          entry[id] = entry.details[id].length;
        } catch (error) {
          entry[id] = error;
        }
      }
      outcome.set(contestant.name, entry);
    }
    return outcome;
  },
};
