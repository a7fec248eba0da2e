// The protected server and the scripted authorization server, walked through by hand.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import { MODERN, modernParams } from '../rpc.ts';
import { startAuthorizationServer } from './authorization-server.ts';
import { startBrowser } from './browser.ts';
import { challenges, type ProtectedServer, startProtectedServer } from './protected-server.ts';
import { discover, registered, signIn } from './sign-in.ts';

const open = opened();
const REDIRECT = 'http://127.0.0.1:9/callback';

async function call(server: ProtectedServer, tool: string, token?: string): Promise<Response> {
  const params = modernParams({ name: tool, arguments: { a: 1 } });
  return fetch(server.url, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': MODERN,
      'mcp-method': 'tools/call',
      'mcp-name': tool,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
}

it('from a 401 over its challenge to a call, and to a scope that is missing', async () => {
  const authorizationServer = await open(startAuthorizationServer({ resource: 'required' }));
  const browser = await open(startBrowser('never'));
  const server = await open(startProtectedServer({ authorizationServer, challengeScope: 'mcp' }));

  const refused = await call(server, 'whoami');
  expect(refused.status).toBe(401);
  const challenge = refused.headers.get('www-authenticate') ?? '';
  expect(challenge).toContain('scope="mcp"');
  const metadata = (await (await fetch(/resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '')).json()) as Record<
    string,
    unknown
  >;
  expect(metadata).toMatchObject({ resource: server.url, authorization_servers: [authorizationServer.issuer] });

  const client = await registered(await discover(authorizationServer.issuer), REDIRECT);
  const flow = { redirectUri: REDIRECT, scope: 'mcp', resource: server.url };
  const { access_token: token } = await signIn(client, browser, flow);
  const answered = await call(server, 'whoami', token);
  expect(answered.status).toBe(200);
  expect(await answered.text()).toContain('"text":"ada"');
  expect(server.executions('whoami')).toBe(1);

  const more = await call(server, 'admin', token);
  expect(more.status).toBe(403);
  expect(more.headers.get('www-authenticate')).toMatch(/error="insufficient_scope", scope="admin", resource_metadata=/);
  expect(server.executions('admin')).toBe(0);
  const { access_token: wider } = await signIn(client, browser, { ...flow, scope: 'mcp admin' });
  expect((await call(server, 'admin', wider)).status).toBe(200);

  const { access_token: foreign } = await signIn(client, browser, { ...flow, resource: 'http://127.0.0.1:9/mcp' });
  expect((await call(server, 'whoami', foreign)).status).toBe(401);
  authorizationServer.expireAccessTokens();
  expect((await call(server, 'whoami', token)).headers.get('www-authenticate')).toContain('error="invalid_token"');
  expect(server.requests.filter(({ tool }) => tool === 'whoami').map(({ status }) => status)).toEqual([
    401, 200, 401, 401,
  ]);
});

it.each(['sessions', 'sse'] as const)('the carrier %s stands behind the same check', async (carrier) => {
  const authorizationServer = await open(startAuthorizationServer());
  const browser = await open(startBrowser('never'));
  const server = await open(startProtectedServer({ authorizationServer, carrier, challenge: challenges.none }));
  const refused = await fetch(server.url, { method: carrier === 'sse' ? 'GET' : 'POST' });
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, null]);

  const registration = await registered(await discover(authorizationServer.issuer), REDIRECT);
  const { access_token: token } = await signIn(registration, browser, { redirectUri: REDIRECT });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  const transport =
    carrier === 'sse'
      ? new SSEClientTransport(new URL(server.url), { requestInit })
      : new StreamableHTTPClientTransport(new URL(server.url), { requestInit });
  const client = await open(new Client({ name: 'client', version: '1.0.0' }));
  await client.connect(transport as Transport);
  expect(await client.callTool({ name: 'whoami' })).toMatchObject({ content: [{ text: 'ada' }] });
  expect(server.executions()).toBe(1);
});

it('an authorization server under the origin of what it protects', async () => {
  const authorizationServer = await open(startAuthorizationServer());
  const behaviour = { inserted: 404, challenge: challenges.bare } as const;
  const server = await open(startProtectedServer({ authorizationServer, hosted: authorizationServer, ...behaviour }));
  expect((await call(server, 'echo')).headers.get('www-authenticate')).toBe('Bearer');
  expect(await discover(server.origin)).toMatchObject({ token_endpoint: `${server.origin}/token` });
});
