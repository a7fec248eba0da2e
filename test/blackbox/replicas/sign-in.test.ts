// A sign-in that replicas share: one refresh for all of them, also when a replica dies in the middle of it, and the
// replacement of the key that seals it.
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Serving, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { type Browser, startBrowser } from '../../peers/oauth/browser.ts';
import { type ProtectedServer, startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { type RedisPeer, startRedis } from '../../peers/redis.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { KEY, temporaryFile } from './replicated.ts';

const open = opened();

/** A server that needs a sign-in, its user, and the store. Refresh tokens rotate: one that comes twice ends the grant. */
interface Site {
  readonly authority: AuthorizationServer;
  readonly server: ProtectedServer;
  readonly browser: Browser;
  readonly store: RedisPeer;
  /** The file of `--state-key`. */
  readonly key: { readonly file: string };
  start(args?: string[]): Promise<Serving>;
}

async function startSite(): Promise<Site> {
  const authority = await open(startAuthorizationServer({ resource: 'required' }));
  const server = await open(startProtectedServer({ authorizationServer: authority }));
  const browser = await open(startBrowser('approve'));
  const store = await open(startRedis());
  const { file, remove } = temporaryFile('state.key', KEY);
  await open({ close: async () => remove() });
  const flags = ['--state', store.url, '--state-key', `@${file}`];
  const start = (args: string[] = []): Promise<Serving> =>
    startServing(server.url, [...flags, ...args], { env: { BROWSER: browser.command } });
  return { authority, server, browser, store, key: { file }, start };
}

/** Two replicas whose user has signed in once. */
async function signedIn(site: Site, args: string[] = []): Promise<[Serving, Serving]> {
  const first = await site.start(args);
  await expect.poll(() => isReady(first), { timeout: 60_000 }).toBe(true);
  return [first, await site.start(args)];
}

const isReady = async ({ url }: Serving): Promise<boolean> => (await fetch(`${url}/readyz`)).status === 200;

async function connected(url: string): Promise<StreamableClient> {
  const client = new StreamableClient(`${url}/mcp`);
  await open({ close: async () => client.vanish() });
  await client.initialize();
  return client;
}

async function whoami(client: StreamableClient): Promise<string> {
  const { content } = await client.request('tools/call', { name: 'whoami', arguments: {} });
  return content[0].text;
}

/** The statuses of the answers to refreshes. */
const refreshes = ({ authority }: Site): number[] =>
  authority.tokenRequests('refresh_token').map(({ status }) => status);

/** From now on, tokens are issued, and the answer that carries them waits. */
function holdTokens({ authority }: Site): { readonly isIssued: Promise<void>; readonly answer: () => void } {
  let issued = (): void => {};
  let answer = (): void => {};
  const isIssued = new Promise<void>((resolve) => {
    issued = resolve;
  });
  const isAnswered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  authority.behaviour.afterTokenIssued = () => {
    issued();
    return isAnswered;
  };
  return { isIssued, answer };
}

it('replicas refresh a token once for all, however many calls wait for it', async () => {
  const site = await startSite();
  const replicas = await signedIn(site);
  const balancer: Balancer = await open(startBalancer(replicas.map(({ port }) => port)));
  const clients = await Promise.all(Array.from({ length: 6 }, () => connected(balancer.url)));
  let calls = 0;
  let calling = true;
  const done = clients.map(async (client) => {
    for (; calling; calls++) expect(await whoami(client)).toBe('ada');
  });
  for (let times = 1; times <= 3; times++) {
    const before = calls;
    site.authority.expireAccessTokens();
    await expect.poll(() => calls, { timeout: 60_000 }).toBeGreaterThan(before + 5 * clients.length);
    expect(refreshes(site)).toEqual(Array.from({ length: times }, () => 200));
  }
  calling = false;
  await Promise.all(done);
  expect(site.browser.opened).toHaveLength(1);
});

it('a replica that is killed between the refresh and its answer does not cost the sign-in', async () => {
  const site = await startSite();
  const [first, second] = await signedIn(site);
  const [victim, other] = [await connected(first.url), await connected(second.url)];
  expect(await whoami(other)).toBe('ada');
  const { isIssued, answer } = holdTokens(site);
  site.authority.expireAccessTokens();
  const lost = whoami(victim).catch(() => 'lost');
  await isIssued;
  const waiting = Array.from({ length: 4 }, () => whoami(other));
  first.proxy.kill('SIGKILL');
  await first.proxy.exited;
  expect(await lost).toBe('lost');
  answer();
  expect(await Promise.all(waiting)).toEqual(['ada', 'ada', 'ada', 'ada']);
  const moved = new StreamableClient(`${second.url}/mcp`);
  await open({ close: async () => moved.vanish() });
  moved.sessionId = victim.sessionId;
  moved.protocolVersion = victim.protocolVersion;
  expect(await whoami(moved)).toBe('ada');
  expect(refreshes(site)).toEqual([200]);
  expect(site.browser.opened).toHaveLength(1);
});

it('tokens that come while the store is gone are in it once it is back', async () => {
  const site = await startSite();
  const [first, second] = await signedIn(site);
  const client = await connected(first.url);
  const { isIssued, answer } = holdTokens(site);
  site.authority.expireAccessTokens();
  const waiting = whoami(client);
  await isIssued;
  site.store.freeze();
  answer();
  const isReachable = async (): Promise<boolean> => {
    const { store } = (await (await fetch(`${first.url}/readyz`)).json()) as { store: { reachable: boolean } };
    return store.reachable;
  };
  await expect.poll(isReachable, { timeout: 60_000 }).toBe(false);
  site.store.thaw();
  expect(await waiting).toBe('ada');
  expect(await whoami(await connected(second.url))).toBe('ada');
  expect(refreshes(site)).toEqual([200]);
  expect(site.browser.opened).toHaveLength(1);
});

it('the key is replaced in three steps, which cost neither the sign-in, nor the pins, nor a call', async () => {
  const site = await startSite();
  const flags = ['--pin-tools'];
  const replicas = await signedIn(site, flags);
  const balancer: Balancer = await open(startBalancer(replicas.map(({ port }) => port)));
  const fresh = `new-${KEY}`;
  const client = await connected(balancer.url);
  expect(await whoami(client)).toBe('ada');
  const pins = await site.store.command('KEYS', 'mcp-proxy:{1}:pins:*');
  expect(pins).not.toBe('');

  /** Restarts one replica after the other with these keys. */
  const restart = async (keys: readonly string[], between = async (): Promise<void> => {}): Promise<void> => {
    writeFileSync(site.key.file, keys.join('\n'));
    for (const [at, replica] of replicas.entries()) {
      balancer.remove(replica.port);
      expect(await replica.stop()).toEqual({ code: 0, signal: null });
      const next = await site.start(flags);
      replicas[at] = next;
      balancer.add(next.port);
      await expect.poll(() => isReady(next), { timeout: 60_000 }).toBe(true);
      await between();
    }
  };
  const sameSession = async (): Promise<void> => {
    for (let n = 0; n < 4; n++) expect(await whoami(client)).toBe('ada');
  };
  await restart([KEY, fresh], sameSession);
  await restart([fresh, KEY], sameSession);
  const newer = await connected(balancer.url);
  await restart([fresh]);
  for (let n = 0; n < 2; n++) expect(await whoami(newer)).toBe('ada');
  const { status } = await client.post('{"jsonrpc":"2.0","id":1,"method":"ping"}').response;
  expect(status).toBe(404);
  expect(await whoami(await connected(balancer.url))).toBe('ada');
  expect(await site.store.command('KEYS', 'mcp-proxy:{1}:pins:*')).toBe(pins);
  expect(site.browser.opened).toHaveLength(1);
  expect(refreshes(site)).toEqual([]);
});
