// A call that fails upstream, as official clients see it: they show the error, and their session goes on.
import { afterEach, describe, expect, it } from 'vitest';
import { CLIENTS, type ClientKind, connect, type Subject } from '../../../parity/stdio/subject.ts';
import { type Answer, closeHostiles, startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { closeServings, startServing } from '../../../peers/http/serving.ts';
import { scripted } from '../../../peers/local/scripted.ts';
import { opened } from '../../../peers/opened.ts';

const open = opened();
const clients: Subject[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await closeServings();
  await closeHostiles();
});

const FAILURES: [what: string, how: Answer, message: RegExp][] = [
  ['answered 429', a.status(429, 'later'), /answered HTTP 429/],
  ['led to another origin', a.status(307, '', { location: 'https://other.example/mcp' }), /another origin/],
  ['answered 503', a.status(503, 'busy'), /answered HTTP 503/],
  ['answered 502', a.status(502, '<h1>Bad Gateway</h1>'), /answered HTTP 502/],
  ['answered with a page', a.status(200, '<h1>hello</h1>', { 'content-type': 'text/html' }), /text\/html/],
  ['cut off', a.hangUp, /closed the connection before it answered/],
];

const CONNECTIONS: [kind: ClientKind, via: 'http' | 'sse'][] = [
  ...CLIENTS.map((kind): [ClientKind, 'http'] => [kind, 'http']),
  ['SDK v1', 'sse'],
  ['SDK v2 legacy', 'sse'],
];

describe.each(CONNECTIONS)('%s over %s', (kind, via) => {
  const pathOf = via === 'http' ? '/mcp' : '/sse';

  it.each(FAILURES)(
    'after a call that is %s, the client shows why, and the next call works',
    async (_what, how, message) => {
      const upstream = await startHostile();
      const { url } = await startServing(upstream.url);
      const client = await connect(kind, via, `${url}${pathOf}`);
      clients.push(client);
      upstream.once('tools/call', how);
      const error = (await client.tool('echo', { n: 1 }).catch((reason: unknown) => reason)) as Error & {
        code: number;
      };
      expect(error.message).toMatch(message);
      // An error of JSON-RPC, not one of HTTP.
      expect(error.code, error.message).toBe(-31003);
      expect(await client.tool('echo', { n: 2 })).toMatchObject({ content: [{ type: 'text', text: '{"n":2}' }] });
      expect(upstream.all('initialize').length).toBeLessThanOrEqual(1);
    },
  );

  it('after a call in which a local server ends, the client shows why, and the next call works', async () => {
    const server = await open(scripted(kind === 'SDK v2 modern' ? { era: 'modern' } : {}));
    const { url } = await startServing(undefined, ['--', ...server.command]);
    const client = await connect(kind, via, `${url}${pathOf}`);
    clients.push(client);
    const error = (await client.tool('end').catch((reason: unknown) => reason)) as Error & { code: number };
    expect(error.code, error.message).toBe(-31003);
    expect(error.message).toMatch(/ended/);
    expect(await client.tool('echo', { text: 'still here' })).toMatchObject({ content: [{ text: 'still here' }] });
  });
});
