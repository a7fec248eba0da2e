import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { insistently } from '../../../../src/platform/files.ts';
import { fileStore } from '../../../../src/state/files/secrets.ts';
import { memoryStore } from '../../../../src/state/memory/secrets.ts';
import { killChildren, startChild, temporaryFolder } from '../../platform/processes.ts';

afterEach(killChildren);

const placeOf = (folder: string): string => path.join(folder, 'credentials');
const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

describe.each([
  ['files', () => fileStore(path.join(temporaryFolder(), 'home', 'mcp-proxy'))],
  ['memory', () => memoryStore()],
])('a store in %s', (_, open) => {
  it('has nothing at first', async () => {
    const store = open();
    expect(await store.read('a')).toBeUndefined();
    expect(await store.names()).toEqual([]);
    await store.remove('a');
  });

  it('gives back what was written last, and forgets what was removed', async () => {
    const store = open();
    await store.write('a.b-1', '{"token":"one"}');
    await store.write('a', 'ä\u0000\n𝄞');
    await store.write('a.b-1', '');
    expect([await store.read('a.b-1'), await store.read('a')]).toEqual(['', 'ä\u0000\n𝄞']);
    expect(await store.names()).toEqual(['a', 'a.b-1']);
    await store.remove('a');
    expect(await store.read('a')).toBeUndefined();
    expect(await store.names()).toEqual(['a.b-1']);
  });

  it('knows at once what it has', async () => {
    const store = open();
    expect(store.peek('a')).toBeUndefined();
    await store.write('a', 'text');
    expect(store.peek('a')).toBe('text');
    await store.remove('a');
    expect(store.peek('a')).toBeUndefined();
  });

  it('takes changes in the order of the calls', async () => {
    const store = open();
    const changes = Array.from({ length: 20 }, (_, i) => store.write('a', String(i)));
    await Promise.all([
      ...changes,
      store.remove('a'),
      store.write('a', 'last'),
      store.write('b', 'b'),
      store.remove('b'),
    ]);
    expect([await store.read('a'), await store.read('b')]).toEqual(['last', undefined]);
  });
});

describe('a store in files', () => {
  it('writes one file a name, which another store on the folder reads', async () => {
    const folder = temporaryFolder();
    await fileStore(folder).write('a.b', 'text');
    expect(readdirSync(placeOf(folder))).toEqual(['a.b.json']);
    expect(await fileStore(folder).read('a.b')).toBe('text');
  });

  it.each(['', 'A', 'a/b', '../a', 'a\\b', 'a b', 'ä', 'a\n', 'x'.repeat(81)])('refuses the name %j', async (name) => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'a.json'), 'outside');
    const store = fileStore(folder);
    await expect(store.write(name, 'text')).rejects.toMatchObject({ name: 'ProxyError', code: 'internal' });
    await expect(store.remove(name)).rejects.toMatchObject({ name: 'ProxyError', code: 'internal' });
    expect(await store.read(name)).toBeUndefined();
    expect(readFileSync(path.join(folder, 'a.json'), 'utf8')).toBe('outside');
  });

  it('takes the longest name', async () => {
    const store = fileStore(temporaryFolder());
    await store.write('x'.repeat(80), 'text');
    expect(await store.names()).toEqual(['x'.repeat(80)]);
  });

  it('does not list what is no credential', async () => {
    const folder = temporaryFolder();
    const store = fileStore(folder);
    await store.write('a', 'text');
    for (const name of ['B.json', 'c.txt', 'd.json.tmp', 'e f.json'])
      writeFileSync(path.join(placeOf(folder), name), '');
    expect(await store.names()).toEqual(['a']);
  });

  it('reads nothing where it cannot read', async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(placeOf(folder), 'a.json'), { recursive: true });
    expect(await fileStore(folder).read('a')).toBeUndefined();
    expect(fileStore(folder).peek('a')).toBeUndefined();
  });

  it('is open to its user only, whatever the umask', async () => {
    const folder = path.join(temporaryFolder(), 'home', 'mcp-proxy');
    const child = await startChild(folder);
    for (const umask of ['000', '022']) {
      expect(await child.ask(`mask ${umask}`)).toBe('masked');
      expect(await child.ask('writes a x 1')).toBe('written');
      expect([folder, placeOf(folder), path.join(placeOf(folder), 'a.json')].map(modeOf)).toEqual([
        '700',
        '700',
        '600',
      ]);
    }
  });

  it('takes folders and files away from others who could use them before', async () => {
    const folder = temporaryFolder();
    const file = path.join(placeOf(folder), 'a.json');
    mkdirSync(placeOf(folder));
    writeFileSync(file, 'old', { mode: 0o644 });
    await startChild(folder).then(async (child) => {
      await child.ask('mask 000');
      await child.ask('writes a x 1');
    });
    expect([folder, placeOf(folder), file].map(modeOf)).toEqual(['700', '700', '600']);
  });

  it('replaces a link instead of writing where it leads', async () => {
    const folder = temporaryFolder();
    const target = path.join(folder, 'target');
    writeFileSync(target, 'theirs');
    mkdirSync(placeOf(folder));
    symlinkSync(target, path.join(placeOf(folder), 'a.json'));
    await fileStore(folder).write('a', 'ours');
    expect([readFileSync(target, 'utf8'), fileStore(folder).peek('a')]).toEqual(['theirs', 'ours']);
  });
});

describe('a place that cannot be written', () => {
  const hint = { hint: expect.stringMatching(/folder|space/) as unknown };

  it('is named, with what to do, and without the secret', async () => {
    const folder = temporaryFolder();
    writeFileSync(placeOf(folder), 'a file where the folder should be');
    const error = await fileStore(folder)
      .write('a', 'secret text')
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'ProxyError', code: 'internal', data: hint });
    expect((error as Error).message).toContain(path.join(placeOf(folder), 'a.json'));
    expect(JSON.stringify(error) + String(error)).not.toContain('secret text');
    expect(await fileStore(folder).names()).toEqual([]);
  });

  it('may be the folder of another user, or one without write permission', async () => {
    const folder = temporaryFolder();
    const home = path.join(folder, 'home');
    mkdirSync(home);
    chmodSync(home, 0o555);
    // The child gives up its rights, but must be able to reach that folder.
    chmodSync(folder, 0o755);
    const child = await startChild(home);
    const said = JSON.parse(await child.ask('refused a')) as Record<string, string>;
    expect(said).toMatchObject({ code: 'internal', hint: expect.stringContaining('folder') as unknown });
    expect(said.message).toMatch(/EACCES|EPERM/);
    expect(said.message).not.toContain('secret text');
    expect(readdirSync(home)).toEqual([]);
  });

  it('leaves the old text and no temporary file when the last step fails', async () => {
    const folder = temporaryFolder();
    const store = fileStore(folder);
    await store.write('b', 'old');
    mkdirSync(path.join(placeOf(folder), 'a.json'));
    await expect(store.write('a', 'new')).rejects.toMatchObject({ code: 'internal', data: hint });
    await expect(store.remove('a')).rejects.toMatchObject({ code: 'internal', data: hint });
    expect(readdirSync(placeOf(folder))).toEqual(['a.json', 'b.json']);
  });

  it('does not stop what is written later', async () => {
    const folder = temporaryFolder();
    const store = fileStore(folder);
    mkdirSync(path.join(placeOf(folder), 'a.json'), { recursive: true });
    const failed = store.write('a', 'new');
    const later = store.write('b', 'new');
    await expect(failed).rejects.toMatchObject({ code: 'internal' });
    await later;
    expect(await store.read('b')).toBe('new');
  });
});

describe('a crash', () => {
  it('leaves the old text or the new one, and the next write clears up', async () => {
    const folder = temporaryFolder();
    const size = 200_000;
    const store = fileStore(folder);
    for (let round = 0; round < 15; round++) {
      const child = await startChild(folder);
      expect(await child.ask(`write a ${size}`)).toBe('writing');
      await textOtherThan(() => store.peek('a'), store.peek('a'));
      await child.kill();
      const text = (await store.read('a')) ?? '';
      expect(text).toBe(text.charAt(0).repeat(size));
    }
    await store.write('b', 'text');
    expect(readdirSync(placeOf(folder))).toEqual(['a.json', 'b.json']);
  });

  it('is told from a writer that is at work', async () => {
    const folder = temporaryFolder();
    const store = fileStore(folder);
    const child = await startChild(folder);
    mkdirSync(placeOf(folder));
    const temporary = (pid: number): string => path.join(placeOf(folder), `a.json.${pid}.abcdef012345.0.tmp`);
    // Our own process id with another start time: an earlier process, as in a restarted container.
    for (const pid of [child.pid, process.pid]) writeFileSync(temporary(pid), 'half a te');
    await store.write('b', 'text');
    expect(readdirSync(placeOf(folder)).sort()).toEqual([path.basename(temporary(child.pid)), 'b.json']);
    utimesSync(temporary(child.pid), 1_000, 1_000);
    await store.write('b', 'text');
    expect(readdirSync(placeOf(folder))).toEqual(['b.json']);
  });
});

describe('several writers', () => {
  it('leave one of their texts, whole', async () => {
    const folder = temporaryFolder();
    const children = await Promise.all(['x', 'y', 'z', 'w'].map(() => startChild(folder)));
    const store = fileStore(folder);
    let done = false;
    const all = Promise.all(children.map((child, i) => child.ask(`writes a ${'xyzw'.charAt(i)} 40`)));
    const ended = all.finally(() => {
      done = true;
    });
    let seen = 0;
    while (!done) {
      const text = await store.read('a');
      if (text !== undefined) {
        expect(text).toBe(text.charAt(0).repeat(50_000));
        seen++;
      }
      await new Promise(setImmediate);
    }
    expect(await ended).toEqual(['written', 'written', 'written', 'written']);
    expect(seen).toBeGreaterThan(0);
    expect(readdirSync(placeOf(folder))).toEqual(['a.json']);
  });

  it('write again when one that does not know their numbers takes their file for a leftover', async () => {
    const folder = temporaryFolder();
    const store = fileStore(folder);
    await store.write('a', 'old');
    let taken = 0;
    // A process in another container does this, which sees no process with this id.
    const watcher = watch(placeOf(folder), (_, entry) => {
      if (taken > 0 || !entry?.endsWith('.tmp')) return;
      try {
        unlinkSync(path.join(placeOf(folder), entry));
        taken++;
      } catch {}
    });
    try {
      for (let i = 0; taken === 0 && i < 1_000; i++) await store.write('a', String(i).padEnd(100_000, '.'));
    } finally {
      watcher.close();
    }
    expect(taken).toBe(1);
    expect(await store.read('a')).toHaveLength(100_000);
    expect(readdirSync(placeOf(folder))).toEqual(['a.json']);
  });
});

describe('what Windows refuses for a moment', () => {
  const failing = (times: number, code: string) => {
    let calls = 0;
    return async () => {
      if (calls++ < times) throw Object.assign(new Error(code), { code });
      return calls;
    };
  };

  it.each(['EPERM', 'EBUSY', 'EACCES'])('is tried again after %s', async (code) => {
    expect(await insistently(failing(3, code), 'win32')).toBe(4);
  });

  it('is given up in the end', async () => {
    await expect(insistently(failing(100, 'EPERM'), 'win32')).rejects.toMatchObject({ code: 'EPERM' });
  });

  it('is final elsewhere, and with other errors', async () => {
    await expect(insistently(failing(1, 'EPERM'), 'linux')).rejects.toMatchObject({ code: 'EPERM' });
    await expect(insistently(failing(1, 'ENOENT'), 'win32')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

/** Waits until a write has succeeded, so that the next moment is in the middle of another one. */
async function textOtherThan(read: () => unknown, old: unknown): Promise<void> {
  while (read() === old) await new Promise(setImmediate);
}
