// --ca, --cert and --key: a private certificate authority, and servers that ask for a client certificate.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import tls, { type SecureVersion, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createHttpClient } from '../../../src/http/client.ts';
import { noConnection } from '../../../src/http/unreachable/no-connection.ts';
import type { Peer } from '../../peers/listen.ts';
import { legacyServer, sseServer } from '../../peers/minimal-server.ts';
import { DIRECT, INSIDE, NAMES } from '../../peers/names.ts';
import { opened } from '../../peers/opened.ts';
import { startOutboundProxy } from '../../peers/outbound-proxy.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { listenRaw, relay } from '../../peers/raw-server.ts';
import { RpcError } from '../../peers/rpc.ts';
import { answer, type Script, type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { createAuthority } from '../../peers/tls.ts';

const servers = createAuthority('Private Root for Servers');
const clients = createAuthority('Private Root for Clients');
const open = opened();

let folder: string;
const file = (name: string): string => path.join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-mtls-'));
  const { cert, key } = clients.issue({ hosts: ['agent-7'] });
  const other = clients.issue({ hosts: ['agent-8'] });
  const files = { 'ca.pem': `Made by hand.\n${clients.pem}${servers.pem}`, 'cert.pem': cert, 'key.pem': key };
  for (const [name, text] of Object.entries({ ...files, 'other-key.pem': other.key })) writeFileSync(file(name), text);
  writeFileSync(file('broken.pem'), `${servers.pem}${servers.pem.replace(/\nM.*\n/, '\nAAAA\n')}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const authority = (): string[] => ['--ca', file('ca.pem')];
const certificate = (): string[] => ['--cert', file('cert.pem'), '--key', file('key.pem')];

interface Guarded extends ScriptedPeer {
  /** The name in the client's certificate for each request; undefined for a request without one. */
  readonly names: (string | undefined)[];
}

/** A server that asks for a certificate, and refuses clients without one unless `lenient`. */
async function guarded(
  script: Script,
  where = '/mcp',
  lenient = false,
  hosts = ['127.0.0.1', INSIDE],
  version?: SecureVersion,
): Promise<Guarded> {
  const names: (string | undefined)[] = [];
  const versions = version && { minVersion: version, maxVersion: version };
  const checks = { ca: clients.pem, requestCert: true, rejectUnauthorized: !lenient, ...versions };
  const options = { ...servers.issue({ hosts }), ...checks };
  const named: Script = (seen, res) => {
    names.push(nameIn(res.req.socket as TLSSocket));
    return script(seen, res);
  };
  return Object.assign(await open(startScripted(where, named, options)), { names });
}

function nameIn(socket: TLSSocket): string | undefined {
  return socket.getPeerCertificate().subject?.CN as string | undefined;
}

async function failure(proxy: ProxyProcess): Promise<RpcError> {
  const error: unknown = await proxy.rpc.initialize().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(RpcError);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  return error as RpcError;
}

describe('--ca', () => {
  it('is trusted for a whole session', async () => {
    const server = await open(startScripted('/mcp', legacyServer(), servers.issue()));
    const proxy = startProxy(server.url, authority());
    await proxy.rpc.initialize();
    await vi.waitFor(() => expect(server.lines).toContain('GET'), 60_000);
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(server.lines).toContain('DELETE');
  });

  it('is trusted for HTTP+SSE', async () => {
    const server = await open(startScripted('/sse', sseServer(), servers.issue()));
    const proxy = startProxy(server.url, authority());
    await proxy.rpc.initialize('2024-11-05');
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
  });

  it('is trusted in addition to those in NODE_EXTRA_CA_CERTS', async () => {
    const another = createAuthority('Another Root');
    writeFileSync(file('extra.pem'), another.pem);
    for (const issuer of [another, servers]) {
      const server = await open(startScripted('/mcp', legacyServer(), issuer.issue()));
      const proxy = startProxy(server.url, authority(), { env: { NODE_EXTRA_CA_CERTS: file('extra.pem') } });
      await proxy.rpc.initialize();
      expect(await proxy.close()).toEqual({ code: 0, signal: null });
    }
  });

  it('makes neither other authorities trusted nor wrong certificates right', async () => {
    for (const wrong of [createAuthority('Another Root').issue(), servers.issue({ hosts: ['elsewhere.test'] })]) {
      const server = await open(startScripted('/mcp', legacyServer(), wrong));
      const error = await failure(startProxy(server.url, authority()));
      expect(error.code).toBe(-31001);
      expect(error.message).toMatch(/Another Root|another host name/);
      const { hint } = error.data as { hint: string };
      expect(hint).toMatch(/the file of --ca does not contain the authority "Another Root"|use https:/);
      expect(hint).not.toContain('--ca FILE');
      expect(server.requests).toEqual([]);
    }
  });

  it('names the certificate that cannot be read', async () => {
    const server = await open(startScripted('/mcp', legacyServer(), servers.issue()));
    const error = await failure(startProxy(server.url, ['--ca', file('broken.pem')]));
    expect(error.code).toBe(-31001);
    expect(error.message).toMatch(/broken\.pem of --ca cannot be used: certificate 2 in it is damaged/);
  });
});

describe('--cert and --key', () => {
  it('are shown to the server on every connection', async () => {
    const server = await guarded(legacyServer());
    const proxy = startProxy(server.url, [...authority(), ...certificate()]);
    await proxy.rpc.initialize();
    await vi.waitFor(() => expect(server.lines).toContain('GET'), 60_000);
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(server.lines).toContain('DELETE');
    expect(new Set(server.names)).toEqual(new Set(['agent-7']));
  });

  it('work with an authority that Node knows by itself', async () => {
    const server = await guarded(legacyServer());
    const proxy = startProxy(server.url, certificate(), { env: { NODE_EXTRA_CA_CERTS: file('ca.pem') } });
    await proxy.rpc.initialize();
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
  });

  it('give access to a server that requires them', async () => {
    const server = await guarded(legacyServer());
    const error = await failure(startProxy(server.url, authority()));
    expect(String(error.code)).toMatch(/^-3100[13]$/);
    expect(server.requests).toEqual([]);
  });

  it.each<[SecureVersion, RegExp, RegExp]>([
    [
      'TLSv1.2',
      /: it refuses the TLS handshake$/,
      /^it may demand a client certificate: give it with --cert FILE --key FILE;/,
    ],
    ['TLSv1.3', /: it demands a client certificate$/, /^give it with --cert FILE --key FILE; the operator/],
  ])('that a server with %s demands are named, and how to give them', async (version, problem, hint) => {
    for (const flags of [[], ['--transport', 'sse-only']]) {
      const server = await guarded(legacyServer(), '/mcp', false, ['127.0.0.1'], version);
      const error = await failure(startProxy(server.url, [...authority(), ...flags]));
      expect(error.code).toBe(-31001);
      expect(error.message.split(' (')[0]).toMatch(problem);
      expect(error.message).toContain(`cannot connect to 127.0.0.1:${server.port}`);
      const data = error.data as { hint: string; outcome?: string };
      expect(data.hint).toMatch(hint);
      expect(data.outcome).toBeUndefined();
      expect(server.requests).toEqual([]);
    }
  });

  it.each(['bad certificate', 'certificate expired', 'unknown ca'])(
    'that the server refuses with the alert "%s" are named, with who can help',
    async (alert) => {
      // Node's own server has no such alert: it accepts every certificate, and then cuts the connection.
      const error = Object.assign(
        new Error(`1:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert ${alert}:x:1:`),
        {
          code: 'ERR_SSL_ALERT',
        },
      );
      const route = { proxy: undefined, hint: undefined, ca: false, cert: true };
      const { code, message, data } = await noConnection(error, new URL('https://server.example/mcp'), route);
      expect([code, message]).toEqual([
        'unreachable',
        `cannot connect to server.example: it does not accept the client certificate of --cert (TLS alert ${alert})`,
      ]);
      expect(data).toEqual({ hint: expect.stringMatching(/^check that it has not expired/) });
    },
  );

  it('that a server demands from one moment to the next: the call was not run', async () => {
    const script = legacyServer();
    let demand = (): void => {};
    const changing: Script = (seen, res) => {
      const { server: own } = res.req.socket as TLSSocket & { server: tls.Server & { rejectUnauthorized: boolean } };
      demand = () => {
        own.rejectUnauthorized = true;
        // Otherwise the client would resume its session without a certificate.
        own.setTicketKeys(randomBytes(48));
      };
      // Each request has a connection of its own.
      res.shouldKeepAlive = false;
      return script(seen, res);
    };
    const server = await guarded(changing, '/mcp', true, ['127.0.0.1'], 'TLSv1.3');
    const proxy = startProxy(server.url, authority());
    await proxy.rpc.initialize();
    await proxy.rpc.request('tools/list');
    demand();
    const { error } = (await proxy.rpc.exchange('tools/call', { name: 'echo', arguments: {} })).message;
    expect(error).toMatchObject({ code: -31001, message: expect.stringContaining('it demands a client certificate') });
    expect(error?.data.outcome).toBeUndefined();
    await proxy.close();
  });

  it('that do not belong together are reported as such', async () => {
    const server = await guarded(legacyServer());
    const flags = [...authority(), '--cert', file('cert.pem'), '--key', file('other-key.pem')];
    const error = await failure(startProxy(server.url, flags));
    expect(error.code).toBe(-31001);
    expect(error.message).toMatch(/cert\.pem.*other-key\.pem do not belong together/);
    expect(server.requests).toEqual([]);
  });

  it('are shown to no other origin, although the authority is trusted there', async () => {
    const answering: Script = (_, res) => answer(res, 200, 'text/plain', 'ok');
    const [own, other] = [await guarded(answering), await guarded(answering, '/mcp', true)];
    const client = createHttpClient({
      url: new URL(own.url),
      headers: [],
      userAgent: 'test',
      enableProxy: false,
      tls: { ca: file('ca.pem'), cert: file('cert.pem'), key: file('key.pem') },
      env: {},
    });
    for (const { url } of [own, other, own]) {
      const response = await client.fetch({
        purpose: 'call',
        method: 'GET',
        url: new URL(url),
        headers: {},
        repeatable: false,
      });
      expect((await response.body.bytes(100)).toString()).toBe('ok');
    }
    client.close();
    expect(own.names).toEqual(['agent-7', 'agent-7']);
    expect(other.names).toEqual([undefined]);
  });
});

/** An outbound proxy that is reached over TLS, and asks for a client certificate. */
async function encryptedProxy(): Promise<Peer & { names: (string | undefined)[] }> {
  const behind = await open(startOutboundProxy());
  const names: (string | undefined)[] = [];
  const options = {
    ...servers.issue({ hosts: [DIRECT] }),
    ca: clients.pem,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const { port, close } = await listenRaw(
    tls.createServer(options, (socket) => {
      names.push(nameIn(socket));
      relay(socket, behind.port);
    }),
  );
  return { url: `https://${DIRECT}:${port}`, names, close };
}

describe('through an outbound proxy', () => {
  it('the server sees the certificate', async () => {
    const [server, outbound] = [await guarded(legacyServer()), await open(startOutboundProxy())];
    const flags = ['--enable-proxy', ...authority(), ...certificate()];
    const options = { ...NAMES, env: { HTTPS_PROXY: outbound.url } };
    const proxy = startProxy(`https://${INSIDE}:${server.port}/mcp`, flags, options);
    await proxy.rpc.initialize();
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(outbound.requests.map(({ method }) => method)).toContain('CONNECT');
    expect(new Set(server.names)).toEqual(new Set(['agent-7']));
  });

  it('an outbound proxy over TLS is trusted by the same authority, and does not see the certificate', async () => {
    const [server, outbound] = [await guarded(legacyServer()), await open(encryptedProxy())];
    const flags = ['--enable-proxy', ...authority(), ...certificate()];
    const options = { ...NAMES, env: { HTTPS_PROXY: outbound.url } };
    const proxy = startProxy(`https://${INSIDE}:${server.port}/mcp`, flags, options);
    await proxy.rpc.initialize();
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(new Set(server.names)).toEqual(new Set(['agent-7']));
    expect(new Set(outbound.names)).toEqual(new Set([undefined]));
  });
});
