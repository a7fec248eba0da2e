// What a release consists of besides the executables: each file is read by a program of the system that it is for,
// where that program is installed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MANIFEST_SCHEMAS } from '@anthropic-ai/mcpb';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarball } from '../../scripts/release/archive.mjs';
import { debPackage } from '../../scripts/release/deb.mjs';
import { packageVersion } from '../../scripts/release/facts.mjs';
import { formatOf } from '../../scripts/release/format.mjs';
import { formulaOf } from '../../scripts/release/formula.mjs';
import { installScript } from '../../scripts/release/install-script.mjs';
import { mcpbManifest } from '../../scripts/release/mcpb.mjs';
import { removeSignature } from '../../scripts/release/pe-signature.mjs';
import { sharedFiles } from '../../scripts/release/shared-files.mjs';
import { HERE, TARGETS } from '../../scripts/release/targets.mjs';
import { capture, root } from '../../scripts/run.mjs';

const version = packageVersion();
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const isInstalled = async (command: string): Promise<boolean> => (await capture([command, '--version'])).code === 0;
const [hasRuby, hasDpkg, hasShell] = await Promise.all(
  ['ruby', 'dpkg-deb'].map(isInstalled).concat(
    // The executables of Windows come without a script.
    Promise.resolve(process.platform !== 'win32'),
  ),
);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-release-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('release:dry without the executables', () => {
  it('makes all other files, and shows their sizes and digests at the end', async () => {
    const command = [
      process.execPath,
      path.join(root, 'scripts/release/main.mjs'),
      '--targets',
      'none',
      '--out',
      folder,
    ];
    const { code, output } = await capture(command);
    expect(code, output).toBe(0);
    const files = [
      'SHA256SUMS',
      'install.sh',
      'mcp-proxy.cdx.json',
      `mcp-proxy-${version}.mcpb`,
      `mikluko-mcp-proxy-${version}.tgz`,
    ].sort();
    expect(readdirSync(folder).sort()).toEqual(files);
    for (const name of files) {
      expect(output).toMatch(
        new RegExp(`^\\| ${name.replaceAll('.', '\\.')} \\| [\\d.]+ MB \\| ${sha256(read(name))} \\|`, 'm'),
      );
    }
    const sums = files.filter((name) => name !== 'SHA256SUMS').map((name) => `${sha256(read(name))}  ${name}\n`);
    expect(read('SHA256SUMS').toString('utf8')).toBe(sums.join(''));

    const { components, metadata } = JSON.parse(read('mcp-proxy.cdx.json').toString('utf8'));
    expect(metadata.component.purl).toBe(`pkg:npm/%40mikluko/mcp-proxy@${version}`);
    const names = components.map((component: { name: string }) => component.name);
    expect(names).toEqual(expect.arrayContaining(['oauth4webapi', 'https-proxy-agent', 'smol-toml', 'node']));
    expect(Object.keys(unzipSync(read(`mcp-proxy-${version}.mcpb`)))).toEqual(
      expect.arrayContaining(['manifest.json', 'server/start.mjs', 'server/bin/mcp-proxy.js', 'server/package.json']),
    );
  });

  it('names the known systems when one is unknown', async () => {
    const { code, output } = await capture([process.execPath, 'scripts/release/main.mjs', '--targets', 'linux-ppc64']);
    expect(code).toBe(1);
    expect(output).toMatch(/^release: there is no target "linux-ppc64"; there are linux-x64, .*, here, none$/m);
  });
});

describe('the notes of a release', () => {
  const notes = (tag: string) => capture([process.execPath, 'scripts/release/notes.mjs', tag]);

  it('are refused if the tag has another version', async () => {
    expect(await notes('v999.0.0')).toEqual({
      code: 1,
      output: `release: the tag is "v999.0.0", but package.json has ${version}\n`,
    });
  });

  it('are a section of the changelog, without which a release is refused', async () => {
    const isPrepared = readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8').includes(`\n## [${version}]`);
    const { code, output } = await notes(`v${version}`);
    expect(code).toBe(isPrepared ? 0 : 1);
    if (isPrepared) expect(output).toMatch(/^### /m);
    else expect(output).toBe(`release: CHANGELOG.md has no section [${version}]\n`);
  });
});

const read = (name: string): Buffer => readFileSync(path.join(folder, name));

describe('the formula of Homebrew', () => {
  const archives = new Map(
    TARGETS.map(({ name }, i) => [name, { file: `mcp-proxy-${version}-${name}.tar.gz`, sha256: String(i).repeat(64) }]),
  );

  it('names the archive and the digest of each system', () => {
    const formula = formulaOf({ version, archives });
    const found = [...formula.matchAll(/on_(macos|linux) do|on_(arm|intel) do\n\s+url "(.*)"\n\s+sha256 "(.*)"/g)];
    let system = '';
    const named = found.flatMap(([, on, processor, url, digest]) => {
      system = on ?? system;
      const target = `${system}-${processor === 'arm' ? 'arm64' : 'x64'}`;
      return on === undefined ? [{ target, file: url?.split('/').at(-1), sha256: digest }] : [];
    });
    expect(named).toHaveLength(4);
    for (const { target, ...archive } of named) expect(archive).toEqual(archives.get(target));
  });

  it.runIf(hasRuby)('is Ruby', async () => {
    const file = path.join(folder, 'mcp-proxy.rb');
    writeFileSync(file, formulaOf({ version, archives }));
    expect(await capture(['ruby', '-c', file])).toEqual({ code: 0, output: 'Syntax OK\n' });
  });

  it('is not made without all archives', () => {
    expect(() => formulaOf({ version, archives: new Map() })).toThrow('the formula needs the archive for macos-arm64');
  });
});

it('the man page and the completions are where systems look for them', async () => {
  const files = new Map((await sharedFiles()).map(({ name, content }) => [name, content.toString('utf8')]));
  expect(files.get('share/man/man1/mcp-proxy.1')).toMatch(/^\.TH /m);
  expect(files.get('share/bash-completion/completions/mcp-proxy')).toContain('complete ');
  expect(files.get('share/zsh/site-functions/_mcp-proxy')).toMatch(/^#compdef mcp-proxy/);
  expect(files.get('share/fish/vendor_completions.d/mcp-proxy.fish')).toContain('complete -c mcp-proxy');
});

it('the manifest for Claude Desktop is valid', () => {
  expect(MANIFEST_SCHEMAS['0.3'].safeParse(mcpbManifest()).error).toBeUndefined();
});

it.runIf(hasDpkg)('the Debian package is one for dpkg, and contains the files', async () => {
  const file = path.join(folder, 'mcp-proxy.deb');
  const content = Buffer.from('#!/bin/sh\necho started\n');
  writeFileSync(file, debPackage('x64', [{ name: 'usr/bin/mcp-proxy', content, isExecutable: true }]));
  const fields = await capture(['dpkg-deb', '--field', file, 'Package', 'Version', 'Architecture']);
  expect(fields.output).toBe(`Package: mcp-proxy\nVersion: ${version}\nArchitecture: amd64\n`);
  expect(await capture(['dpkg-deb', '--extract', file, path.join(folder, 'root')])).toEqual({ code: 0, output: '' });
  expect(await capture([path.join(folder, 'root/usr/bin/mcp-proxy')])).toEqual({ code: 0, output: 'started\n' });
});

describe.runIf(hasShell && HERE)('the install script', () => {
  const target = HERE?.name ?? '';
  const name = `mcp-proxy-${version}-${target}`;
  const program = (text: string): Buffer =>
    tarball([
      { name: `${name}/mcp-proxy`, content: Buffer.from(`#!/bin/sh\n${text}\n`), isExecutable: true },
      { name: `${name}/THIRD-PARTY-LICENSES.txt`, content: Buffer.from('Do this.') },
      { name: `${name}/share/man/man1/mcp-proxy.1`, content: Buffer.from('.TH MCP-PROXY 1\n') },
    ]);

  /** Runs the script for a release whose archive has the digest of `published`, while the server has `served`. */
  async function install({ published, served = published }: { published: Buffer; served?: Buffer }) {
    const downloads = path.join(folder, 'downloads');
    mkdirSync(downloads);
    writeFileSync(path.join(downloads, `${name}.tar.gz`), served);
    const script = path.join(folder, 'install.sh');
    writeFileSync(script, installScript(new Map([[target, { sha256: sha256(published) }]])));
    const env = { PATH: process.env.PATH, HOME: path.join(folder, 'home'), MCP_PROXY_DOWNLOADS: downloads };
    const { code, output } = await capture(['sh', script], { env });
    const installed = path.join(folder, 'home/.local/bin/mcp-proxy');
    return { code, output, installed, isInstalled: existsSync(path.join(folder, 'home')) };
  }

  it('installs the executable and what comes with it', async () => {
    const { code, output, installed } = await install({ published: program('echo started') });
    expect(output).toBe(
      `mcp-proxy ${version} is installed: ${installed}\nhint: add ${path.dirname(installed)} to your PATH\n`,
    );
    expect(code).toBe(0);
    expect((await capture([installed])).output).toBe('started\n');
    expect(readdirSync(path.dirname(installed))).toEqual(['mcp-proxy']);
    const share = path.join(folder, 'home/.local/share');
    expect(existsSync(path.join(share, 'man/man1/mcp-proxy.1'))).toBe(true);
    expect(readFileSync(path.join(share, 'doc/mcp-proxy/THIRD-PARTY-LICENSES.txt'), 'utf8')).toBe('Do this.');
  });

  it('installs no file whose digest is wrong', async () => {
    const {
      code,
      output,
      isInstalled: anything,
    } = await install({
      published: program('echo started'),
      served: program('echo changed'),
    });
    expect(output).toMatch(/^install\.sh: \S+ has the digest [0-9a-f]{64}, not [0-9a-f]{64}; nothing was installed\n$/);
    expect({ code, anything }).toEqual({ code: 1, anything: false });
  });

  it('installs no program that does not start here', async () => {
    const { code, output, isInstalled: anything } = await install({ published: program('exit 127') });
    expect(output).toMatch(/^install\.sh: the executable does not start on this system; nothing was installed\nhint: /);
    expect({ code, anything }).toEqual({ code: 1, anything: false });
  });

  it('says what to do on a system without an executable', async () => {
    const script = path.join(folder, 'install.sh');
    writeFileSync(script, installScript(new Map()));
    const { code, output } = await capture(['sh', script], { env: { PATH: process.env.PATH, HOME: folder } });
    expect(output).toBe(`install.sh: there is no executable for ${target}\nhint: npm install -g @mikluko/mcp-proxy\n`);
    expect(code).toBe(1);
  });
});

describe('executables', () => {
  const written = (bytes: Buffer): string => {
    const file = path.join(folder, 'program');
    writeFileSync(file, bytes);
    return file;
  };
  const bytes = (size: number, numbers: Record<number, number>): Buffer => {
    const buffer = Buffer.alloc(size);
    for (const [at, number] of Object.entries(numbers)) buffer.writeUInt32LE(number, Number(at));
    return buffer;
  };
  const PE_HEADER = { 0: 0x5a4d, 60: 64, 64: 0x4550 };

  it.each([
    ['ELF', 'elf', 'x64', { 0: 0x464c457f, 18: 0x3e }],
    ['ELF', 'elf', 'arm64', { 0: 0x464c457f, 18: 0xb7 }],
    ['ELF of another processor', 'elf', 'unknown (243)', { 0: 0x464c457f, 18: 0xf3 }],
    ['Mach-O', 'mach-o', 'x64', { 0: 0xfeedfacf, 4: 0x01000007 }],
    ['Mach-O', 'mach-o', 'arm64', { 0: 0xfeedfacf, 4: 0x0100000c }],
    ['PE', 'pe', 'x64', { ...PE_HEADER, 68: 0x8664 }],
    ['PE', 'pe', 'arm64', { ...PE_HEADER, 68: 0xaa64 }],
    ['another file', 'unknown', 'unknown', { 0: 0x2f21_2123 }],
  ])('%s is %s for %s', (_, format, arch, numbers) => {
    expect(formatOf(written(bytes(128, numbers)))).toEqual({ format, arch });
  });

  it('an empty file does not count as an executable', () => {
    expect(formatOf(written(Buffer.alloc(0)))).toEqual({ format: 'unknown', arch: 'unknown' });
  });

  it('for Windows lose the signature of Node', () => {
    const entry = 64 + 24 + 112 + 32;
    const file = written(bytes(400, { ...PE_HEADER, [64 + 24]: 0x20b, [entry]: 300, [entry + 4]: 100 }));
    removeSignature(file);
    expect(readFileSync(file)).toEqual(bytes(300, { ...PE_HEADER, [64 + 24]: 0x20b }));
    removeSignature(file);
    expect(readFileSync(file)).toHaveLength(300);
  });
});
