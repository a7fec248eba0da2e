// What docs/providers.md says of each provider is enough to sign in there and to stay signed in.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { blocksOf } from '../../../documents/blocks.ts';
import { dataOf, entriesIn, isStarting, ownArguments } from '../../../documents/entries.ts';
import { freePort } from '../../../peers/free-port.ts';
import { opened } from '../../../peers/opened.ts';
import { startAtlassian } from '../../../peers/providers/atlassian.ts';
import { startAuth0 } from '../../../peers/providers/auth0.ts';
import { startEntra } from '../../../peers/providers/entra.ts';
import { startGithub } from '../../../peers/providers/github.ts';
import { startGoogle } from '../../../peers/providers/google.ts';
import { startKeycloak } from '../../../peers/providers/keycloak.ts';
import { startOkta } from '../../../peers/providers/okta.ts';
import { startSlack } from '../../../peers/providers/slack.ts';
import { type Guarded, type ProviderUser, signInAndStay, startUser, stay } from './provider-user.ts';

const open = opened();
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The port of the page where a provider compares it, and the redirect URI with another port. */
const PORT = '8765';
const redirectAt = (port: number): string => `http://localhost:${port}/callback`;

/** A host with the first entry of a section and its client file, with ids filled in. */
async function userOf(
  heading: string,
  provider: Guarded & { clientInfo?: ClientInfo },
  port = 0,
): Promise<ProviderUser> {
  const section = blocksOf('docs/providers.md').filter(({ headings }) => headings.includes(heading));
  const data = section.map(dataOf);
  const [entry] = data.flatMap(entriesIn).filter(isStarting);
  if (!entry) throw new Error(`the section ${heading} has no entry`);
  const [url, ...args] = ownArguments(entry.command) ?? [];
  expect(url).toBe(provider.mcpUrl);

  const client = data.find((value): value is ClientFile => entriesIn(value).length === 0);
  const env: Record<string, string> = {};
  if (client) {
    const { client_id = '', client_secret } = provider.clientInfo ?? {};
    const [, name] = /^\$\{(\w+)\}$/.exec(client.client_secret ?? '') ?? [];
    expect(name === undefined, 'the page has a secret where the provider has one').toBe(client_secret === undefined);
    if (name !== undefined) {
      expect(Object.keys(entry.env)).toContain(name);
      env[name] = client_secret ?? '';
    }
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'providers-page-')), 'client.json');
    folders.push(path.dirname(file));
    writeFileSync(file, JSON.stringify({ ...client, client_id }).replaceAll(PORT, String(port)), { mode: 0o600 });
    const named = args.findIndex((word) => word.startsWith('@/path/to/'));
    expect(args[named - 1]).toBe('--static-oauth-client-info');
    args[named] = `@${file}`;
  }
  return open(startUser(provider, args, undefined, env));
}

interface ClientInfo {
  readonly client_id: string;
  readonly client_secret?: string;
}

interface ClientFile extends ClientInfo {
  readonly redirect_uris?: readonly string[];
}

it('GitHub', async () => {
  const github = await open(startGithub({ callback: 'http://127.0.0.1/callback' }));
  await signInAndStay(github, await userOf('GitHub', github));
});

it('Google', async () => {
  const google = await open(startGoogle());
  const user = await userOf('Google', google);
  await user.proxy.rpc.initialize('2025-11-25');
  // Google's servers ask for a token when a tool is called, not earlier.
  const first = user.call();
  await google.visit(await user.browser.waitForTab(1));
  expect(await first).toBe('called');
  await stay(google, user);
});

it('Microsoft Entra ID', async () => {
  const entra = await open(startEntra());
  await signInAndStay(entra, await userOf('Microsoft Entra ID', entra));
});

it('Okta', async () => {
  const port = await freePort();
  const okta = await open(startOkta({ redirectUri: redirectAt(port) }));
  await signInAndStay(okta, await userOf('Okta', okta, port));
});

it('Auth0', async () => {
  const port = await freePort();
  const auth0 = await open(startAuth0({ registration: false, redirectUri: redirectAt(port) }));
  await signInAndStay(auth0, await userOf('Auth0', auth0, port));
});

it('Slack', async () => {
  const port = await freePort();
  const slack = await open(startSlack({ redirectUri: redirectAt(port), app: 'public' }));
  await signInAndStay(slack, await userOf('Slack', slack, port));
});

it('Atlassian', async () => {
  const atlassian = await open(startAtlassian({ address: 'authv2' }));
  await signInAndStay(atlassian, await userOf('Atlassian', atlassian));
});

it('Keycloak', async () => {
  const keycloak = await open(startKeycloak({ registration: 'nobody' }));
  await signInAndStay(keycloak, await userOf('Keycloak', keycloak));
});
