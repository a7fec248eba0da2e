// Clients of every kind at a load balancer that sends each request to the next replica.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startAskingServer } from '../../peers/asking-server.ts';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { type StatefulPeer, startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { type Replicated, startReplicated } from './replicated.ts';

const clients: { vanish(): void }[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.vanish();
});

let upstream: StatefulPeer;
let all: Replicated;
beforeAll(async () => {
  upstream = await startSdkV1Stateful();
  all = await startReplicated(upstream.url, { count: 3 });
});
afterAll(async () => {
  await all?.close();
  await upstream?.close();
});

async function connected(): Promise<StreamableClient> {
  const client = new StreamableClient(`${all.url}/mcp`);
  clients.push(client);
  client.on('elicitation/create', ({ message }) => ({ action: 'accept', content: { name: `said: ${message}` } }));
  await client.initialize('2025-11-25', { elicitation: {} });
  return client;
}

describe('a client with a session', () => {
  it('is served by every replica, and answers questions at any of them', async () => {
    const clients = await Promise.all(Array.from({ length: 6 }, connected));
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        clients.map(async (client, at) => {
          const echoed = await client.request('tools/call', { name: 'echo', arguments: { at, round } });
          expect(echoed.content[0].text).toBe(JSON.stringify({ at, round }));
          const asked = await client.request('tools/call', { name: 'elicits', arguments: { question: `q${at}` } });
          expect(JSON.parse(asked.content[0].text).content).toEqual({ name: `said: q${at}` });
        }),
      );
    }
  });

  it('ends its session at any replica, for all of them and for the server', async () => {
    const before = upstream.sessions.size;
    const client = await connected();
    expect(upstream.sessions.size).toBe(before + 1);
    expect((await client.delete()).status).toBe(204);
    await expect.poll(() => upstream.sessions.size, { timeout: 60_000 }).toBe(before);
    for (let n = 0; n < 4; n++) {
      const { status } = await client.post('{"jsonrpc":"2.0","id":1,"method":"ping"}').response;
      expect(status).toBe(404);
    }
  });

  it('is unknown with an id that no replica has sealed', async () => {
    const client = await connected();
    const own = client.sessionId as string;
    const other = own.slice(0, 30) + (own[30] === 'A' ? 'B' : 'A') + own.slice(31);
    for (const id of [other, own.slice(0, -4), `${own}AAAA`, 'x'.repeat(76), '0'.repeat(5000)]) {
      client.sessionId = id;
      const { status } = await client.post('{"jsonrpc":"2.0","id":1,"method":"ping"}').response;
      expect(status).toBe(404);
    }
  });
});

it('a client of HTTP+SSE posts its messages to any replica', async () => {
  const client = new SseClient(`${all.url}/sse`);
  clients.push(client);
  await client.open();
  await client.initialize('2024-11-05');
  for (let n = 0; n < 6; n++) {
    const echoed = await client.request('tools/call', { name: 'echo', arguments: { n } });
    expect(echoed.content[0].text).toBe(JSON.stringify({ n }));
  }
});

describe('a client of 2026-07-28', () => {
  it('brings the answers to questions to any replica', async () => {
    const server = await startAskingServer();
    const replicated = await startReplicated(server.url, { count: 3 });
    const client = new ModernClient(`${replicated.url}/mcp`);
    client.capabilities = { elicitation: { form: {} } };
    try {
      for (let n = 0; n < 6; n++) {
        const call = { name: `tool-${n}`, arguments: { n } };
        const round = (await client.call('tools/call', call)).message.result;
        expect(round.resultType).toBe('input_required');
        const { requestState, inputRequests } = round;
        const answer = { action: 'accept', content: { n } };
        const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, answer]));
        const { message } = await client.call('tools/call', { ...call, inputResponses, requestState });
        expect(message.result?.content[0].text).toBe(JSON.stringify(answer));
        const again = await client.call('tools/call', { ...call, inputResponses, requestState });
        expect(again.message.error).toMatchObject({ code: -32602, data: { reason: 'gone' } });
      }
    } finally {
      client.vanish();
      await replicated.close();
      await server.close();
    }
  });
});
