// Older clients in front of a server of 2026-07-28, in HTTP mode: each gets its own questions and its own changes.
import { afterEach, describe, expect, it } from 'vitest';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { type Message, modernServer } from '../../peers/minimal-server.ts';
import { type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { Watched } from '../../peers/watched.ts';
import { ALL, CALL, CAPABILITIES, discovered, INFO, open, paramsOf, type Stream, streaming } from './fixture.ts';

const clients: { vanish(): void }[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.vanish();
  await closeServings();
});

/** Asks the user for a name, and returns a greeting. */
const greeting = {
  'tools/call': ({ inputResponses }: Message['params']) =>
    inputResponses
      ? `{"resultType":"complete","content":[],"greeted":${JSON.stringify(inputResponses.who.content.name)}}`
      : '{"resultType":"input_required","inputRequests":{"who":{"method":"elicitation/create","params":{"message":"Name?","requestedSchema":{"type":"object","properties":{}}}}},"requestState":"s"}',
};

async function serve(script: Parameters<typeof startScripted>[1], args: string[] = []) {
  const server = await open(startScripted('/mcp', script));
  const { url } = await startServing(server.url, args);
  return { server, url };
}

async function streamable(url: string, capabilities: object = ALL): Promise<StreamableClient> {
  const client = new StreamableClient(`${url}/mcp`);
  clients.push(client);
  await client.initialize('2025-11-25', capabilities);
  return client;
}

const named = (name: string) => () => ({ action: 'accept', content: { name } });

describe('a question', () => {
  it('comes on the response of the very call', async () => {
    const { url } = await serve(modernServer(greeting));
    const client = await streamable(url);
    client.on('elicitation/create', named('Ann'));
    const { message, stream } = await client.call('tools/call', CALL, 'mine');
    expect(message.result).toEqual({ content: [], greeted: 'Ann' });
    const asked = await client.arrivals.next('elicitation/create');
    expect([asked.stream.kind, asked.stream.number]).toEqual(['POST', stream.number]);
  });

  it('comes on the stream of a client of 2024-11-05', async () => {
    const { url } = await serve(modernServer(greeting));
    const client = new SseClient(`${url}/sse`);
    clients.push(client);
    await client.open();
    await client.initialize('2024-11-05', { elicitation: {} });
    client.on('elicitation/create', named('Ben'));
    expect(await client.request('tools/call', CALL)).toEqual({ content: [], greeted: 'Ben' });
  });

  it('reaches the client whose call caused it, and the answer reaches that call', async () => {
    const { server, url } = await serve(modernServer(greeting));
    const names = ['Ann', 'Ben', 'Cleo', 'Dan'];
    const all = await Promise.all(names.map(() => streamable(url)));
    const calls = all.map((client, i) => {
      client.on('elicitation/create', named(names[i] as string));
      return client.request('tools/call', CALL, 1);
    });
    expect((await Promise.all(calls)).map(({ greeted }) => greeted)).toEqual(names);
    expect(paramsOf(server, 'tools/call')).toHaveLength(2 * names.length);
  });

  it('is refused for a client that accepts only JSON, and so could not see it', async () => {
    const { url } = await serve(modernServer(greeting));
    const client = await streamable(url);
    const sending = client.post(
      JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: CALL }),
      { accept: 'application/json' },
      9,
    );
    const exchange = await sending.response;
    await exchange.ended;
    expect(JSON.parse(exchange.body)).toMatchObject({ id: 9, error: { code: -31006 } });
  });
});

describe('a session', () => {
  const ANNOUNCING = {
    'server/discover': discovered({ tools: { listChanged: true }, resources: { subscribe: true } }),
  };

  async function announcing(args: string[] = []) {
    const streams = new Watched<Stream>('streams');
    const connected = await serve(
      streaming(
        'subscriptions/listen',
        (stream) => {
          const { notifications } = JSON.parse(stream.seen.body).params as Message['params'];
          stream.send({ method: 'notifications/subscriptions/acknowledged', params: { notifications } });
          streams.add(stream);
        },
        ANNOUNCING,
      ),
      args,
    );
    return { ...connected, streams };
  }

  it('gets changes on its stream, and closes the stream at the server when it ends', async () => {
    const { url, streams } = await announcing();
    const client = await streamable(url);
    await client.listen();
    const { send, seen } = await streams.nth(1);
    const gone = new Promise((resolve) => seen.gone.addEventListener('abort', resolve));
    send({ method: 'notifications/tools/list_changed' });
    expect((await client.arrivals.next('notifications/tools/list_changed')).stream.kind).toBe('GET');
    await client.delete();
    await gone;
  });

  it('names its own client to the server, and no other one', async () => {
    const { server, url } = await serve(modernServer());
    const [one, two] = await Promise.all([streamable(url, { roots: {} }), streamable(url, { sampling: {} })]);
    await one.request('tools/list');
    await two.request('tools/list');
    expect(paramsOf(server, 'tools/list').map(({ _meta }) => [_meta[CAPABILITIES], _meta[INFO].name])).toEqual([
      [{ roots: {} }, 'streamable-client'],
      [{ sampling: {} }, 'streamable-client'],
    ]);
  });

  it('that all clients share declares no capabilities, and each client gets the changes that it wants', async () => {
    const { server, url, streams } = await announcing(['--upstream-session', 'shared']);
    const [one, two] = await Promise.all([streamable(url), streamable(url)]);
    await Promise.all([one.listen(), two.listen()]);
    const [lists] = [await streams.nth(1)];
    await one.request('resources/subscribe', { uri: 'a:b' });
    const { send } = await streams.nth(1, ({ seen }) => seen.body.includes('a:b'));
    send({ method: 'notifications/resources/updated', params: { uri: 'a:b' } });
    lists.send({ method: 'notifications/tools/list_changed' });
    for (const client of [one, two]) await client.arrivals.next('notifications/tools/list_changed');
    await one.arrivals.next('notifications/resources/updated');
    expect(two.arrivals.all.map(({ message }) => message.method)).not.toContain('notifications/resources/updated');
    await one.request('tools/list');
    expect(paramsOf(server as ScriptedPeer, 'tools/list')[0]._meta[CAPABILITIES]).toEqual({});
  });
});
