// How the program ends during a sign-in: soon, without an error, and with its port released. The tests of this file run
// side by side, because most of their time is waiting.

import net from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { ENDINGS, exitAfter, lasting, SOON } from '../../../peers/hostile-endings.ts';
import { listenLoopback } from '../../../peers/listen.ts';
import { startUnderParent } from '../../../peers/parent.ts';
import { closeProxies, type ProxyProcess } from '../../../peers/proxy.ts';
import { modernParams } from '../../../peers/rpc.ts';
import { expectClean, type Fixture, fixture } from './fixture.ts';

const peers: { close(): Promise<unknown> }[] = [];
const open = async <T extends (typeof peers)[number]>(starting: Promise<T> | T): Promise<T> => {
  const peer = await starting;
  peers.push(peer);
  return peer;
};
const releases: (() => void)[] = [];
afterAll(async () => {
  for (const release of releases) release();
  await closeProxies();
  for (const peer of peers.reverse()) await peer.close();
});

const never = (): Promise<void> => new Promise((resolve) => releases.push(resolve));

/** The phase in which the program is ended. */
interface Phase {
  readonly name: string;
  /** Makes the fixture, and a promise that resolves in this phase. */
  set(): Promise<{ made: Fixture; reached: () => Promise<unknown> }>;
  /** Whether a call leads to this phase, after other requests were answered. */
  readonly later?: true;
}

const PHASES: Phase[] = [
  {
    name: 'the metadata of the server does not come',
    async set() {
      const made = await fixture(open, 'hold');
      let asked = (): void => {};
      const reached = new Promise<void>((resolve) => {
        asked = resolve;
      });
      const silent = listenLoopback('/metadata', () => {
        asked();
        return never();
      });
      const { url } = await open(silent);
      made.server.behaviour.challenge = () => `Bearer resource_metadata="${url}"`;
      return { made, reached: () => reached };
    },
  },
  {
    name: 'the user does nothing',
    async set() {
      const made = await fixture(open, 'hold');
      return { made, reached: () => made.browser.waitForTab(1) };
    },
  },
  {
    name: 'the token endpoint does not answer',
    async set() {
      const made = await fixture(open, 'approve', { authorizationServer: { beforeToken: never } });
      return { made, reached: () => made.authorizationServer.waitFor('token', 1) };
    },
  },
  {
    name: 'a call of a session waits for the user',
    async set() {
      const made = await fixture(open, 'hold', { server: { open: (method) => method !== 'tools/call' } });
      return { made, reached: () => made.browser.waitForTab(1) };
    },
    later: true,
  },
];

const CALL = { name: 'echo', arguments: {} };
const ERAS = [
  {
    era: 'legacy',
    begin: async (proxy: ProxyProcess, later: boolean): Promise<void> => {
      const opening = proxy.rpc.initialize();
      if (later) await opening;
      else opening.catch(() => {});
    },
    params: (params: object) => params,
  },
  {
    era: 'modern',
    begin: async (proxy: ProxyProcess, later: boolean): Promise<void> => {
      if (later) await proxy.rpc.modern('tools/list');
    },
    params: (params: object) => modernParams(params),
  },
];
const CASES = ERAS.flatMap((era) => ENDINGS.map(([ending, end]) => ({ ...era, ending, end })));

describe.concurrent.each(PHASES)('while $name', ({ set, later = false }) => {
  it.each(CASES)('$era: $ending ends it', async ({ begin, params, end }) => {
    const { made, reached } = await set();
    const proxy = made.start();
    await begin(proxy, later);
    const [method, asked] = later ? ['tools/call', CALL] : ['tools/list', {}];
    const waiting = proxy.rpc.exchange(method as string, params(asked as object));
    waiting.catch(() => {});
    await reached();
    const ports = portsOf(made);
    const { code, ms } = await exitAfter(proxy, () => end(proxy));
    expect(code, proxy.stderr).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expect((await waiting).message.error?.code).toBeLessThan(-31000);
    for (const port of ports) await expectFree(port);
    expect(made.server.executions()).toBe(0);
    expect(proxy.stderr).not.toMatch(/ error: /);
    expectClean(proxy);
  });
});

it.concurrent('the death of its parent ends it, even while another process holds its stdin open', async () => {
  const made = await fixture(open, 'hold');
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  const line = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  const { home, browser, server } = made;
  const parent = await open(startUnderParent(server.url, { lines: [line], home, env: { BROWSER: browser.command } }));
  await browser.waitForTab(1);
  const ms = await lasting(() => parent.kill());
  expect(ms).toBeLessThan(SOON);
  for (const port of portsOf(made)) await expectFree(port);
});

/** The ports of the redirect URIs that browsers got. */
function portsOf({ browser }: Fixture): number[] {
  return browser.opened.map((url) => Number(new URL(new URL(url).searchParams.get('redirect_uri') ?? '').port));
}

async function expectFree(port: number): Promise<void> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
