// The command that installs the keychain package where the program finds it, however the program was started.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { installHint } from '../../../src/platform/install-hint.ts';
import { sharedHome } from '../../blackbox/sign-in/command.ts';
import { opened } from '../../peers/opened.ts';
import { proxyEnvironment } from '../../peers/proxy.ts';

const open = opened();
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PACKAGE = 'node_modules/@mikluko/mcp-proxy';

interface Outcome {
  code: number | null;
  stderr: string;
}

/** Starts a copy of the program with its stdin closed. */
async function start(copy: string, home: string): Promise<Outcome> {
  const args = [path.join(copy, 'bin', 'mcp-proxy.js'), 'http://127.0.0.1:9/mcp', '--credential-store', 'keychain'];
  const child = spawn(process.execPath, args, { env: proxyEnvironment(home), stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return { code: await new Promise((resolve) => child.once('close', resolve)), stderr };
}

/** A package of that name with everything the program needs, where npm would install it. */
function installKeyring(folder: string): void {
  const place = path.join(folder, 'node_modules', '@napi-rs', 'keyring');
  mkdirSync(place, { recursive: true });
  writeFileSync(path.join(place, 'package.json'), '{"name": "@napi-rs/keyring", "main": "index.js"}');
  writeFileSync(path.join(place, 'index.js'), 'exports.Entry = class {};');
}

it.each([
  [
    'npx',
    '_npx/1',
    PACKAGE,
    (): string => 'npx -y -p @mikluko/mcp-proxy -p @napi-rs/keyring mcp-proxy URL --credential-store keychain',
  ],
  ['a global install', 'lib', PACKAGE, (): string => 'npm install -g @napi-rs/keyring'],
  [
    'a project',
    'my project',
    PACKAGE,
    (at: string): string => `npm install --prefix ${JSON.stringify(at)} @napi-rs/keyring`,
  ],
  ['a checkout', 'checkout', '.', (at: string): string => `npm install --no-save --prefix ${at} @napi-rs/keyring`],
])('started from %s', async (name, folder, place, hint) => {
  const { home } = await open(sharedHome());
  const root = path.join(realpathSync(home), folder);
  const copy = path.join(root, place);
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(path.join(ROOT, part), path.join(copy, part), { recursive: true });
  if (name !== 'a global install') writeFileSync(path.join(root, 'package.json'), '{"type": "module"}');
  expect(await start(copy, home)).toEqual({
    code: 2,
    stderr: `mcp-proxy: --credential-store keychain needs the package @napi-rs/keyring, which is not installed\nhint: ${hint(root.replaceAll('\\', '/'))}\n`,
  });
  installKeyring(root);
  expect(await start(copy, home)).toEqual({ code: 0, stderr: '' });
});

describe('the hint', () => {
  const PNPM = 'node_modules/.pnpm/@mikluko+mcp-proxy@1.0.0/node_modules/@mikluko/mcp-proxy/dist/mcp-proxy.js';
  it.each([
    [
      `C:\\Users\\A User\\AppData\\Roaming\\npm\\node_modules\\@mikluko\\mcp-proxy\\dist\\mcp-proxy.js`,
      'npm install -g X',
    ],
    [
      `C:\\Users\\A User\\AppData\\Local\\npm-cache\\_npx\\1\\node_modules\\@mikluko\\mcp-proxy\\dist\\mcp-proxy.js`,
      'npx -y -p @mikluko/mcp-proxy -p X mcp-proxy URL --credential-store keychain',
    ],
    [
      `/home/u/.cache/pnpm/dlx/abc/def/${PNPM}`,
      'pnpm --package=@mikluko/mcp-proxy --package=X dlx mcp-proxy URL --credential-store keychain',
    ],
    [`/home/u/.local/share/pnpm/global/5/${PNPM}`, 'pnpm add -g X'],
  ])('for %s', (file, hint) => {
    expect(installHint('X', { file, executable: false }, () => false)).toBe(hint);
  });

  it('for a single executable', () => {
    const hint = installHint('X', { file: '/usr/local/bin/mcp-proxy', executable: true });
    expect(hint).toBe(
      'a single executable cannot load packages: npm install -g @mikluko/mcp-proxy X, or --credential-store file',
    );
  });
});
