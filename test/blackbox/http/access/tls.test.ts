// HTTP mode with a certificate of its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../../peers/hostile.ts';
import { closeServings, startServing } from '../../../peers/http/serving.ts';
import { closeProxies, startProxy } from '../../../peers/proxy.ts';
import { createAuthority } from '../../../peers/tls.ts';
import { closeStreams, openStream } from '../event-stream.ts';
import { ask, initialize, inSession, openSession } from '../exchange.ts';
import { closeConnections, connect, requestText } from '../raw-connection.ts';

const authority = createAuthority('authority of the clients');
let folder: string;
const file = (name: string): string => path.join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'serving-tls-'));
  const { cert, key } = authority.issue();
  writeFileSync(file('cert.pem'), cert);
  writeFileSync(file('key.pem'), key, { mode: 0o600 });
  writeFileSync(file('other-key.pem'), authority.issue().key, { mode: 0o600 });
  writeFileSync(file('no.pem'), 'no certificate');
});
afterEach(async () => {
  closeStreams();
  closeConnections();
  await closeServings();
  await closeProxies();
  await closeHostiles();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('with --tls-cert and --tls-key', () => {
  const flags = (): string[] => ['--tls-cert', file('cert.pem'), '--tls-key', file('key.pem')];

  it('everything works as without them, over https', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url, flags());
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const ca = authority.pem;
    const opened = await ask(url, { path: '/mcp', body: initialize(), ca });
    expect(opened.status).toBe(200);
    const headers = inSession(String(opened.headers['mcp-session-id']));
    const stream = await openStream(url, { path: '/mcp', headers, ca });
    expect([stream.status, stream.headers['content-type']]).toEqual([
      200,
      expect.stringMatching(/^text\/event-stream/),
    ]);
    stream.destroy();
    expect((await ask(url, { path: '/mcp', method: 'DELETE', headers, ca })).status).toBe(204);
  });

  it('a client that does not trust the certificate, or does not speak TLS, gets nothing and disturbs no other client', async () => {
    const upstream = await startHostile();
    const { url } = await startServing(upstream.url, flags());
    await expect(ask(url, { path: '/healthz' })).rejects.toThrow(/certificate/);
    const plain = await connect(url);
    plain.write(requestText('GET /healthz HTTP/1.1', ['Host: localhost']));
    await plain.closed;
    expect(plain.text).not.toMatch(/200/);
    const silent = await connect(url);
    silent.write(Buffer.from([0x16, 0x03, 0x01]));
    expect((await ask(url, { path: '/healthz', ca: authority.pem })).status).toBe(200);
  });
});

it.each<[string, () => string[]]>([
  ['a certificate without a key', () => ['--tls-cert', file('cert.pem')]],
  ['a key without a certificate', () => ['--tls-key', file('key.pem')]],
  ['a file that is none', () => ['--tls-cert', file('no.pem'), '--tls-key', file('key.pem')]],
  ['a key of another certificate', () => ['--tls-cert', file('cert.pem'), '--tls-key', file('other-key.pem')]],
  ['a file that is not there', () => ['--tls-cert', file('missing.pem'), '--tls-key', file('key.pem')]],
])('%s: it does not start, and says why', async (_what, flags) => {
  const proxy = startProxy('http://127.0.0.1:9/mcp', ['--listen', '127.0.0.1:0', ...flags()]);
  // A usage error, or a runtime error where only both files together show the mistake.
  expect([1, 2]).toContain((await proxy.exit()).code);
  expect(proxy.stderr).toMatch(/--tls-(cert|key)/);
  expect(proxy.stderr).not.toMatch(/listening on|at .*\.js:\d/);
});

it('requests without TLS are not served', async () => {
  const upstream = await startHostile();
  const { url } = await startServing(upstream.url, ['--tls-cert', file('cert.pem'), '--tls-key', file('key.pem')]);
  await expect(openSession(url.replace('https:', 'http:'))).rejects.toThrow();
  expect(upstream.all('initialize')).toEqual([]);
});
