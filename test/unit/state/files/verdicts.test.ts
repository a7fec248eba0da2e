import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileMemory } from '../../../../src/state/files/verdicts.ts';

const HOUR = 3_600_000;
const START = 1_800_000_000_000;
const url = new URL('https://host.example/mcp?api_key=topsecret');

let parent: string;
let folder: string;
let time: number;
const clock = (): number => time;

beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'verdicts-'));
  folder = path.join(parent, 'deep', 'cache');
  time = START;
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function files(): Promise<string[]> {
  const entries = await readdir(parent, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

async function theFile(): Promise<string> {
  const all = await files();
  expect(all).toHaveLength(1);
  return all[0] as string;
}

describe('a verdict', () => {
  it('is remembered by every process that uses the folder', async () => {
    expect(await fileMemory(folder, clock).recall(url)).toBeUndefined();
    await fileMemory(folder, clock).remember(url, 'sse');
    expect(await fileMemory(folder, clock).recall(url)).toBe('sse');
    await fileMemory(folder, clock).remember(url, 'http');
    expect(await fileMemory(folder, clock).recall(url)).toBe('http');
    expect(fileMemory(folder, clock).peek(url)).toBe('http');
    expect(await files()).toHaveLength(1);
  });

  it('belongs to one whole URL', async () => {
    const memory = fileMemory(folder, clock);
    await memory.remember(url, 'sse');
    for (const other of [
      'https://host.example/mcp',
      'https://host.example/mcp?api_key=other',
      'https://host.example/',
      'http://host.example/mcp?api_key=topsecret',
      'https://host.example:8443/mcp?api_key=topsecret',
    ]) {
      expect(await memory.recall(new URL(other))).toBeUndefined();
    }
  });

  it('expires after a day', async () => {
    const memory = fileMemory(folder, clock);
    await memory.remember(url, 'sse');
    time = START + 24 * HOUR - 1;
    expect(await memory.recall(url)).toBe('sse');
    time = START + 24 * HOUR;
    expect(await memory.recall(url)).toBeUndefined();
  });

  it('from the future is none: the clock was wrong then, or is now', async () => {
    const memory = fileMemory(folder, clock);
    await memory.remember(url, 'sse');
    time = START - 1;
    expect(await memory.recall(url)).toBeUndefined();
  });

  it('that was confirmed late lives on, and is not written all the time', async () => {
    const memory = fileMemory(folder, clock);
    await memory.remember(url, 'sse');
    const written = async (): Promise<number> =>
      (JSON.parse(await readFile(await theFile(), 'utf8')) as { checkedAt: number }).checkedAt;
    time = START + HOUR;
    await memory.remember(url, 'sse');
    expect(await written()).toBe(START);
    time = START + 13 * HOUR;
    await memory.remember(url, 'sse');
    expect(await written()).toBe(time);
    time += HOUR;
    await memory.remember(url, 'http');
    expect(await written()).toBe(time);
    expect(await memory.recall(url)).toBe('http');
  });
});

describe('the files', () => {
  it.runIf(process.platform !== 'win32')('are for nobody else', async () => {
    await fileMemory(folder, clock).remember(url, 'sse');
    const file = await theFile();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    for (const place of [folder, path.dirname(file)]) expect((await stat(place)).mode & 0o777).toBe(0o700);
  });

  it('tell nothing about the server', async () => {
    await fileMemory(folder, clock).remember(url, 'sse');
    const file = await theFile();
    expect(path.basename(file)).toMatch(/^[0-9a-f]{32}\.json$/);
    expect(await readFile(file, 'utf8')).not.toMatch(/host|example|topsecret/);
  });

  it('are whole at every moment, however many write them', async () => {
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const memory = fileMemory(folder, () => START + i * 13 * HOUR);
        await memory.remember(url, i % 2 ? 'http' : 'sse');
      }),
    );
    const text = await readFile(await theFile(), 'utf8');
    expect(JSON.parse(text)).toEqual({
      transport: expect.stringMatching(/^(http|sse)$/),
      checkedAt: expect.any(Number),
    });
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '7',
    '"sse"',
    '{"transport":"sse"}',
    '{"transport":"carrier pigeon","checkedAt":1800000000000}',
    '{"transport":"sse","checkedAt":"1800000000000"}',
    '\u0000\u0001',
  ])('that say %j say nothing, and are written anew', async (text) => {
    const memory = fileMemory(folder, clock);
    await memory.remember(url, 'sse');
    await writeFile(await theFile(), text);
    expect(await memory.recall(url)).toBeUndefined();
    await memory.remember(url, 'http');
    expect(await memory.recall(url)).toBe('http');
  });

  it.runIf(process.platform !== 'win32')('are replaced, not written through a link somebody left there', async () => {
    const memory = fileMemory(folder, clock);
    await memory.remember(url, 'sse');
    const file = await theFile();
    const victim = path.join(parent, 'victim');
    await writeFile(victim, 'untouched');
    await rm(file);
    await symlink(victim, file);
    await memory.remember(url, 'http');
    expect(await readFile(victim, 'utf8')).toBe('untouched');
    expect(await memory.recall(url)).toBe('http');
  });
});

describe('a folder that cannot be written to', () => {
  it('costs the memory and nothing else', async () => {
    const blocked = path.join(parent, 'blocked');
    await writeFile(blocked, 'a file where the folder should be');
    const memory = fileMemory(path.join(blocked, 'cache'), clock);
    await memory.remember(url, 'sse');
    expect(await memory.recall(url)).toBeUndefined();
    expect(await files()).toEqual([blocked]);
  });
});
