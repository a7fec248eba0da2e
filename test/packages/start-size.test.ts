// What a start with a URL alone reads stays small: whatever such a start does not need is loaded on demand.
import { rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { legacyServer } from '../peers/minimal-server.ts';
import { opened } from '../peers/opened.ts';
import { EXECUTABLE, PROXY_BIN, privateHome, startProxy } from '../peers/proxy.ts';
import { startScripted } from '../peers/scripted.ts';

const open = opened();

/** README.md promises it. */
const LIMIT = 150_000;
/** Says at SIGUSR2 which files the program has loaded. */
const OBSERVER = `import module from 'node:module';
process.on('SIGUSR2', () => process.stderr.write('loaded ' + JSON.stringify(Object.keys(module._cache)) + '\\n'));`;

it.skipIf(EXECUTABLE !== undefined)(
  'a session with a URL alone loads at most 150 KB, none of it from elsewhere',
  async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(OBSERVER)}`];
    const proxy = startProxy(server.url, [], { nodeArgs });
    await proxy.rpc.initialize();
    await proxy.rpc.request('tools/list');
    proxy.kill('SIGUSR2');
    const [, list = '[]'] = await proxy.stderrMatching(/^loaded (\[.*\])$/m);
    const loaded = JSON.parse(list) as string[];
    const root = path.join(path.dirname(PROXY_BIN), '..');
    const names = loaded.map((file) => path.relative(root, file).split(path.sep).join('/'));
    expect(names).toContain('dist/mcp-proxy.cjs');
    const bytes = [PROXY_BIN, path.join(root, 'bin/package.json'), ...loaded].map(
      (file) => [file, statSync(file).size] as const,
    );
    const all = [...new Map(bytes).values()].reduce((sum, size) => sum + size, 0);
    expect(all, names.join(' ')).toBeLessThan(LIMIT);
    for (const name of names) expect(name).toMatch(/^(?:bin|dist)\//);
  },
);

/** Modules of Node that each cost a third of a megabyte to a megabyte and a half, and half a millisecond or more. */
const LARGE = ['crypto', 'perf_hooks', 'fs/promises', 'https', 'tls', 'zlib', 'child_process', 'worker_threads'];
/** Says at SIGUSR2 which modules of Node are loaded. It is no ES module: Node would load some to load it. */
const NODE_OBSERVER = `process.on('SIGUSR2', () =>
  process.stderr.write('loaded ' + JSON.stringify(process.moduleLoadList) + '\\n'));`;

it.skipIf(EXECUTABLE !== undefined)(
  'a session with a URL alone loads no large module of Node that it can do without, in the first and in later starts',
  async () => {
    const server = await open(startScripted('/mcp', legacyServer()));
    const home = privateHome();
    const observer = path.join(home, 'observer.cjs');
    writeFileSync(observer, NODE_OBSERVER);
    for (let start = 1; start <= 2; start++) {
      const proxy = startProxy(server.url, [], { home, nodeArgs: ['--require', observer] });
      await proxy.rpc.initialize();
      await proxy.rpc.request('tools/list');
      proxy.kill('SIGUSR2');
      const [, list = '[]'] = await proxy.stderrMatching(/^loaded (\[.*\])$/m);
      const names = (JSON.parse(list) as string[]).map((entry) => entry.replace(/^NativeModule (?:internal\/)?/, ''));
      expect(names).toContain('http');
      expect(
        LARGE.filter((name) => names.includes(name)),
        `start ${start}`,
      ).toEqual([]);
      await proxy.close();
    }
    rmSync(home, { recursive: true, force: true });
  },
);
