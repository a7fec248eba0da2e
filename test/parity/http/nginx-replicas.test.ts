// Two replicas of a server with sessions behind nginx with a sticky cookie, as examples/nginx/replicas.conf sets it up,
// and many clients that reach them through one process.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../peers/free-port.ts';
import { type Serving, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { exampleConfig, type Nginx, startNginx } from '../../peers/nginx.ts';
import { type Replica, startReplica } from './replica.ts';

const CLIENTS = 12;

let replicas: [Replica, Replica];
let nginx: Nginx;
beforeAll(async () => {
  replicas = [await startReplica(), await startReplica()];
  const [a, b] = replicas.map(({ address }) => address) as [string, string];
  const pattern = (address: string): string => address.replaceAll('.', '\\.');
  const port = await freePort();
  const http = exampleConfig('replicas.conf', {
    'listen 80;': `listen 127.0.0.1:${port};`,
    '10.0.0.1:3000': a,
    '10.0.0.2:3000': b,
    '10\\.0\\.0\\.1:3000': pattern(a),
    '10\\.0\\.0\\.2:3000': pattern(b),
  });
  nginx = await startNginx({ http, port });
});
afterAll(async () => {
  await nginx?.close();
  for (const replica of replicas) await replica.close();
});

const sessions = (): string[] => replicas.flatMap((replica) => replica.sessions);

async function connected(serving: Serving, name: string): Promise<StreamableClient> {
  const client = new StreamableClient(`${serving.url}/mcp`);
  client.on('elicitation/create', ({ message }) => ({ action: 'accept', content: { name: `${name}: ${message}` } }));
  await client.initialize('2025-11-25', { elicitation: {} });
  return client;
}

/** A call, and one in which the server asks back: the answer has to find the replica that asked. */
async function works(client: StreamableClient, name: string): Promise<void> {
  const echoed = await client.request('tools/call', { name: 'echo', arguments: { name } });
  expect(echoed.content[0].text).toBe(JSON.stringify({ name }));
  const asked = await client.request('tools/call', { name: 'elicits', arguments: { question: 'who?' } });
  expect(JSON.parse(asked.content[0].text).content).toEqual({ name: `${name}: who?` });
}

describe('a session for each client', () => {
  let serving: Serving;
  const clients: StreamableClient[] = [];
  const all = (): Promise<unknown> => Promise.all(clients.map((client, at) => works(client, `client ${at}`)));
  beforeAll(async () => {
    serving = await startServing(nginx.url);
    clients.push(
      ...(await Promise.all(Array.from({ length: CLIENTS }, (_, at) => connected(serving, `client ${at}`)))),
    );
  });
  afterAll(async () => {
    for (const client of clients) client.vanish();
    await serving?.stop();
  });

  it('spreads over both replicas', () => {
    expect(sessions()).toHaveLength(CLIENTS);
    for (const replica of replicas) expect(replica.sessions.length).toBeGreaterThan(0);
  });

  it('stays on the replica that opened it', async () => {
    const before = sessions();
    const logged = nginx.log().length;
    for (let round = 0; round < 4; round += 1) await all();
    expect(sessions()).toEqual(before);
    expect(nginx.log().slice(logged)).not.toMatch(/ \/mcp HTTP\/1\.1" [45]\d\d /);
  });

  it('opens again only when its replica has restarted', async () => {
    const [restarted, kept] = replicas;
    const before = { restarted: restarted.sessions, kept: kept.sessions };
    await restarted.restart();
    await all();
    expect(kept.sessions).toEqual(before.kept);
    expect(restarted.sessions).toHaveLength(before.restarted.length);
    expect(restarted.sessions.filter((id) => before.restarted.includes(id))).toEqual([]);
  });

  it('ends when its client leaves', async () => {
    const [first, ...others] = clients;
    await first?.close();
    await expect.poll(() => sessions().length, { timeout: 60_000 }).toBe(CLIENTS - 1);
    await Promise.all(others.map((client, at) => works(client, `client ${at + 1}`)));
    expect(await serving.stop()).toEqual({ code: 0, signal: null });
    expect(sessions()).toEqual([]);
  });
});

describe('one session for all clients', () => {
  it('stays on one replica for all clients', async () => {
    const serving = await startServing(nginx.url, ['--upstream-session', 'shared']);
    const clients = await Promise.all([1, 2, 3, 4].map((at) => connected(serving, `client ${at}`)));
    expect(sessions()).toHaveLength(1);
    for (let round = 0; round < 4; round += 1) {
      const calls = clients.map((client, at) => client.request('tools/call', { name: 'echo', arguments: { at } }));
      const texts = (await Promise.all(calls)).map(({ content }) => content[0].text);
      expect(texts).toEqual([0, 1, 2, 3].map((at) => `{"at":${at}}`));
    }
    expect(sessions()).toHaveLength(1);
    for (const client of clients) await client.close();
    expect(await serving.stop()).toEqual({ code: 0, signal: null });
    expect(sessions()).toEqual([]);
  });
});

it('without a cookie, a line on stderr says what the load balancer lacks', async () => {
  const port = await freePort();
  const upstream = replicas.map(({ address }) => `server ${address};`).join(' ');
  const server = `listen 127.0.0.1:${port}; location / { proxy_pass http://all; proxy_buffering off; }`;
  const roundRobin = await startNginx({ http: `upstream all { ${upstream} }\nserver { ${server} }`, port });
  const serving = await startServing(roundRobin.url);
  try {
    const client = await connected(serving, 'client');
    // Each request goes to the next replica, and only one of them knows the session.
    for (let n = 0; n < 6; n += 1) await client.call('tools/call', { name: 'echo', arguments: { n } });
    await serving.proxy.stderrMatching(/its load balancer must lead each session to one of them \(sticky sessions\)/);
    client.vanish();
  } finally {
    await serving.stop();
    await roundRobin.close();
  }
});
