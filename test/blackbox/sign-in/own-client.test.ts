// A server without dynamic registration: the error has everything that the user must type, and it works.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { clientHint } from '../../../src/auth/oauth/client-hint.ts';
import { type AuthorizationServerOptions, startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { askWhoami, run, sharedHome } from './command.ts';

const open = opened();
const FLAG = '--static-oauth-client-info';

async function unregistered(behaviour: AuthorizationServerOptions) {
  const authorizationServer = await open(startAuthorizationServer({ redirectPorts: 'exact', ...behaviour }));
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('approve'));
  const { home } = await open(sharedHome());
  return { authorizationServer, server, home, options: { home, env: { BROWSER: browser.command } } };
}

it.each([
  [
    'has no registration',
    { metadata: { registration_endpoint: undefined } },
    'does not register clients automatically',
  ],
  ['registers known clients only', { registration: { status: 403 } }, 'refuses to register a client: HTTP 403'],
  [
    'refuses to register this one',
    { registration: { status: 400, body: { error: 'invalid_client_metadata' } } },
    'refuses to register a client: invalid_client_metadata',
  ],
] as const)('where the authorization server %s, the hint is a command that works', async (_, behaviour, problem) => {
  const { authorizationServer, server, home, options } = await unregistered(behaviour);
  const { code, out, err } = await run('login', [server.url], options);
  const [error, hint = ''] = err.trimEnd().split('\n');
  expect({ code, out, error }).toEqual({
    code: 1,
    out: [],
    error: `mcp-proxy: ${authorizationServer.issuer}/ ${problem}`,
  });
  const said =
    /with the redirect URI (\S+) there, then add --static-oauth-client-info (?:'(.*)'|(@client\.json), .* (\{.*))$/;
  const [, redirectUri = '', quoted, file, content] = said.exec(hint) ?? [];
  const json = (quoted ?? content ?? '').replace('ID', 'own-client');
  expect(JSON.parse(json)).toEqual({ client_id: 'own-client', redirect_uris: [redirectUri] });

  const client = { client_id: 'own-client', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' };
  authorizationServer.clients.set(client.client_id, client);
  const stored = path.join(home, 'client.json');
  writeFileSync(stored, json);
  const given = [FLAG, file === undefined ? json : `@${stored}`];
  expect(await askWhoami(server.url, given, options)).toBe('ada');
});

it('a hint for the device grant needs no redirect URI', async () => {
  const { server, options } = await unregistered({ metadata: { registration_endpoint: undefined } });
  const { code, err } = await run('login', [server.url, '--device-code'], options);
  expect(code).toBe(1);
  expect(err).toMatch(
    /^hint: register a client there, then add --static-oauth-client-info \S.*\{"client_id":"ID"\}'?$/m,
  );
});

it('a secret in the metadata is not repeated', async () => {
  const { server, options } = await unregistered({
    registration: { status: 400, body: { error: 'invalid_client_metadata' } },
  });
  const metadata = JSON.stringify({ software_statement: 'a-statement-that-is-secret' });
  const { code, err } = await run('login', [server.url, '--static-oauth-client-metadata', metadata], options);
  expect(code).toBe(1);
  expect(err).toContain('hint: register a client');
  expect(err).not.toContain('a-statement');
});

describe('the hint', () => {
  const uri = 'http://localhost:14000/callback';

  it('uses a file where a shell removes the quotes of JSON', () => {
    expect(clientHint({ grant: 'browser' }, uri, 'win32')).toBe(
      `register a client with the redirect URI ${uri} there, then add --static-oauth-client-info @client.json, ` +
        `a file that holds {"client_id":"ID","redirect_uris":["${uri}"]}`,
    );
  });

  it('uses a file where the JSON contains a quote', () => {
    expect(clientHint({ grant: 'browser' }, `${uri}'s`, 'linux')).toContain('@client.json');
  });
});
