// The official client of 2026-07-28 in front of official servers of older revisions: many questions at once, and
// questions that belong to no call.
import { afterEach, describe, expect, it } from 'vitest';
import { connect, type Subject } from '../../parity/stdio/subject.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import type { Peer } from '../../peers/listen.ts';
import { opened } from '../../peers/opened.ts';
import { startSdkV1Sse } from '../../peers/sdk-v1-sse.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startServerEverythingHttp } from '../../peers/server-everything.ts';

const open = opened();
afterEach(closeServings);

const FRONTS: [string, (server: Peer) => Promise<Subject>][] = [
  ['on stdio', ({ url }) => connect('SDK v2 modern', 'proxy', url)],
  ['in HTTP mode', async ({ url }) => connect('SDK v2 modern', 'http', `${(await startServing(url)).url}/mcp`)],
];

/** The result of a tool whose only text is JSON. */
async function told(client: Subject, name: string, args: Record<string, unknown> = {}): Promise<unknown> {
  const { content } = (await client.tool(name, args)) as { content: { text: string }[] };
  return JSON.parse(content[0]?.text ?? 'null');
}

describe.each(FRONTS)('%s', (_where, connectTo) => {
  it.each([
    ['sessions', startSdkV1Stateful],
    ['HTTP+SSE', startSdkV1Sse],
  ])('20 calls at once can ask for input, a sample and roots over %s, and each gets its answer', async (_, start) => {
    const server = await open(start());
    const client = await open(connectTo(server));
    const calls = Array.from({ length: 20 }, async (_one, n) => {
      switch (n % 4) {
        case 0:
          return expect(await told(client, 'roots')).toEqual({ roots: client.roots });
        case 1:
          return expect(await told(client, 'samples', { prompt: `p${n}` })).toMatchObject({
            content: { text: expect.stringContaining(`p${n}`) },
          });
        case 2:
          return expect(await told(client, 'elicits', { question: 'decline' })).toEqual({ action: 'decline' });
        default:
          return expect(await told(client, 'asks-twice')).toMatchObject([{ action: 'accept' }, { role: 'assistant' }]);
      }
    });
    await Promise.all(calls);
  });

  it('a server that asks for roots at the start gets them with the first call', async () => {
    const server = await open(startServerEverythingHttp());
    const client = await open(connectTo(server));
    const result = (await client.tool('get-roots-list')) as { content: { text: string }[] };
    expect(result.content.map(({ text }) => text).join()).toContain('file:///srv/eins');
  });
});
