// Unusual starts of the program: output that nobody reads, an old Node, a clone that is not built, an import of the
// package.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import {
  closeProxies,
  EXECUTABLE,
  PROGRAM,
  PROXY_BIN,
  privateHome,
  proxyEnvironment,
  startProxy,
} from '../../peers/proxy.ts';

afterEach(closeProxies);

it.each(['--help', '--version'])('%s to a pipe that nobody reads ends quietly', async (flag) => {
  const home = privateHome();
  const [file, ...script] = PROGRAM;
  const child = spawn(file, [...script, flag], {
    env: proxyEnvironment(home),
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const signal = await new Promise((resolve) => child.once('close', (_code, by) => resolve(by)));
  rmSync(home, { recursive: true, force: true });
  expect(signal).toBeNull();
  expect(stderr).toBe('');
});

// An executable brings its own Node.
describe.runIf(EXECUTABLE === undefined)('a Node that is too old or incomplete', () => {
  it.each(['18.20.4', '20.18.3', '16.0.0'])('Node %s is reported as too old', async (version) => {
    const versions = `{...process.versions,node:${JSON.stringify(version)}}`;
    const preload = `Object.defineProperty(process,'versions',{value:${versions}})`;
    const proxy = startProxy(undefined, ['--help'], {
      nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(preload)}`],
    });
    expect(await proxy.exit()).toEqual({ code: 78, signal: null });
    expect(proxy.stderr).toContain(`needs Node 20.19 or newer, this is ${version}`);
    expect(proxy.lines).toEqual([]);
  });

  it.each(['21.7.3', '22.2.0'])('Node %s is reported with what it lacks', async (version) => {
    const preload = `process.getBuiltinModule=undefined;Object.defineProperty(process,'versions',{value:{node:'${version}'}})`;
    const proxy = startProxy(undefined, ['--help'], {
      nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(preload)}`],
    });
    expect(await proxy.exit()).toEqual({ code: 78, signal: null });
    expect(proxy.stderr).toContain(`needs Node 20.19 or newer, except 21 and 22.0 to 22.2, this is ${version}`);
    expect(proxy.lines).toEqual([]);
  });

  it('a host gets the reason in the answer to its first request', async () => {
    const preload = `Object.defineProperty(process,'versions',{value:{node:'18.20.8'}})`;
    const proxy = startProxy('http://127.0.0.1:9/mcp', [], {
      nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(preload)}`],
    });
    proxy.stdin.write('garbage\n{"jsonrpc":"2.0","method":"notifications/x"}\nnull\n');
    await expect(proxy.rpc.initialize()).rejects.toThrow(/needs Node 20\.19 or newer, this is 18\.20\.8/);
    expect((await proxy.exit()).code).toBe(78);
    expect(proxy.lines).toHaveLength(1);
  });
});

/** The files that a clone has before it is built: nothing that the program would load. */
function unbuiltClone(): string {
  const clone = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-clone-')));
  cpSync(path.dirname(PROXY_BIN), path.join(clone, 'bin'), { recursive: true });
  return clone;
}

it.runIf(EXECUTABLE === undefined)('a Node that is too old is reported before anything else is loaded', async () => {
  const clone = unbuiltClone();
  try {
    const preload = path.join(clone, 'old.cjs');
    const old = "Object.defineProperty(process, 'versions', { value: { node: '18.20.8' } });";
    // Node before 14.18 knows no name with a scheme.
    const watch = `const M = require('module'); const load = M._load; M._load = (name, ...rest) => {
      process.stderr.write('loads ' + name + '\\n');
      if (/^node:/.test(name)) throw new Error('Cannot find module ' + name);
      return load(name, ...rest);
    };`;
    writeFileSync(preload, `${old}\n${watch}\n`);
    const args = ['--require', preload, path.join(clone, 'bin', 'mcp-proxy.js'), 'http://127.0.0.1:9/mcp'];
    const child = spawn(process.execPath, args);
    child.stdin.end('{"jsonrpc":"2.0","id":1,"method":"initialize"}\n');
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    const problem = "needs Node 20.19 or newer, this is 18.20.8. Point your host's config at a newer node.";
    expect(stderr.replace(/^loads .*bin.mcp-proxy\.js\n/, '')).toBe(`mcp-proxy: ${problem}\nloads readline\n`);
    expect(JSON.parse(stdout)).toMatchObject({ id: 1, error: { message: `mcp-proxy ${problem}` } });
    expect(code).toBe(78);
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
});

it('the package exports what a program needs', async () => {
  const entry: Record<string, unknown> = await import(new URL('../../../dist/index.js', import.meta.url).href);
  for (const name of ['startStdioProxy', 'ProxyError', 'fileMemory']) expect(entry[name]).toBeTypeOf('function');
});

it.runIf(EXECUTABLE === undefined)('a clone that is not built tells the user and the host', async () => {
  const clone = unbuiltClone();
  try {
    const child = spawn(process.execPath, [path.join(clone, 'bin', 'mcp-proxy.js'), 'http://127.0.0.1:9/mcp']);
    child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"initialize"}\n');
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    const problem = `is not built. Run "npm ci" and "npm run build" in ${clone}.`;
    expect(stderr).toBe(`mcp-proxy: ${problem}\n`);
    expect(JSON.parse(stdout)).toMatchObject({ id: 1, error: { message: `mcp-proxy ${problem}` } });
    expect(code).toBe(78);
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
});
