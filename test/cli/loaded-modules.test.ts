// What a start loads of Node itself: each of these modules costs it milliseconds, and most starts need none of them.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { closeProxies, startProxy } from '../peers/proxy.ts';

const EXPENSIVE = 'child_process crypto dns dns/promises fs/promises http https readline tls zlib'.split(' ');

/** Preloaded: writes down what the program has loaded when it ends. */
const NOTE = `
  const { writeFileSync } = require('node:fs');
  const before = new Set(process.moduleLoadList);
  process.on('exit', () => {
    const loaded = process.moduleLoadList.filter((name) => !before.has(name));
    writeFileSync(process.env.LOADED, JSON.stringify(loaded));
  });
`;

const folder = mkdtempSync(path.join(tmpdir(), 'mcp-proxy-loaded-'));
const note = path.join(folder, 'note.cjs');
writeFileSync(note, NOTE);
afterEach(closeProxies);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The expensive modules of Node that a start with these words has loaded. */
async function expensive(words: string[]): Promise<string[]> {
  const file = path.join(folder, 'loaded.json');
  const env = { NODE_OPTIONS: `--require ${JSON.stringify(note)}`, LOADED: file };
  const proxy = startProxy(undefined, words, { env });
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  const loaded = JSON.parse(readFileSync(file, 'utf8')) as string[];
  return EXPENSIVE.filter((name) => loaded.includes(`NativeModule ${name}`));
}

const URL = 'http://127.0.0.1:9/mcp';
const FLAGS = ['--header', 'X-Team: a', '--timeout', '60', '--log-level', 'warn'];

for (const words of [['--version'], ['--help'], [URL], [URL, ...FLAGS]]) {
  it(`nothing expensive is loaded before it is needed: ${words.join(' ')}`, async () => {
    expect(await expensive(words)).toEqual([]);
  });
}
