// A replica stands still for so long that another one takes its sessions over, and then goes on: the calls that it still
// has, and those that reach it before it knows, get an answer although their clients are served elsewhere.
import { afterEach, expect, it } from 'vitest';
import type { Pending } from '../../peers/http/conversation.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { type Replicated, startReplicated, untilComplete } from './replicated.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Stage {
  readonly all: Replicated;
  readonly client: StreamableClient;
  /** Sends the client's requests to the first replica, or to the second one, from now on. */
  at(replica: 0 | 1): void;
  /** Stops the first replica until the second one has the session. */
  suspend(): Promise<void>;
  resume(): void;
}

async function start(): Promise<Stage> {
  const upstream = await startSdkV1Stateful();
  closing.push(() => upstream.close());
  const all = await startReplicated(upstream.url, { count: 2 });
  closing.push(() => all.close());
  await untilComplete(all.replicas);
  const [first, second] = all.replicas;
  if (!first || !second) throw new Error('two replicas');
  const client = new StreamableClient(`${first.url}/mcp`);
  closing.push(() => client.vanish());
  await client.initialize('2025-11-25', { elicitation: {} });
  const at = (replica: 0 | 1): void => {
    client.url = `${(replica === 0 ? first : second).url}/mcp`;
  };
  return {
    all,
    client,
    at,
    async suspend() {
      first.proxy.kill('SIGSTOP');
      at(1);
      const text = 'taken over';
      const echoed = await client.request('tools/call', { name: 'echo', arguments: { text } });
      expect(echoed.content[0].text).toBe(JSON.stringify({ text }));
    },
    resume: () => first.proxy.kill('SIGCONT'),
  };
}

const ask = (client: StreamableClient): Pending =>
  client.begin('tools/call', { name: 'elicits', arguments: { question: 'who?' } });

it('a call that waits for its user gets an answer', async () => {
  const { client, at, suspend, resume } = await start();
  let answer = (): void => {};
  const thought = new Promise<void>((resolve) => {
    answer = resolve;
  });
  client.on('elicitation/create', async () => {
    await thought;
    return { action: 'accept', content: { name: 'me' } };
  });
  at(0);
  const pending = ask(client);
  await client.arrivals.next('elicitation/create');
  await suspend();
  answer();
  resume();
  const { message } = await pending.answer;
  // Not only the server's own limit for its question ends it.
  expect(JSON.stringify(message)).toContain('another replica serves the client');
});

it('a question of a call that comes too early is answered, even if the store has been emptied', async () => {
  const { all, client, at, suspend, resume } = await start();
  client.on('elicitation/create', () => {
    at(1);
    return { action: 'accept', content: { name: 'me' } };
  });
  await suspend();
  await all.store.command('FLUSHALL');
  // The second one has said again which sessions are its own.
  await expect.poll(() => all.store.command('KEYS', 'mcp-proxy:{1}:owner:*'), { timeout: 60_000 }).not.toBe('');
  at(0);
  resume();
  const { message } = await ask(client).answer;
  expect(message.result ?? message.error).toBeDefined();
});
