// Clients of 2026-07-28 at servers that keep something for them: a session, or a process. Such a client names no session,
// so its requests arrive at all replicas; they must meet at one.
import { expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { startSdkV1Stdio } from '../../peers/local/sdk-servers.ts';
import { opened } from '../../peers/opened.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV1Tasks } from '../../peers/sdk-v1-tasks.ts';
import { startSdkV2Modern } from '../../peers/sdk-v2-modern.ts';
import { type Replicated, startReplicated, untilComplete } from './replicated.ts';

const open = opened();

async function inFront(target: string | undefined, args: string[] = []): Promise<Replicated> {
  const all = await open(startReplicated(target, { count: 3, args }));
  await untilComplete(all.replicas);
  return all;
}

async function connected(url: string): Promise<ModernClient> {
  const client = new ModernClient(`${url}/mcp`);
  await open(Promise.resolve({ close: async () => client.vanish() }));
  return client;
}

const echo = (n: number): object => ({ name: 'echo', arguments: { n } });

/** How many requests each replica has passed to its server. */
async function served({ replicas }: Replicated): Promise<number[]> {
  const counts = replicas.map(async ({ url }) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const lines = text.matchAll(/^mcp_proxy_requests_total\{.*\} (\d+)$/gm);
    return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
  });
  return (await Promise.all(counts)).sort((one, other) => one - other);
}

it('have one session with the server, and change it from any replica', async () => {
  const server = await open(startSdkV1Stateful());
  const all = await inFront(server.url);
  const client = await connected(all.url);
  for (let n = 0; n < 6; n++) await client.call('tools/call', echo(n));
  expect(server.sessions.size).toBe(1);
  const uri = 'acme://watched';
  const stream = client.begin('subscriptions/listen', { notifications: { resourceSubscriptions: [uri] } });
  await client.arrivals.next('notifications/subscriptions/acknowledged');
  for (let n = 0; n < 3; n++) {
    await client.call('tools/call', { name: 'touch', arguments: { uri } });
    await client.arrivals.next('notifications/resources/updated');
  }
  stream.abandon();
  expect((await served(all)).slice(0, 2)).toEqual([0, 0]);
});

it('find their tasks at any replica', async () => {
  const server = await open(startSdkV1Tasks());
  const all = await inFront(server.url);
  const client = await connected(all.url);
  client.capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
  const { taskId } = (await client.call('tools/call', { name: 'slow', arguments: {} })).message.result;
  const status = async (): Promise<string> => (await client.call('tasks/get', { taskId })).message.result?.status;
  for (let n = 0; n < 4; n++) expect(await status()).toBe('working');
  server.release();
  for (let now = await status(); now !== 'completed'; now = await status()) expect(now).toBe('working');
});

it('share the process of a local server', async () => {
  const server = await open(startSdkV1Stdio());
  const all = await inFront(undefined, ['--', ...server.command]);
  const client = await connected(all.url);
  const call = client.begin('tools/call', { name: 'slow', arguments: { key: 'k' }, _meta: { progressToken: 'p' } });
  await client.arrivals.next('notifications/progress');
  call.abandon();
  const ended = await client.call('tools/call', { name: 'how-slow-ended', arguments: { key: 'k' } });
  expect(ended.message.result.content[0].text).toBe('cancelled');
});

it('go on at another replica when theirs is killed', async () => {
  const server = await open(startSdkV1Stateful());
  const all = await inFront(server.url);
  const client = await connected(all.url);
  await client.call('tools/call', echo(0));
  for (const { url, proxy } of all.replicas) {
    const text = await (await fetch(`${url}/metrics`)).text();
    if (/^mcp_proxy_requests_total\{.*\} [1-9]/m.test(text)) proxy.kill('SIGKILL');
  }
  await Promise.race(all.replicas.map(({ proxy }) => proxy.exited));
  for (let n = 1; n < 7; n++) {
    const { message } = await client.call('tools/call', echo(n));
    expect(message.result?.content[0].text, JSON.stringify(message)).toBe(JSON.stringify({ n }));
  }
});

it('are spread over the replicas when the server keeps nothing for them', async () => {
  const server = await open(startSdkV2Modern());
  const all = await inFront(server.url);
  const client = await connected(all.url);
  // Each replica finds out by itself that the server is of this revision.
  for (let n = 0; n < 12; n++) await client.call('tools/call', echo(n));
  expect(Math.min(...(await served(all)))).toBeGreaterThan(0);
});
