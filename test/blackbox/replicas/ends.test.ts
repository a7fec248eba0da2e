// What becomes of sessions and calls when a replica dies, or is told to end.
import { afterEach, describe, expect, it } from 'vitest';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { type StatefulPeer, startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { type Replicated, startReplicated } from './replicated.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(count: number): Promise<{ upstream: StatefulPeer; all: Replicated }> {
  const upstream = await startSdkV1Stateful();
  closing.push(() => upstream.close());
  const all = await startReplicated(upstream.url, { count });
  closing.push(() => all.close());
  return { upstream, all };
}

/** A client whose session began at one replica, and that goes on at another address. */
async function connected(first: string, then = first, revision = '2025-11-25'): Promise<StreamableClient> {
  const opening = new StreamableClient(`${first}/mcp`);
  await opening.initialize(revision, { elicitation: {} });
  const client = new StreamableClient(`${then}/mcp`);
  client.on('elicitation/create', ({ message }) => ({ action: 'accept', content: { name: `said: ${message}` } }));
  client.sessionId = opening.sessionId;
  client.protocolVersion = opening.protocolVersion;
  opening.vanish();
  closing.push(() => client.vanish());
  return client;
}

async function echoes(client: StreamableClient, text: string): Promise<void> {
  const echoed = await client.request('tools/call', { name: 'echo', arguments: { text } });
  expect(echoed.content[0].text).toBe(JSON.stringify({ text }));
  const asked = await client.request('tools/call', { name: 'elicits', arguments: { question: text } });
  expect(JSON.parse(asked.content[0].text).content).toEqual({ name: `said: ${text}` });
}

it('a session goes on at the other replicas when its own is killed', async () => {
  const { all } = await start(3);
  const [first, second, third] = all.replicas;
  if (!first || !second || !third) throw new Error('three replicas');
  const client = await connected(first.url, all.url);
  await echoes(client, 'before');
  first.proxy.kill('SIGKILL');
  await first.proxy.exited;
  for (let round = 0; round < 4; round++) await echoes(client, `after ${round}`);
  const fresh = await connected(second.url, third.url);
  await echoes(fresh, 'fresh');
});

it('and when its own is told to end, and when the next one ends, too', async () => {
  const { all, upstream } = await start(3);
  const [first, second, third] = all.replicas;
  if (!first || !second || !third) throw new Error('three replicas');
  const client = await connected(first.url, third.url);
  await echoes(client, 'before');
  expect(await first.stop()).toEqual({ code: 0, signal: null });
  const atSecond = await connected(second.url, second.url);
  atSecond.sessionId = client.sessionId;
  await echoes(atSecond, 'at the second');
  await echoes(client, 'through the third');
  await second.stop();
  await echoes(client, 'at the third');
  expect((await client.delete()).status).toBe(204);
  expect((await client.post('{"jsonrpc":"2.0","id":1,"method":"ping"}').response).status).toBe(404);
  await expect.poll(() => upstream.sessions.size, { timeout: 60_000 }).toBe(0);
});

it('a call that is with a replica when it dies ends at once with an error', async () => {
  const { all, upstream } = await start(2);
  const [first, second] = all.replicas;
  if (!first || !second) throw new Error('two replicas');
  const client = await connected(first.url, second.url);
  client.on('elicitation/create', () => new Promise(() => {}));
  const pending = client.begin('tools/call', { name: 'elicits', arguments: { question: 'never answered' } });
  await client.arrivals.next('elicitation/create');
  first.proxy.kill('SIGKILL');
  const { message } = await pending.answer;
  expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
  void upstream;
});

describe('when a replica that has passed a call on is told to end', () => {
  async function passedOn(revision: string) {
    const { all } = await start(2);
    const [first, second] = all.replicas;
    if (!first || !second) throw new Error('two replicas');
    const client = await connected(first.url, second.url, revision);
    let answer = (_name: string): void => {};
    client.on('elicitation/create', async () => {
      const name = await new Promise<string>((resolve) => {
        answer = resolve;
      });
      // The load balancer sends nothing to the one that has ended.
      client.url = `${first.url}/mcp`;
      return { action: 'accept', content: { name } };
    });
    const pending = client.begin('tools/call', { name: 'elicits', arguments: { question: 'who?' } }, 'the call');
    await client.arrivals.next('elicitation/create');
    expect(await second.stop()).toEqual({ code: 0, signal: null });
    return { client, pending, first, answer: (name: string) => answer(name) };
  }

  it('the call gets an error', async () => {
    const { pending } = await passedOn('2025-06-18');
    expect((await pending.answer).message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
  });

  it('a client that can resume the stream gets the answer at another replica', async () => {
    const { client, pending, first, answer } = await passedOn('2025-11-25');
    const broken = await pending.response;
    expect(await broken.ended).toBe('complete');
    expect(client.arrivals.answers('the call')).toEqual([]);
    client.url = `${first.url}/mcp`;
    await client.listen({ lastEventId: broken.stream.eventIds.at(-1) });
    answer('me');
    const { message } = await client.arrivals.next(({ message: { id, method } }) => id === 'the call' && !method);
    expect(JSON.parse(message.result.content[0].text).content).toEqual({ name: 'me' });
  });
});
