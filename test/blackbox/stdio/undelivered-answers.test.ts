// The answer of a client to a question of the server, on a network that fails just then, or refused by the server.
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { legacyServer, type Message, rpc, sseServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import { answer, type Script, startScripted } from '../../peers/scripted.ts';

const open = opened();
afterEach(closeProxies);

const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
const QUESTION = { id: 1, method: 'elicitation/create', params: { message: 'Sure?', requestedSchema: {} } };

const isAnswer = ({ id, method }: Message): boolean => id === QUESTION.id && method === undefined;

/**
 * Asks during each call, and answers the call when it has the answer. The first attempts of it meet a reset, the next
 * one this status.
 */
function askingServer(resets: number, status = 202): { readonly script: Script; readonly attempts: () => number } {
  const base = legacyServer();
  let attempts = 0;
  let call: { readonly res: ServerResponse; readonly id: Message['id'] } | undefined;
  const script: Script = (seen, res) => {
    const message = rpc(seen);
    if (message.method === 'tools/call') {
      call = { res, id: message.id };
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      return void res.write(event(QUESTION));
    }
    if (seen.method !== 'POST' || !isAnswer(message)) return base(seen, res);
    attempts += 1;
    if (attempts <= resets) return res.socket?.resetAndDestroy();
    answer(res, status, 'text/plain', '');
    if (status === 202) call?.res.end(event({ id: call.id, result: { content: [] } }));
  };
  return { script, attempts: () => attempts };
}

async function called(url: string): Promise<{ readonly result?: unknown; readonly error?: { message: string } }> {
  const proxy = startProxy(url);
  proxy.rpc.on('elicitation/create', () => ({ action: 'accept', content: {} }));
  await proxy.rpc.initialize('2025-11-25', { elicitation: {} });
  const { message } = await proxy.rpc.exchange('tools/call', { name: 'echo', arguments: {} });
  await proxy.close();
  return message;
}

describe('Streamable HTTP', () => {
  it('an answer whose connection is reset is sent again, and the call goes on', async () => {
    const { script, attempts } = askingServer(3);
    const server = await open(startScripted('/mcp', script));
    expect((await called(server.url)).result).toEqual({ content: [] });
    expect(attempts()).toBe(4);
  });

  it('an answer that cannot be delivered at all ends the call with an error', async () => {
    const { script } = askingServer(Number.POSITIVE_INFINITY);
    const server = await open(startScripted('/mcp', script));
    const { error } = await called(server.url);
    expect(error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    expect(error?.message).toContain('the answer of the client could not be delivered');
  });

  it('an answer that the server refuses is not sent again, and ends the call with an error', async () => {
    const { script, attempts } = askingServer(0, 500);
    const server = await open(startScripted('/mcp', script));
    const { error } = await called(server.url);
    expect(error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    expect(error?.message).toContain('the answer of the client could not be delivered');
    expect(error?.message).toContain('answered HTTP 500');
    expect(attempts()).toBe(1);
  });
});

/** Asks during each call, as `askingServer`, and refuses what `refuses` says with HTTP 400. */
function askingSseServer(
  resets: number,
  refuses: (message: Message) => boolean = () => false,
): { readonly script: Script; readonly posts: (Message & { readonly result?: unknown })[] } {
  const base = sseServer();
  const posts: Message[] = [];
  let stream: ServerResponse | undefined;
  let call: Message['id'];
  const script: Script = (seen, res) => {
    if (seen.method === 'GET') stream = res;
    const message = rpc(seen);
    if (seen.method === 'POST') posts.push(message);
    if (refuses(message)) return answer(res, 400, 'text/plain', 'no');
    if (message.method === 'tools/call') {
      call = message.id;
      answer(res, 202, 'text/plain', '');
      return stream?.write(event(QUESTION));
    }
    if (seen.method !== 'POST' || !isAnswer(message)) return base(seen, res);
    if (posts.filter(isAnswer).length <= resets) return res.socket?.resetAndDestroy();
    answer(res, 202, 'text/plain', '');
    return stream?.write(event({ id: call, result: { content: [] } }));
  };
  return { script, posts };
}

describe('HTTP+SSE', () => {
  it('an answer whose connection is reset is sent again, and the call goes on', async () => {
    const { script, posts } = askingSseServer(2);
    const server = await open(startScripted('/sse', script));
    expect((await called(server.url)).result).toEqual({ content: [] });
    expect(posts.filter(isAnswer)).toHaveLength(3);
  });

  it('an answer that the server refuses is not sent again, and ends the call with an error', async () => {
    const { script, posts } = askingSseServer(0, isAnswer);
    const server = await open(startScripted('/sse', script));
    const { error } = await called(server.url);
    expect(error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
    expect(error?.message).toContain('the answer of the client could not be delivered');
    expect(error?.message).toContain('answered HTTP 400');
    expect(posts.filter(isAnswer)).toHaveLength(1);
  });

  it('a notification that the server refuses is sent once, and requests do not wait for it', async () => {
    const { script, posts } = askingSseServer(0, ({ id, method }) => id === undefined && method !== undefined);
    const server = await open(startScripted('/sse', script));
    expect((await called(server.url)).result).toEqual({ content: [] });
    expect(posts.filter(({ method }) => method === 'notifications/initialized')).toHaveLength(1);
  });
});
