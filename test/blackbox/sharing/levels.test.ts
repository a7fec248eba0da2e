// One log level at the server for all clients of a session: the lowest that any of them asks for, even if two of them
// ask at the same time.
import type { ServerResponse } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import { reply } from '../../peers/hostile-answers.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { closeProxies } from '../../peers/proxy.ts';

afterEach(closeServings);
afterEach(closeProxies);
afterEach(closeHostiles);

const LEVELS = ['debug', 'info', 'warning', 'error'];

async function openTwo(server: Hostile): Promise<[StreamableClient, StreamableClient]> {
  const { url } = await startServing(server.url, ['--upstream-session', 'shared', '--transport', 'http-only']);
  const clients = [new StreamableClient(`${url}/mcp`), new StreamableClient(`${url}/mcp`)] as const;
  for (const client of clients) await client.initialize();
  return [...clients];
}

const levelsAt = (server: Hostile): string[] =>
  server.all('logging/setLevel').map(({ message }) => message.params.level);

it.each([
  ['debug', 'error'],
  ['error', 'debug'],
  ['warning', 'info'],
])('%s, and %s before the server has answered that', async (first, second) => {
  const server = await startHostile();
  const [one, two] = await openTwo(server);
  const held: (() => void)[] = [];
  server.on('logging/setLevel', (res: ServerResponse, seen) => {
    held.push(() => void reply({})(res, seen));
  });
  const answers = [one.call('logging/setLevel', { level: first })];
  await server.seen('logging/setLevel');
  answers.push(two.call('logging/setLevel', { level: second }));
  // Answered by the server, so the proxy has seen what was sent before it.
  await two.request('tools/list');
  server.on('logging/setLevel', reply({}));
  for (const answer of held) answer();
  await Promise.all(answers);
  const lowest = LEVELS.find((level) => level === first || level === second);
  expect(levelsAt(server).at(-1)).toBe(lowest);
});

it('a client that sets a more severe level does not change what another client gets', async () => {
  const server = await startHostile();
  const [one, two] = await openTwo(server);
  await one.request('logging/setLevel', { level: 'info' });
  await two.request('logging/setLevel', { level: 'debug' });
  await one.request('logging/setLevel', { level: 'error' });
  expect(levelsAt(server).at(-1)).toBe('debug');
  await two.request('logging/setLevel', { level: 'warning' });
  expect(levelsAt(server).at(-1)).toBe('warning');
});
