// A URL with `http:` in the place of `https:`, or the other way round: the error names the cause, and what to type
// instead.
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { listenRaw } from '../../peers/raw-server.ts';
import { RpcError } from '../../peers/rpc.ts';
import { startScripted } from '../../peers/scripted.ts';
import { createAuthority } from '../../peers/tls.ts';

const open = opened();
const certificate = createAuthority('Corporate Root').issue();

/** A server of any kind on a free port; the address without a scheme. */
async function listening(server: net.Server): Promise<string> {
  const { address } = await open(listenRaw(server));
  return `${address}/mcp`;
}

interface Told {
  code: number;
  message: string;
  hint: string | undefined;
  stderr: string;
}

async function told(url: string): Promise<Told> {
  const proxy = startProxy(url, ['-H', 'Authorization: Bearer secret-of-the-header']);
  const error: unknown = await proxy.rpc.initialize().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(RpcError);
  expect((await proxy.close()).code).toBe(0);
  const { code, message, data } = error as RpcError;
  return { code, message, hint: (data as { hint?: string } | undefined)?.hint, stderr: proxy.stderr };
}

describe('http: to a server that encrypts', () => {
  const OF_GO = 'Client sent an HTTP request to an HTTPS server.\n';
  const OF_NGINX = '<html><center>The plain HTTP request was sent to HTTPS port</center></html>';

  it.each([
    ['Node', () => tls.createServer(certificate)],
    [
      'one that alerts',
      () =>
        tls
          .createServer(certificate)
          .on('tlsClientError', (_, socket) => socket.end('\u0015\u0003\u0001\0\u0002\u0002F')),
    ],
  ])('of %s', async (_, make) => {
    const address = await listening(make());
    const { code, message, hint, stderr } = await told(`http://${address}?key=secret-of-the-query`);
    expect(code).toBe(-31001);
    expect(message).toMatch(
      /^cannot connect to 127\.0\.0\.1:\d+: the server there encrypts \(TLS\), but the URL begins with http:/,
    );
    expect(hint).toBe(`use https://${address}?key=***`);
    expect(stderr).toContain('the server there encrypts');
  });

  it.each([
    ['Go', OF_GO],
    ['nginx', OF_NGINX],
  ])('that says so in words, as %s does', async (_, words) => {
    const server = http.createServer((_req, res) => res.writeHead(400, { 'content-type': 'text/html' }).end(words));
    const address = await listening(server);
    const { code, message, hint } = await told(`http://${address}`);
    expect(code).toBe(-31001);
    expect(message).toContain('answered HTTP 400: the server there encrypts (TLS), but the URL begins with http:');
    expect(hint).toBe(`use https://${address}`);
  });
});

describe('https: to a server that does not encrypt', () => {
  it('of Node', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const { code, message, hint } = await told(server.url.replace('http:', 'https:'));
    expect(code).toBe(-31001);
    expect(message).toContain('the server there does not encrypt (TLS), but the URL begins with https:');
    expect(hint).toBe(`use ${server.url}`);
    expect(server.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('that hangs up on what is not HTTP', async () => {
    const server = net.createServer((socket) =>
      socket.on('data', (chunk) => {
        if (/^[A-Z]/.test(chunk.toString('latin1'))) socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
        else socket.destroy();
      }),
    );
    const address = await listening(server);
    expect((await told(`https://${address}`)).hint).toBe(`use http://${address}`);
  });
});

describe('no guess is made', () => {
  it.each(['http', 'https'])('of a server that hangs up on everything: %s:', async (scheme) => {
    const address = await listening(net.createServer((socket) => socket.destroy()));
    const { message, hint } = await told(`${scheme}://${address}`);
    expect(message).not.toContain('encrypt');
    expect(hint ?? '').not.toContain('use http');
  });

  it('of a server that has answered before', async () => {
    let requests = 0;
    let connections = 0;
    const server = http.createServer((_req, res) => {
      if (++requests > 1) res.destroy();
      else res.writeHead(404).end();
    });
    server.on('connection', () => connections++);
    const proxy = startProxy(`http://${await listening(server)}`, ['--transport', 'http-only']);
    await proxy.rpc.initialize().catch(() => {});
    const before = connections;
    await proxy.rpc.initialize().catch(() => {});
    await proxy.close();
    // The pooled connection, and another one if that is lost; nothing more.
    expect(connections - before).toBeLessThanOrEqual(1);
  });
});
