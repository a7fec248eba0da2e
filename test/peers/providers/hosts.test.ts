// The names in another process, which is where the program under test uses them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startBrowser } from '../oauth/browser.ts';
import { opened } from '../opened.ts';
import { proxyEnvironment, startProxy } from '../proxy.ts';
import { startGithub } from './github.ts';
import { startGoogle } from './google.ts';

const open = opened();
const METADATA = 'https://github.com/.well-known/oauth-authorization-server/login/oauth';

async function run(env: Record<string, string>, script: string): Promise<string> {
  const options = { env: { ...proxyEnvironment('/nowhere'), ...env } };
  return (await promisify(execFile)(process.execPath, ['-e', script], options)).stdout.trim();
}

const get = (url: string, options = '{}'): string =>
  `require('https').get('${url}', ${options}, (res) => res.on('data', (d) => console.log(JSON.parse(d).issuer))).on('error', (e) => console.log(e.code));`;

it('leads from the real name and port to the stand-in', async () => {
  const github = await open(startGithub());
  expect(await run(github.env, get(METADATA))).toBe('https://github.com/login/oauth');
  expect(await run(github.env, `fetch('${METADATA}').then((r) => r.json()).then((j) => console.log(j.issuer))`)).toBe(
    'https://github.com/login/oauth',
  );
  expect(github.requests.map(({ url }) => url.href)).toEqual([METADATA, METADATA]);
});

it('leads from its address to the stand-in, too', async () => {
  const github = await open(startGithub());
  const script = `require('dns').lookup('github.com', (e, address) => { console.log(address); ${get(METADATA, "{ host: address, servername: 'github.com', headers: { host: 'github.com' } }")} })`;
  const [address, issuer] = (await run(github.env, script)).split('\n');
  expect(address).toMatch(/^13\./);
  expect(issuer).toBe('https://github.com/login/oauth');
});

it('leads nowhere else', async () => {
  const github = await open(startGithub());
  expect(await run(github.env, get('https://gitlab.com/'))).toBe('ENOTFOUND');
});

it('is not trusted without the authority of the stand-ins', async () => {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = (await open(startGithub())).env;
  expect(await run(env, get(METADATA))).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY|SELF/);
});

it('leads the program to the stand-in', async () => {
  const google = await open(startGoogle());
  const proxy = startProxy(google.mcpUrl, [], { env: google.env });
  await proxy.rpc.initialize();
  expect((await proxy.rpc.request('tools/list')).tools).toHaveLength(1);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  expect(google.requests[0]?.url.href).toBe('https://gmailmcp.googleapis.com/mcp/v1');
});

it('leads a browser that the program starts to the stand-in', async () => {
  const [github, browser] = [await open(startGithub()), await open(startBrowser('hold'))];
  const env = { ...proxyEnvironment('/nowhere'), ...github.env };
  await promisify(execFile)(browser.command, ['https://github.com/login/oauth/authorize?client_id=x'], { env });
  expect((await github.visit(await browser.waitForTab(1))).status).toBe(404);
});
