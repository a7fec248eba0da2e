// Known names on this machine, for the browser stand-in and for a program that is started.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { opened } from '../opened.ts';
import { startAuthorizationServer } from './authorization-server.ts';
import { startBrowser } from './browser.ts';
import { startNamedHosts } from './named-hosts.ts';

const open = opened();

it('an authorization server under the name of another', async () => {
  const hosts = await open(startNamedHosts(['login.provider.example']));
  const as = await open(startAuthorizationServer({ issuerPath: '/tenant/v2.0' }));
  const origin = await hosts.serve('login.provider.example', as);
  expect(as.issuer).toBe(`${origin}/tenant/v2.0`);
  const url = `${origin}/.well-known/oauth-authorization-server/tenant/v2.0`;
  const metadata = expect.stringContaining(`"token_endpoint":"${as.issuer}/token"`);
  const browser = await open(startBrowser('never', { ca: hosts.ca }));
  expect(await browser.visit(url)).toMatchObject({ status: 200, html: metadata });

  const { nodeArgs = [], env = {} } = hosts.program();
  const script = `require('node:https').get(${JSON.stringify(url)}, (answer) => answer.pipe(process.stdout))`;
  const child = spawn(process.execPath, [...nodeArgs, '--eval', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
  expect(said).toEqual(metadata);
});
