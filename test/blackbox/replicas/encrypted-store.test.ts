// Replicas whose store accepts TLS only, and one user with few rights.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../peers/free-port.ts';
import type { Serving } from '../../peers/http/serving.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { nodeFlags, type RedisPeer, startRedis } from '../../peers/redis.ts';
import { startScripted } from '../../peers/scripted.ts';
import { type SentinelPeer, startSentinel } from '../../peers/sentinel.ts';
import { createAuthority } from '../../peers/tls.ts';
import { startReplica, temporaryFile } from './replicated.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A file with the authority that everything here trusts, and the flags of a server with a certificate of it. */
function encryption(): { readonly trusted: string; readonly flags: string[] } {
  const authority = createAuthority('store authority');
  const { cert, key } = authority.issue();
  const trusted = temporaryFile('ca.pem', authority.pem);
  closing.push(trusted.remove);
  const folder = path.dirname(trusted.file);
  const [certFile, keyFile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', trusted.file];
  return { trusted: trusted.file, flags: [...files, '--tls-auth-clients', 'no'] };
}

async function encryptedStore(flags: readonly string[]): Promise<{ store: RedisPeer; port: number }> {
  const port = await freePort();
  const store = await startRedis([...flags, '--tls-port', String(port)]);
  closing.push(store.close);
  return { store, port };
}

async function replicaAt(url: string, trusted: string): Promise<Serving> {
  const server = await startScripted('/mcp', legacyServer());
  const replica = await startReplica(server.url, { url }, [], { NODE_EXTRA_CA_CERTS: trusted });
  closing.push(server.close, () => replica.stop());
  return replica;
}

const storeIn = async (url: string): Promise<unknown> =>
  ((await (await fetch(`${url}/readyz`)).json()) as { store: unknown }).store;

it('over TLS, as a user with the commands that docs/replicas.md lists', async () => {
  const { trusted, flags } = encryption();
  const { store, port } = await encryptedStore(flags);
  const commands = ['get', 'getex', 'set', 'del', 'eval', 'pexpire', 'scan', 'sadd', 'srem', 'smembers', 'incr'];
  await store.command('ACL', 'SETUSER', 'proxy', 'on', '>pass', '~mcp-proxy:*', ...commands.map((name) => `+${name}`));
  await store.command('ACL', 'SETUSER', 'default', 'off');
  const replica = await replicaAt(`rediss://proxy:pass@127.0.0.1:${port}`, trusted);
  expect(await storeIn(replica.url)).toEqual({ reachable: true, replicas: expect.any(Number) });
  expect(replica.proxy.stderr).not.toMatch(/warning/i);
});

it('a store whose certificate no one vouches for is not used', async () => {
  const { flags } = encryption();
  const { port } = await encryptedStore(flags);
  const replica = await replicaAt(`rediss://127.0.0.1:${port}`, encryption().trusted);
  expect(await storeIn(replica.url)).toMatchObject({
    reachable: false,
    reason: expect.stringMatching(/certificate/),
  });
});

it('a cluster that accepts TLS only, and whose only node tells no address', async () => {
  const { trusted, flags } = encryption();
  const { store, port } = await encryptedStore([...flags, '--tls-cluster', 'yes', ...(await nodeFlags())]);
  await store.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await expect.poll(() => store.command('CLUSTER', 'INFO'), { timeout: 60_000 }).toContain('cluster_state:ok');
  expect((await store.command('CLUSTER', 'SLOTS')).split('\n')[2]).toBe('');
  for (const host of ['127.0.0.1', 'localhost']) {
    const replica = await replicaAt(`rediss+cluster://${host}:${port}`, trusted);
    expect(await storeIn(replica.url), host).toEqual({ reachable: true, replicas: expect.any(Number) });
    expect(replica.proxy.stderr).not.toMatch(/warning/i);
  }
  const { url } = await replicaAt(`rediss+cluster://127.0.0.1:${port}`, encryption().trusted);
  const reason = new RegExp(`cannot be used: node 127\\.0\\.0\\.1:${port}: .*certificate`);
  expect(await storeIn(url)).toMatchObject({ reachable: false, reason: expect.stringMatching(reason) });
});

it('through sentinels that accept TLS only', async () => {
  const { trusted, flags } = encryption();
  const primary = await encryptedStore(flags);
  await encryptedStore([
    ...[...flags, '--tls-replication', 'yes'],
    ...['--replicaof', '127.0.0.1', String(primary.port)],
  ]);
  const sentinel: SentinelPeer = await startSentinel('main', primary.port, {
    tls: [...flags, '--tls-replication', 'yes'],
  });
  closing.push(sentinel.close);
  const replica = await replicaAt(`rediss+sentinel://127.0.0.1:${sentinel.port}/main`, trusted);
  expect(await storeIn(replica.url)).toEqual({ reachable: true, replicas: expect.any(Number) });
  expect(replica.proxy.stderr).not.toMatch(/warning/i);
});
