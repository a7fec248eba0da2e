// What a start with a URL alone reads stays small: whatever such a start does not need is loaded on demand.
import { statSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { legacyServer } from '../peers/minimal-server.ts';
import { opened } from '../peers/opened.ts';
import { EXECUTABLE, PROXY_BIN, startProxy } from '../peers/proxy.ts';
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
