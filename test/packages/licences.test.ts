// The licences of the packages that are part of the program: in every form in which users get it, those of all of them.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import * as tar from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, bundleOptions } from '../../scripts/bundle.mjs';
import { componentsOf } from '../../scripts/components.mjs';
import { NOTICES } from '../../scripts/notices.mjs';
import { noticesIn } from '../../scripts/release/archives.mjs';
import { layOutImage } from '../../scripts/release/image.mjs';
import { mcpbBundle } from '../../scripts/release/mcpb.mjs';
import { nodePackage } from '../../scripts/release/node-package.mjs';
import { packPackage } from '../../scripts/release/npm-package.mjs';
import { programScript } from '../../scripts/release/program.mjs';
import { HERE } from '../../scripts/release/targets.mjs';
import { root } from '../../scripts/run.mjs';

/** The package that these have in common with others of their repository, where they have no file of their own. */
const SIBLINGS: Readonly<Record<string, string>> = { 'proxy-agent-negotiate': 'https-proxy-agent' };

let folder: string;
let notices: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-licences-'));
  notices = readFileSync(path.join(root, 'dist', NOTICES), 'utf8');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plain = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** The names of the packages that modules come from, from their paths alone. */
function packagesOf(sources: readonly string[]): string[] {
  const names = sources.flatMap(
    (source) =>
      source
        .split(/[\\/]node_modules[\\/]/)
        .slice(1)
        .at(-1) ?? [],
  );
  return [
    ...new Set(
      names.map((name) =>
        name
          .split(/[\\/]/)
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      ),
    ),
  ];
}

function licenceIn(place: string): string {
  const file = readdirSync(place).find((name) => /^licen[cs]e/i.test(name));
  return readFileSync(path.join(place, file ?? 'LICENSE'), 'utf8');
}

/** Expects name, version, copyright and every sentence of the licence of each package. */
function expectAll(text: string, names: readonly string[]): void {
  for (const name of names) {
    const { version } = JSON.parse(readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8'));
    expect(text).toMatch(new RegExp(`^${name} ${version.replaceAll('.', '\\.')}$`, 'm'));
    for (const paragraph of licenceIn(path.join(root, 'node_modules', SIBLINGS[name] ?? name)).split(/\r?\n\s*\r?\n/)) {
      const lines = paragraph.split('\n').map(plain);
      const whole = lines.some((line) => /^Copyright /.test(line)) ? lines : [plain(paragraph)];
      for (const line of whole) expect(plain(text)).toContain(line);
    }
  }
}

it('dist/ has the licences of all bundled packages', async () => {
  const options = bundleOptions('node20.19');
  const bundles = [
    { name: 'mcp-proxy', modules: ['src/cli/main.ts', 'src/index.ts'], options },
    { name: 'compile-cache', modules: ['src/cli/compile-cache.ts'], options },
  ];
  const built = await Promise.all(bundles.map(bundle));
  const names = packagesOf(built.flatMap(({ sources }) => sources));
  expect(names).toEqual(expect.arrayContaining(['oauth4webapi', 'cross-spawn', 'which', 'smol-toml', 'jsonc-parser']));
  // The bundler's own helpers are in the program, too.
  expectAll(notices, [...names, 'rolldown']);
  expect(plain(notices)).toContain(plain(readFileSync(path.join(root, 'LICENSE'), 'utf8')));
});

describe('the file of licences is in', () => {
  it('the package of npm, which has it', async () => {
    const archive = await packPackage(path.join(folder, 'packed'));
    const sizes = new Map<string, number>();
    await tar.list({ file: archive, onReadEntry: ({ path: name, size = 0 }) => void sizes.set(name, size) });
    expect(sizes.get(`package/dist/${NOTICES}`)).toBe(Buffer.byteLength(notices));
  });

  it('the bundle of Claude Desktop', () => {
    const content = unzipSync(mcpbBundle())[`server/dist/${NOTICES}`];
    expect(content && Buffer.from(content).toString('utf8')).toBe(notices);
  });

  it('the image', () => {
    const program = layOutImage(path.join(folder, 'image')).command.at(-1) as string;
    expect(readFileSync(path.join(path.dirname(program), '..', 'dist', NOTICES), 'utf8')).toBe(notices);
  });
});

it.runIf(HERE)(
  'an executable comes with the licences of its packages and of Node',
  async () => {
    const target = HERE as NonNullable<typeof HERE>;
    const { sources } = await programScript();
    const text = await noticesIn(target, sources);
    expectAll(text, [...packagesOf(sources), 'rolldown']);
    expect(text).toContain(`node ${target.node.version}`);
    const node = readFileSync(path.join(await nodePackage(target.node), 'LICENSE'), 'utf8');
    expect(plain(text)).toContain(plain(node));
    expect(plain(text)).toContain('Node.js is licensed for use as follows');
    // The first time, npm sends Node: 50 MB.
  },
  600_000,
);

describe('a package', () => {
  /** Writes a package, and returns the path of its module. */
  function installed(name: string, files: Readonly<Record<string, string>>, repository?: string): string {
    const place = path.join(folder, 'node_modules', name);
    mkdirSync(place, { recursive: true });
    const manifest = { name, version: '1.0.0', license: 'MIT', repository: { url: repository } };
    for (const [file, text] of Object.entries({ ...files, 'package.json': JSON.stringify(manifest) })) {
      writeFileSync(path.join(place, file), text);
    }
    return path.join(place, 'index.js');
  }

  it('without its licence is refused', () => {
    const source = installed('bare', {});
    expect(() => componentsOf([source])).toThrow(/^the package bare is part of the program, but comes without/);
  });

  it('has the licence of a package from the same repository', () => {
    const sources = [installed('one', { 'LICENSE.md': 'Do this.' }, 'here'), installed('two', {}, 'here')];
    expect(componentsOf(sources).map(({ name, text }) => [name, text])).toEqual([
      ['one', 'Do this.'],
      ['two', 'Do this.'],
    ]);
  });

  it('has its notice as well', () => {
    const [component] = componentsOf([installed('noticed', { LICENCE: 'Do this.', 'NOTICE.txt': 'By us.' })]);
    expect(component?.text).toBe('Do this.\n\nBy us.');
  });
});
