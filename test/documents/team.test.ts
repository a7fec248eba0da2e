// The steps of docs/team.md that concern the program: the unit of systemd starts it, and the check at the end of step 4
// says what the page says, through nginx with TLS.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { type Front, startFront, TOKEN } from '../parity/http/front.ts';
import { closeServings, startServing } from '../peers/http/serving.ts';
import { legacyServer } from '../peers/minimal-server.ts';
import { opened } from '../peers/opened.ts';
import { startScripted } from '../peers/scripted.ts';
import { blocksOf, ROOT } from './blocks.ts';
import { ownArguments } from './entries.ts';
import { commandsIn } from './shell.ts';

const open = opened();
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await closeServings();
});

const UNIT = readFileSync(path.join(ROOT, 'examples/systemd/mcp-proxy.service'), 'utf8');

/** The settings of a unit by section and name; a name that is there twice keeps its last value. */
function settingsOf(unit: string): Map<string, string> {
  const settings = new Map<string, string>();
  let section = '';
  for (const line of unit.replace(/\\\n\s*/g, '').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, heading] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, name, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (heading !== undefined) section = heading;
    else if (name !== undefined) settings.set(`${section}.${name}`, value);
    else throw new Error(`not a line of a unit: ${line}`);
  }
  return settings;
}

function folder(): string {
  const made = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-team-'));
  cleanUps.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

describe('examples/systemd/mcp-proxy.service', () => {
  const settings = settingsOf(UNIT);
  const [words = []] = commandsIn(settings.get('Service.ExecStart') ?? '');

  it('starts the program, which serves clients with the token of the file', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const credentials = folder();
    writeFileSync(path.join(credentials, 'client-token'), `${TOKEN}\n`);
    const args = (ownArguments(words.map((word, i) => (i === 0 ? path.basename(word) : word))) ?? [])
      // As systemd does.
      .map((word) => word.replace('${CREDENTIALS_DIRECTORY}', credentials))
      .map((word) => word.replace('https://server.example/mcp', server.url));
    const listen = args.splice(args.indexOf('--listen'), 2);
    expect(listen).toEqual(['--listen', '127.0.0.1:8080']);
    const { url } = await startServing(undefined, args);
    const headers = { 'x-forwarded-for': '192.0.2.7', host: 'mcp.example.com' };
    const status = async (more: Record<string, string>): Promise<number> =>
      (await fetch(`${url}/readyz`, { headers: { ...headers, ...more } })).status;
    expect(await status({})).toBe(200);
    expect((await fetch(`${url}/metrics`, { headers })).status).toBe(401);
    const authorized = { ...headers, authorization: `Bearer ${TOKEN}` };
    expect((await fetch(`${url}/metrics`, { headers: authorized })).status).toBe(200);
  });

  it('keeps its files where the page says, and does not repeat a start that cannot succeed', () => {
    const cache = `${settings.get('Service.Environment')?.replace('XDG_CACHE_HOME=', '')}/mcp-proxy`;
    expect(cache).toBe('/var/cache/mcp-proxy');
    expect(settings.get('Service.CacheDirectory')).toBe('mcp-proxy');
    expect(settings.get('Service.LoadCredential')).toBe('client-token:/etc/mcp-proxy/client-token');
    expect(settings.get('Service.RestartPreventExitStatus')).toBe('2 78');
    const page = readFileSync(path.join(ROOT, 'docs/team.md'), 'utf8');
    for (const told of [cache, '/etc/mcp-proxy/client-token', 'XDG_CACHE_HOME=/var/cache'])
      expect(page).toContain(told);
  });
});

describe('the check of docs/team.md', () => {
  const [check] = blocksOf('docs/team.md').filter(({ text }) => text.startsWith('curl'));

  it('prints what the page says', async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const front: Front = await startFront(server.url);
    cleanUps.push(() => front.stop());
    const home = folder();
    writeFileSync(path.join(home, 'client-token'), `${TOKEN}\n`);
    // curl connects to the nginx of this test instead of port 443 of the public name.
    const { port } = new URL(front.url);
    writeFileSync(
      path.join(home, '.curlrc'),
      `connect-to = "mcp.example.com:443:127.0.0.1:${port}"\ncacert = "${front.caFile}"\nnoproxy = "*"\n`,
    );
    const script = (check?.text ?? '').replace('/etc/mcp-proxy', home);
    const { stdout } = await promisify(execFile)('bash', ['-ec', script], {
      env: { PATH: process.env.PATH, CURL_HOME: home, HOME: home },
    });
    const [health, status, ...answer] = stdout.split('\n');
    expect([health, status]).toEqual(['{"status":"ok"}', '401']);
    expect(answer.join('\n')).toContain('"serverInfo":{"name":"minimal"');
  });
});
