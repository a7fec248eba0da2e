// Servers with TLS: which certificates the program accepts, and what it says about the others.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { legacyServer, sseServer } from '../../peers/minimal-server.ts';
import { DIRECT, NAMES } from '../../peers/names.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyOptions, startProxy } from '../../peers/proxy.ts';
import { RpcError } from '../../peers/rpc.ts';
import { type Certificate, type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { createAuthority, selfSigned } from '../../peers/tls.ts';

const DAY = 24 * 60 * 60 * 1000;
const authority = createAuthority('Corporate Root für Tests');
const open = opened();

let folder: string;
let trusted: ProxyOptions;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-tls-'));
  const file = path.join(folder, 'authority.pem');
  writeFileSync(file, authority.pem);
  trusted = { env: { NODE_EXTRA_CA_CERTS: file } };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const serving = (certificate: Certificate): Promise<ScriptedPeer> =>
  open(startScripted('/mcp', legacyServer(), certificate));

interface Failure {
  code: number;
  message: string;
  /** The whole answer as it was written. */
  line: string;
  data: { hint?: string } | undefined;
}

async function failure(url: string, options: ProxyOptions = {}): Promise<Failure> {
  const proxy = startProxy(url, ['-H', 'Authorization: Bearer secret-of-the-header'], options);
  const error: unknown = await proxy.rpc.initialize().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(RpcError);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  const { code, message, line, data } = error as RpcError;
  return { code, message, line, data: data as Failure['data'] };
}

describe('an authority in NODE_EXTRA_CA_CERTS', () => {
  it('is trusted for a whole session', async () => {
    const server = await serving(authority.issue());
    const proxy = startProxy(server.url, [], trusted);
    await proxy.rpc.initialize();
    expect((await proxy.rpc.request('tools/list')).tools).toHaveLength(1);
    await vi.waitFor(() => expect(server.lines).toContain('GET'), 60_000);
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect([...server.lines].sort()).toEqual([
      'DELETE',
      'GET',
      'POST initialize',
      'POST notifications/initialized',
      'POST tools/list',
    ]);
  });

  it('is trusted for HTTP+SSE', async () => {
    const server = await open(startScripted('/sse', sseServer(), authority.issue()));
    const proxy = startProxy(server.url, [], trusted);
    await proxy.rpc.initialize('2024-11-05');
    expect((await proxy.rpc.request('tools/list')).tools).toHaveLength(1);
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
  });

  it('is trusted by name', async () => {
    const server = await serving(authority.issue({ hosts: [DIRECT] }));
    const proxy = startProxy(`https://${DIRECT}:${server.port}/mcp`, [], { ...trusted, ...NAMES });
    await proxy.rpc.initialize();
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
  });
});

describe('an authority that is not trusted is named, with what to do', () => {
  const CERTIFICATES: [string, () => Certificate, string][] = [
    ['of a root', () => authority.issue(), 'Corporate Root für Tests'],
    ['of an authority below, which is missing', () => authority.delegate('Team Issuing CA').issue(), 'Team Issuing CA'],
    [
      'of an authority below, which is sent along',
      () => {
        const below = authority.delegate('Team Issuing CA');
        const { key, cert } = below.issue();
        return { key, cert: cert + below.pem };
      },
      'Corporate Root für Tests',
    ],
    [
      'of a whole chain',
      () => {
        const { key, cert } = authority.issue();
        return { key, cert: cert + authority.pem };
      },
      'Corporate Root für Tests',
    ],
    ['of nobody else', () => selfSigned('Made At Home'), 'Made At Home'],
  ];
  it.each(CERTIFICATES)('a certificate %s', async (_, certificate, issuer) => {
    const server = await serving(certificate());
    const error = await failure(server.url);
    expect(error.code).toBe(-31001);
    expect(error.message).toContain(`127.0.0.1:${server.port}`);
    expect(error.message).toContain(issuer);
    expect(error.data?.hint).toContain(issuer);
    expect(error.data?.hint).toContain('NODE_EXTRA_CA_CERTS');
    expect(server.requests).toEqual([]);
  });

  it('although another authority is trusted', async () => {
    const server = await serving(createAuthority('Another Root').issue());
    const error = await failure(server.url, trusted);
    expect(error.message).toContain('Another Root');
    expect(error.data?.hint).toContain('NODE_EXTRA_CA_CERTS');
  });

  it('by a name that cannot forge lines', async () => {
    const server = await serving(createAuthority('Evil\n\u001b[31mmcp-proxy: forged').issue());
    const error = await failure(server.url);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
    expect(`${error.message}${error.data?.hint}`).not.toMatch(/[\u0000-\u001f]/);
  });
});

describe('a certificate of a trusted authority', () => {
  it('for names that no URL can have gets a hint without one', async () => {
    const server = await serving(authority.issue({ hosts: ['*.elsewhere.test'] }));
    const { hint } = (await failure(server.url, trusted)).data ?? {};
    expect(hint).toBe('ask the operator of the server for a certificate that is for 127.0.0.1');
  });

  it('that has expired is reported as such', async () => {
    const until = new Date(Date.now() - DAY);
    const server = await serving(authority.issue({ from: new Date(Date.now() - 10 * DAY), until }));
    const error = await failure(server.url, trusted);
    expect(error.code).toBe(-31001);
    expect(error.message).toContain(`its certificate expired on ${until.toISOString().slice(0, 10)}`);
    expect(error.data?.hint).toContain(`clock says ${new Date().toISOString().slice(0, 10)}`);
    expect(server.requests).toEqual([]);
  });

  it('that is not valid yet is reported as such', async () => {
    const from = new Date(Date.now() + 10 * DAY);
    const server = await serving(authority.issue({ from }));
    const error = await failure(server.url, trusted);
    expect(error.message).toContain(`its certificate is not valid before ${from.toISOString().slice(0, 10)}`);
    expect(error.data?.hint).toContain(`clock says ${new Date().toISOString().slice(0, 10)}, which may be wrong`);
    expect(server.requests).toEqual([]);
  });

  it('for another host is reported as such, with the hosts that it is for', async () => {
    const server = await serving(authority.issue({ hosts: ['elsewhere.test', 'other.test'] }));
    const error = await failure(server.url, trusted);
    expect(error.code).toBe(-31001);
    expect(error.message).toMatch(/another host name/);
    expect(error.message).toContain('"elsewhere.test, other.test"');
    expect(error.data?.hint).toContain(`use https://elsewhere.test:${server.port}/mcp if that is the server, or ask`);
    expect(error.data?.hint).toContain('a certificate that is for 127.0.0.1');
    expect(server.requests).toEqual([]);
  });
});
