// HTTP mode: where it listens, and who comes in.

// HTTP mode: where it listens, and who comes in.
import http from 'node:http';
import { legacyServer } from '../../peers/minimal-server.ts';
import { startScripted } from '../../peers/scripted.ts';
import { createAuthority } from '../../peers/tls.ts';
import { type Group, type Play, server } from './mistake.ts';
import { textOf, toTheEnd } from './transcript.ts';

const URL = 'https://server.example/mcp';
const upstream = server(() => startScripted('/mcp', legacyServer()));

interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a client', version: '1' } },
});

/** One request to the running program, as the page shows it, and the answer. */
const requesting =
  ({ method = 'POST', path = '/mcp', headers = {}, body = method === 'POST' ? INITIALIZE : '' }: Request): Play =>
  async (program, workspace) => {
    const [, url = ''] = await program.stderrMatching(/listening on (https?:\/\/[^\s/]+)/);
    workspace.knowPort(new global.URL(url).port);
    const sent = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers };
    const answer = await send(url + path, { method, headers: sent }, body);
    program.kill('SIGTERM');
    await program.exit();
    const given = Object.entries(headers).map(([name, value]) => `; ${name}: ${value}`);
    return [`> ${method} ${path}${given.join('')}`, ...answer];
  };

function send(url: string, options: http.RequestOptions, body: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { ...options, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => {
        const isPage = /^text\/html/.test(response.headers['content-type'] ?? '');
        resolve([`HTTP ${response.statusCode}`, ...(isPage ? textOf(text) : [text])]);
      });
    });
    request.once('error', reject);
    request.end(body);
  });
}

const listening = 'mcp-proxy {url} --listen 127.0.0.1:0';
const typed = '$ mcp-proxy {url} --listen localhost:8080';

export const HTTP_MODE: Group = {
  title: 'HTTP mode',
  mistakes: [
    {
      title: 'The address to listen on is a port alone',
      command: `mcp-proxy ${URL} --listen 8080`,
    },
    {
      title: 'The port is in use',
      command: `mcp-proxy ${URL} --listen 127.0.0.1:{port}`,
      setUp: async (workspace) => ({ port: String(await workspace.holdPort()) }),
      play: toTheEnd,
      platform: 'linux',
    },
    {
      title: 'The address to listen on belongs to another machine',
      command: `mcp-proxy ${URL} --listen 192.0.2.1:8080`,
      play: toTheEnd,
    },
    {
      title: 'A flag of HTTP mode is given without --listen',
      command: `mcp-proxy ${URL} --client-token abc123`,
    },
    {
      title: 'The key does not belong to the certificate that clients see',
      command: `mcp-proxy ${URL} --listen 127.0.0.1:0 --tls-cert cert.pem --tls-key key.pem`,
      setUp: async (workspace) => {
        const authority = createAuthority('Example Root CA');
        workspace.file('cert.pem', authority.issue().cert);
        workspace.file('key.pem', authority.issue().key);
        return {};
      },
      play: toTheEnd,
    },
    {
      title: 'A client on another machine sends no token',
      command: `${listening} --client-token abc123`,
      typed: `${typed} --client-token abc123`,
      setUp: upstream,
      play: requesting({ headers: { 'x-forwarded-for': '192.0.2.7' } }),
    },
    {
      title: 'A client on another machine sends the wrong token',
      command: `${listening} --client-token abc123`,
      typed: `${typed} --client-token abc123`,
      setUp: upstream,
      play: requesting({ headers: { 'x-forwarded-for': '192.0.2.7', authorization: 'Bearer wrong' } }),
    },
    {
      title: 'A client uses a host name that is not allowed',
      command: listening,
      typed,
      setUp: upstream,
      play: requesting({ headers: { host: 'mcp.example.com' } }),
    },
    {
      title: 'A web page of another origin is the client',
      command: listening,
      typed,
      setUp: upstream,
      play: requesting({ headers: { origin: 'https://app.example' } }),
    },
    {
      title: 'The client asks for another path',
      command: listening,
      typed,
      setUp: upstream,
      play: requesting({ path: '/' }),
    },
    {
      title: 'The address is opened in a browser',
      command: listening,
      typed,
      setUp: upstream,
      play: requesting({ method: 'GET', headers: { accept: 'text/html' } }),
    },
    {
      title: 'The client names a session that is over',
      command: listening,
      typed,
      setUp: upstream,
      play: requesting({
        headers: { 'mcp-session-id': 'abc123' },
        body: '{"jsonrpc":"2.0","id":2,"method":"tools/list"}',
      }),
    },
  ],
};
