// What a client has missed when the replica that has its session ends: it asks for it at another one.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Arrival } from '../../peers/http/arrivals.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { type Replicated, startReplicated } from './replicated.ts';
import { type StreamingServer, startStreaming } from './streaming-server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

let server: StreamingServer;
let all: Replicated;
beforeEach(async () => {
  server = await startStreaming();
  closing.push(server.close);
  all = await startReplicated(server.url, { count: 3 });
  closing.push(all.close);
});

/** The client again, at some replica, with new connections. */
function at(replica: number, former?: StreamableClient): StreamableClient {
  const client = new StreamableClient(`${all.replicas[replica]?.url}/mcp`);
  client.sessionId = former?.sessionId;
  client.protocolVersion = former?.protocolVersion;
  closing.push(() => client.vanish());
  return client;
}

const isSaid = ({ message }: Arrival): boolean => message.method === 'notifications/message';

/** What the server has said to a client so far. */
function said(client: StreamableClient): unknown[] {
  return client.arrivals.all.filter(isSaid).map(({ message }) => (message.params as { data: unknown }).data);
}

/** The next thing that the server says: the text, and the id of the event. */
async function hears(client: StreamableClient): Promise<[text: unknown, id: string | undefined]> {
  const { message, eventId } = await client.arrivals.next(isSaid);
  return [(message.params as { data: unknown }).data, eventId];
}

/** Waits until the store has so many events of all sessions. */
async function stored(count: number): Promise<void> {
  const look = async (): Promise<number> => {
    const keys = (await all.store.command('KEYS', 'mcp-proxy:{1}:events:*')).split('\n').filter(Boolean);
    const lengths = await Promise.all(keys.map((key) => all.store.command('LLEN', key)));
    return lengths.reduce((sum, length) => sum + Number(length), 0);
  };
  await expect.poll(look, { timeout: 60_000 }).toBe(count);
}

const end = {
  'is killed': async (replica: number) => {
    all.replicas[replica]?.proxy.kill('SIGKILL');
    await all.replicas[replica]?.proxy.exited;
  },
  'is told to end': async (replica: number) => {
    await all.replicas[replica]?.stop();
  },
};

describe.each(Object.entries(end))('when the replica of a session %s', (_, ends) => {
  it('another one goes on with the stream, and so does the next', async () => {
    const client = at(0);
    await client.initialize();
    await client.listen();
    await server.listening(1);
    server.say('one');
    const [, first] = await hears(client);
    client.vanish();
    server.say('two');
    server.say('three');
    await stored(3);
    await ends(0);

    const next = at(1, client);
    await next.listen({ lastEventId: first });
    expect((await hears(next))[0]).toBe('two');
    const [text, third] = await hears(next);
    expect(text).toBe('three');
    await server.listening(2);
    server.say('four');
    const [, fourth] = await hears(next);
    next.vanish();
    server.say('five');
    await stored(5);
    await ends(1);

    const last = at(2, client);
    await last.listen({ lastEventId: fourth });
    expect((await hears(last))[0]).toBe('five');
    const again = at(2, client);
    await again.listen({ lastEventId: third });
    expect((await hears(again))[0]).toBe('four');
    expect((await hears(again))[0]).toBe('five');
    await server.listening(3);
    server.say('six');
    expect((await hears(again))[0]).toBe('six');
    expect([said(next), said(last), said(again)]).toEqual([
      ['two', 'three', 'four'],
      ['five'],
      ['four', 'five', 'six'],
    ]);
  });
});

describe('when the replica of a call is killed', () => {
  /** Begins a call, and loses the connection after its first event. */
  async function cut(client: StreamableClient, tool: string): Promise<{ id: number; lastEventId: string | undefined }> {
    const pending = client.begin('tools/call', { name: tool, arguments: {} });
    pending.answer.catch(() => {});
    const [, lastEventId] = await hears(client);
    pending.abandon();
    return { id: pending.id as number, lastEventId };
  }

  it('another one has the answer if there was one, and an error if not', async () => {
    const client = at(0);
    await client.initialize();
    const [answered, unanswered] = [await cut(client, 'answered'), await cut(client, 'unanswered')];
    server.answer('answered');
    await stored(3);
    await end['is killed'](0);

    const next = at(1, client);
    for (const { id, lastEventId } of [answered, unanswered, answered]) {
      const exchange = await next.listen({ lastEventId });
      await exchange.ended;
      const { message } = next.arrivals.answers(id).at(-1) as Arrival;
      if (id === answered.id) expect(message.result.content[0].text).toBe('answered');
      else expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    }
    expect(next.arrivals.answers(answered.id)).toHaveLength(2);
    expect(next.arrivals.answers(unanswered.id)).toHaveLength(1);
    expect(said(next).filter((text) => String(text).startsWith('begins'))).toEqual([]);
    // A client that has the answer does not get it again.
    const whole = next.arrivals.answers(answered.id)[0]?.eventId;
    await (await next.listen({ lastEventId: whole })).ended;
    expect(next.arrivals.answers(answered.id)).toHaveLength(2);
  });

  it('no other client gets any of it, and nobody after the end of the session', async () => {
    const client = at(0);
    await client.initialize();
    const { lastEventId } = await cut(client, 'secret');
    server.answer('secret');
    await stored(2);
    await end['is killed'](0);

    const stranger = at(1);
    await stranger.initialize();
    await expect(stranger.listen({ lastEventId })).rejects.toThrow('400');
    const next = at(1, client);
    await (await next.listen({ lastEventId })).ended;
    expect((await next.delete()).status).toBe(204);
    await stored(0);
    for (const replica of [1, 2]) {
      await expect(at(replica, client).listen({ lastEventId })).rejects.toThrow('404');
    }
    expect(said(stranger)).toEqual([]);
  });
});
