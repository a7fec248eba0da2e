// How HTTP mode ends by every signal and in every phase: in time, with its port free, with one initialize, one GET and one
// DELETE for each client. The tests run side by side, because most of their time is waiting.
import net from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../../peers/hostile.ts';
import * as a from '../../../peers/hostile-answers.ts';
import { DRAINED, exitAfter, SOON } from '../../../peers/hostile-endings.ts';
import { ModernClient } from '../../../peers/http/modern-client.ts';
import { type Serving, startServing } from '../../../peers/http/serving.ts';
import { SseClient } from '../../../peers/http/sse-client.ts';
import { StreamableClient } from '../../../peers/http/streamable-client.ts';
import { startAuthorizationServer } from '../../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../../peers/oauth/protected-server.ts';
import { opened } from '../../../peers/opened.ts';
import { closeProxies } from '../../../peers/proxy.ts';

const open = opened(afterAll);
afterAll(closeProxies);
afterAll(closeHostiles);

const CALL = { name: 'echo', arguments: {} };
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

async function expectFree(port: number): Promise<void> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}

interface Reached {
  readonly serving: Serving;
  /** What must be true when the program has ended. */
  readonly after?: () => Promise<void> | void;
}

interface Phase {
  readonly name: string;
  readonly limit: number;
  reach(): Promise<Reached>;
}

function expectOneOfEach(server: Hostile, clients: number): void {
  const names = Array.from({ length: clients }, (_, n) => `session-${n + 1}`);
  expect(server.all('initialize')).toHaveLength(clients);
  for (const kind of ['GET', 'DELETE'])
    expect(
      server
        .all(kind)
        .map(({ session }) => session)
        .sort(),
    ).toEqual(names);
}

const PHASES: Phase[] = [
  {
    name: 'nobody has come yet',
    limit: SOON,
    reach: async () => ({ serving: await startServing((await startHostile()).url) }),
  },
  {
    name: 'clients of every kind are there, and nothing is in flight',
    limit: SOON,
    async reach() {
      const server = await startHostile();
      server.on(
        'GET',
        a.openSse(() => {}),
      );
      const serving = await startServing(server.url);
      const streamable = new StreamableClient(`${serving.url}/mcp`);
      const sse = new SseClient(`${serving.url}/sse`);
      await streamable.initialize();
      await streamable.listen();
      await sse.open();
      await sse.initialize();
      await server.seen('GET', 2);
      for (const client of [streamable, sse, new ModernClient(`${serving.url}/mcp`)])
        await client.request('tools/call', CALL);
      return { serving, after: () => expectOneOfEach(server, 2) };
    },
  },
  {
    name: 'clients have left without a word',
    limit: SOON,
    async reach() {
      const server = await startHostile();
      server.on(
        'GET',
        a.openSse(() => {}),
      );
      const serving = await startServing(server.url);
      for (let n = 1; n <= 2; n++) {
        const client = new StreamableClient(`${serving.url}/mcp`);
        await client.initialize();
        await server.seen('GET', n);
        client.vanish();
      }
      return { serving, after: () => expectOneOfEach(server, 2) };
    },
  },
  {
    name: 'the server does not answer initialize',
    limit: DRAINED,
    async reach() {
      const server = await startHostile();
      server.on('initialize', a.never);
      const serving = await startServing(server.url);
      const answer = new StreamableClient(`${serving.url}/mcp`).call('initialize', { protocolVersion: '2025-11-25' });
      await server.seen('initialize');
      const after = async (): Promise<void> => expect((await answer).message.error?.code).toBeLessThan(-31000);
      return { serving, after };
    },
  },
  {
    name: 'a user has to sign in, and does nothing',
    limit: SOON,
    async reach() {
      const authorizationServer = await open(startAuthorizationServer());
      const server = await open(startProtectedServer({ authorizationServer }));
      const browser = await open(startBrowser('hold'));
      const serving = await startServing(server.url, [], { env: { BROWSER: browser.command } });
      const page = await browser.waitForTab(1);
      const callback = new URL(new URL(page).searchParams.get('redirect_uri') ?? '');
      return { serving, after: () => expectFree(Number(callback.port)) };
    },
  },
];

describe.concurrent.each(PHASES)('while $name', ({ limit, reach }) => {
  it.each(SIGNALS)('%s', async (signal) => {
    const { serving, after } = await reach();
    const { code, ms } = await exitAfter(serving.proxy, () => serving.proxy.kill(signal));
    expect(code, serving.proxy.stderr).toBe(0);
    expect(ms).toBeLessThan(limit);
    await expectFree(serving.port);
    await after?.();
    expect(serving.proxy.stderr).not.toMatch(/ error: /);
  });
});
