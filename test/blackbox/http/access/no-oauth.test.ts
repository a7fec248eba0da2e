// Clients that look for an authorization server at the proxy: there is none, and the client learns what it needs
// instead.
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it } from 'vitest';
import { startServing } from '../../../peers/http/serving.ts';
import { ask } from '../exchange.ts';
import { BEARER, guarded } from './guarded.ts';

const gate = guarded();
const REMOTE = { 'x-forwarded-for': '203.0.113.9' };

describe.each<[string, Record<string, string>]>([
  ['from this machine', {}],
  ['from elsewhere, without the token', REMOTE],
  ['with the token', { ...REMOTE, ...BEARER }],
  ['with a wrong token', { ...REMOTE, authorization: 'Bearer wrong' }],
])('%s', (_who, headers) => {
  it.each([
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-protected-resource/mcp',
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/mcp/.well-known/openid-configuration',
  ])('%s: 404', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST'])
      expect((await ask(gate.url, { method, path, headers })).status).toBe(404);
  });

  it.each([
    ['POST', '/register'],
    ['POST', '/register/'],
    ['GET', '/authorize?response_type=code&client_id=x'],
    ['POST', '/token'],
  ])('%s %s: the answer is an OAuth error that says what is needed', async (method, path) => {
    const answered = await ask(gate.url, { method, path, headers, ...(method === 'POST' && { body: {} }) });
    expect([answered.status, answered.headers['content-type']]).toEqual([400, 'application/json']);
    const { error, error_description: description } = JSON.parse(answered.text) as Record<string, string>;
    expect(error).toBe('invalid_request');
    expect(description).toMatch(/client token as "Authorization: Bearer TOKEN"/);
  });
});

it('these paths have the same access rules as all others', async () => {
  for (const path of ['/.well-known/oauth-protected-resource', '/register'])
    expect((await ask(gate.url, { path, headers: { host: 'evil.example' } })).status).toBe(403);
});

it('a proxy without a client token says that it has none', async () => {
  const { url } = await startServing(gate.upstream.url);
  const { text } = await ask(url, { path: '/register', headers: REMOTE, body: {} });
  expect(JSON.parse(text).error_description).toMatch(/--client-token/);
});

const provider = {
  redirectUrl: 'http://localhost:1/callback',
  clientMetadata: { client_name: 'test', redirect_uris: ['http://localhost:1/callback'] },
  clientInformation: () => undefined,
  saveClientInformation: () => {},
  tokens: () => undefined,
  saveTokens: () => {},
  redirectToAuthorization: () => {},
  saveCodeVerifier: () => {},
  codeVerifier: () => 'x'.repeat(43),
};
const INFO = { name: 'test', version: '1' };

it.each<[string, () => Promise<unknown>]>([
  [
    'SDK v1',
    () => {
      const options = { authProvider: provider, requestInit: { headers: REMOTE } };
      return new ClientV1(INFO).connect(new HttpV1(new URL(`${gate.url}/mcp`), options) as never);
    },
  ],
  [
    'SDK v2',
    () => {
      const options = { authProvider: provider, requestInit: { headers: REMOTE } };
      return new ClientV2(INFO).connect(new HttpV2(new URL(`${gate.url}/mcp`), options));
    },
  ],
])('%s with a sign-in of its own shows what is needed', async (_kind, connecting) => {
  await expect(connecting()).rejects.toThrow(/this proxy has no OAuth sign-in: send its client token/);
  gate.untouched();
});
