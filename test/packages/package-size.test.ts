// The package stays small, and what is compressed for that runs as it was written.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { bundle, bundleOptions } from '../../scripts/bundle.mjs';
import { AWAITED, compressed } from '../../scripts/compressed.mjs';
import { capture, npm, root } from '../../scripts/run.mjs';

const chunks = path.join(root, 'dist', 'chunks');
const files = readdirSync(chunks);

it('the package has at most 700 KB unpacked, and no dependencies', async () => {
  const { code, output } = await capture([...npm(), 'pack', '--dry-run', '--json', '--ignore-scripts']);
  expect(code).toBe(0);
  // A list up to npm 11, and an object by name since.
  const [packed] = Object.values(JSON.parse(output.slice(output.search(/^[[{]/m)))) as { unpackedSize: number }[];
  expect(packed?.unpackedSize).toBeLessThanOrEqual(700_000);
  const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  expect(dependencies).toBeUndefined();
});

it('a compressed file is what the bundler wrote', async () => {
  const options = bundleOptions('node20.19');
  const built = await bundle({ name: 'mcp-proxy', modules: ['src/cli/main.ts', 'src/index.ts'], options });
  const texts = new Map(built.files.map(({ name, text }) => [name, text]));
  const packed = files.filter((file) => file.endsWith('.br'));
  expect(packed.length).toBeGreaterThan(10);
  for (const file of packed) {
    const text = brotliDecompressSync(readFileSync(path.join(chunks, file))).toString();
    expect(text === texts.get(`chunks/${file.slice(0, -3)}`), file).toBe(true);
    // It is read in Latin-1.
    expect(/[^\0-\x7f]/.test(text), file).toBe(false);
  }
});

it('every file that is loaded on demand can be loaded, and exports something', () => {
  const load = createRequire(import.meta.url);
  const names = files.filter((file) => file.endsWith('.cjs'));
  expect(names.length).toBeGreaterThan(50);
  for (const name of names) expect(Object.keys(load(path.join(chunks, name))), name).not.toHaveLength(0);
});

it('what a stdio client may wait for has the names under which it is left as it is', () => {
  const titles = new Set(files.map((file) => file.replace(/-[\w-]{8}\.cjs$/, '')));
  for (const title of AWAITED) expect(titles).toContain(title);
});

it('what is small, what a stdio client may wait for, and what every start loads is not compressed', () => {
  const text = 'exports.a = 1;\n'.repeat(1_000);
  const written = compressed([
    { name: 'mcp-proxy.cjs', text },
    { name: 'chunks/bridge-aaaaaaaa.cjs', text },
    { name: 'chunks/small-aaaaaaaa.cjs', text: 'exports.a = 1;' },
    { name: 'chunks/doctor-aaaaaaaa.cjs', text },
  ]);
  const sizes = Object.fromEntries(written.map(({ name, text: { length } }) => [name, length]));
  expect(sizes).toMatchObject({
    'mcp-proxy.cjs': text.length,
    'chunks/bridge-aaaaaaaa.cjs': text.length,
    'chunks/small-aaaaaaaa.cjs': 14,
  });
  expect(sizes['chunks/doctor-aaaaaaaa.cjs']).toBeLessThan(100);
  expect(sizes['chunks/doctor-aaaaaaaa.cjs.br']).toBeLessThan(1_000);
});
