// A store that speaks TLS with a certificate of its own authority, and lets the user of the proxy run only what
// docs/replicas.md says.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../peers/free-port.ts';
import { type Serving, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { type RedisPeer, startRedis } from '../../peers/redis.ts';
import { createAuthority } from '../../peers/tls.ts';
import { KEY, temporaryFile } from './replicated.ts';
import { type StreamingServer, startStreaming } from './streaming-server.ts';

const PASSWORD = 'pass/word@of:the#store';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function fileOf(name: string, text: string): string {
  const { file, remove } = temporaryFile(name, text);
  closing.push(remove);
  return file;
}

/** The commands that the user needs, as operators read it. */
function allowed(): string[] {
  const [, list = ''] =
    /The user needs `([A-Z ]+)` on `mcp-proxy:\*`/.exec(readFileSync('docs/replicas.md', 'utf8')) ?? [];
  expect(list).not.toBe('');
  return list.toLowerCase().split(' ');
}

const authority = createAuthority('authority of the store');
let server: StreamingServer;
let store: RedisPeer;
let port: number;
beforeEach(async () => {
  server = await startStreaming();
  closing.push(server.close);
  port = await freePort();
  const { cert, key } = authority.issue({ hosts: ['localhost', '127.0.0.1'] });
  const rules = `on >${PASSWORD} ~mcp-proxy:* ${allowed()
    .map((name) => `+${name}`)
    .join(' ')}`;
  const users = fileOf('users.acl', `user default on nopass ~* &* +@all\nuser proxy ${rules}\n`);
  store = await startRedis([
    ...['--tls-port', String(port), '--tls-auth-clients', 'no', '--aclfile', users],
    ...['--tls-cert-file', fileOf('store.crt', cert), '--tls-key-file', fileOf('store.key', key)],
    ...['--tls-ca-cert-file', fileOf('store.ca', authority.pem)],
  ]);
  closing.push(store.close);
});

interface ReplicaOptions {
  readonly host?: 'localhost' | '127.0.0.1';
  readonly password?: string;
  readonly ca?: string;
}

async function start({ host = 'localhost', password = PASSWORD, ca = authority.pem }: ReplicaOptions = {}) {
  const state = `rediss://proxy:\${STORE_PASSWORD}@${host}:${port}`;
  const env = {
    STATE_KEY: KEY,
    STORE_PASSWORD: encodeURIComponent(password),
    NODE_EXTRA_CA_CERTS: fileOf('trusted.crt', ca),
  };
  const flags = ['--state', state, '--state-key', '${STATE_KEY}', '--pin-tools'];
  const replica = await startServing(server.url, flags, { env });
  closing.push(() => replica.stop());
  return replica;
}

async function connected({ url }: Serving): Promise<StreamableClient> {
  const client = new StreamableClient(`${url}/mcp`);
  closing.push(() => client.vanish());
  await client.initialize();
  return client;
}

const storeAt = async ({ url }: Serving): Promise<unknown> =>
  ((await (await fetch(`${url}/readyz`)).json()) as { store: unknown }).store;

/** The commands that the store has refused to the proxies, beyond those that they do not need. */
async function refused(): Promise<string[]> {
  const log = JSON.parse(await store.command('--json', 'ACL', 'LOG', '100')) as { object: string }[];
  return log.map(({ object }) => object).filter((name) => !['ping', 'client|setinfo'].includes(name));
}

it('replicas share the store, at its name or its address, with what the ACL allows', async () => {
  const [first, second] = [await start({ host: 'localhost' }), await start({ host: '127.0.0.1' })];
  const client = await connected(first);
  await client.listen();
  await server.listening(1);
  server.say('one');
  const { eventId } = await client.arrivals.next('notifications/message');
  expect((await client.request('tools/list')).tools).toHaveLength(1);
  const events = (): Promise<string> => store.command('KEYS', 'mcp-proxy:{1}:events:*');
  await expect.poll(events, { timeout: 60_000 }).not.toBe('');
  client.vanish();
  server.say('two');
  await expect.poll(async () => store.command('LLEN', await events()), { timeout: 60_000 }).toBe('2');
  first.proxy.kill('SIGKILL');
  await first.proxy.exited;
  const moved = new StreamableClient(`${second.url}/mcp`);
  closing.push(() => moved.vanish());
  moved.sessionId = client.sessionId;
  moved.protocolVersion = client.protocolVersion;
  await moved.listen({ lastEventId: eventId });
  expect((await moved.arrivals.next('notifications/message')).message.params).toMatchObject({ data: 'two' });
  expect((await moved.delete()).status).toBe(204);
  expect(await storeAt(second)).toEqual({ reachable: true, replicas: expect.any(Number) });
  expect(await refused()).toEqual([]);
  expect(second.proxy.stderr).not.toMatch(/[Ww]arning|pass\/word|pass%2Fword/);
});

it.each<[string, ReplicaOptions, RegExp]>([
  ['that has the certificate of an unknown authority', { ca: createAuthority('another').pem }, /certificate/],
  ['that refuses the password', { password: 'wrong' }, /refuses the user or the password/],
])('a store %s is not used, and /readyz tells why', async (_, options, reason) => {
  const replica = await start(options);
  await expect
    .poll(() => storeAt(replica), { timeout: 60_000 })
    .toMatchObject({ reachable: false, reason: expect.stringMatching(reason) });
  expect(replica.proxy.stderr).not.toContain(PASSWORD);
});
