// Starts the built program as a host would: a child process with three pipes, a home of its own and none of the
// environment of whoever runs the tests.
//
//   const proxy = startProxy(server.url, ['--transport', 'http-only']);
//   await proxy.rpc.initialize('2025-06-18', { roots: {} });
//   const tools = await proxy.rpc.request('tools/list');
//   const exit = await proxy.close();
//
// In a test file: afterEach(closeProxies).

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Changes } from './changes.ts';
import { RpcClient, WAIT_MS } from './rpc.ts';

/** The program under test; MCP_PROXY_BIN names another one, such as that of an installed package. */
export const PROXY_BIN = process.env.MCP_PROXY_BIN ?? fileURLToPath(new URL('../../bin/mcp-proxy.js', import.meta.url));

/** A single executable to test instead of the script, if MCP_PROXY_EXECUTABLE names one. */
export const EXECUTABLE =
  process.env.MCP_PROXY_EXECUTABLE === undefined ? undefined : path.resolve(process.env.MCP_PROXY_EXECUTABLE);

/** The words that start the program under test. */
export const PROGRAM: readonly [string, ...string[]] =
  EXECUTABLE === undefined ? [process.execPath, PROXY_BIN] : [EXECUTABLE];

export interface ProxyOptions {
  /** Added to the child's environment, over the private one. */
  env?: Record<string, string>;
  /** A home that outlives this process, to test what is remembered between two starts. See `privateHome`. */
  home?: string;
  /** Arguments of node itself, before the program. */
  nodeArgs?: string[];
  /** The words that start the program; `PROGRAM` unless given. */
  program?: readonly [string, ...string[]];
  /** The working folder; that of the tests unless given. */
  cwd?: string;
}

export interface ProxyExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ProxyProcess {
  readonly pid: number;
  readonly home: string;
  readonly child: ChildProcess;
  readonly stdin: Writable;
  /** Every line on stdout so far, without its newline; an unfinished last one too. */
  readonly lines: readonly string[];
  /** Everything on stderr so far. */
  readonly stderr: string;
  /** Resolves when the process is gone and its pipes are drained; never rejects. */
  readonly exited: Promise<ProxyExit>;
  readonly rpc: RpcClient;
  /** `exited`, but fails with stderr when it does not happen. */
  exit(): Promise<ProxyExit>;
  /** Waits until stderr matches. */
  stderrMatching(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal?: NodeJS.Signals): void;
  /** Ends stdin and waits for the clean exit that must follow; kills the process and throws if none does. */
  close(): Promise<ProxyExit>;
}

const running = new Map<ProxyProcess, string | undefined>();

/** `target` is the URL of a server, or nothing when `args` says all. */
export function startProxy(target: string | undefined, args: string[] = [], options: ProxyOptions = {}): ProxyProcess {
  const home = options.home ?? privateHome();
  const { nodeArgs = [], program = PROGRAM } = options;
  const [file, ...script] = program;
  // A single executable has no arguments of node; it takes them from the environment.
  const isExecutable = script.length === 0;
  const argv = [...(isExecutable ? [] : nodeArgs), ...script, ...(target === undefined ? [] : [target]), ...args];
  const child = spawn(file, argv, {
    env: {
      ...proxyEnvironment(home),
      ...(isExecutable && nodeArgs.length > 0 && { NODE_OPTIONS: nodeArgs.map(quoted).join(' ') }),
      ...options.env,
    },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });

  const lines: string[] = [];
  let stderr = '';
  const changes = new Changes();
  const report = (): string => `stderr of the proxy:\n${stderr === '' ? '  (nothing)' : stderr}`;
  const rpc = new RpcClient({ write: (line) => child.stdin.write(`${line}\n`), describe: report });

  // Writing to a program that is gone is what some tests do on purpose.
  child.stdin.on('error', () => {});
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    changes.changed();
  });
  // Not node:readline, which also ends a line at U+2028 and U+2029: both are legal inside a JSON string.
  let rest: string[] = [];
  const line = (text: string): void => {
    lines.push(text);
    rpc.accept(text);
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    let from = 0;
    for (let at = chunk.indexOf('\n'); at >= 0; at = chunk.indexOf('\n', from)) {
      line(rest.join('') + chunk.slice(from, at));
      rest = [];
      from = at + 1;
    }
    if (from < chunk.length) rest.push(chunk.slice(from));
  });
  child.stdout.once('end', () => {
    if (rest.length > 0) line(rest.join(''));
  });
  const exited = new Promise<ProxyExit>((resolve) => {
    child.once('error', (error) => {
      stderr += `spawn failed: ${error.message}\n`;
      resolve({ code: null, signal: null });
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  void exited.then(({ code, signal }) => {
    const end = `the proxy ended with ${signal ?? `exit code ${code}`}`;
    rpc.end(end);
    changes.end(end);
  });

  const proxy: ProxyProcess = {
    pid: child.pid ?? -1,
    home,
    child,
    stdin: child.stdin,
    lines,
    get stderr() {
      return stderr;
    },
    exited,
    rpc,
    exit: () => within(exited, 'the proxy to exit', report),
    stderrMatching: (pattern) =>
      changes.until(
        () => new RegExp(pattern.source, pattern.flags.replace('g', '')).exec(stderr) ?? undefined,
        (reason) => `${reason} without ${pattern} on stderr\n${report()}`,
      ),
    kill: (signal = 'SIGTERM') => void child.kill(signal),
    async close() {
      child.stdin.end();
      try {
        return await within(exited, 'the proxy to exit after the end of stdin', report);
      } catch (error) {
        child.kill('SIGKILL');
        await exited;
        throw error;
      } finally {
        forget(proxy);
      }
    },
  };
  running.set(proxy, options.home === undefined ? home : undefined);
  return proxy;
}

/** For afterEach: ends what a test left running, without judging how it ends. */
export async function closeProxies(): Promise<void> {
  const left = [...running.keys()];
  await Promise.all(
    left.map(async (proxy) => {
      proxy.child.kill('SIGKILL');
      await proxy.exited;
      forget(proxy);
    }),
  );
}

/** An empty home folder. Whoever makes one removes it. */
export function privateHome(): string {
  return mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-home-'));
}

/** The whole environment of the child: no proxy variables, no display, no caches of the user. */
export function proxyEnvironment(home: string): Record<string, string> {
  const inherited = ['PATH', 'SystemRoot', 'PATHEXT', 'COMSPEC', 'TEMP', 'TMP', 'TMPDIR', 'NODE_V8_COVERAGE'];
  const env: Record<string, string> = {};
  for (const name of inherited) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return {
    ...env,
    HOME: home,
    USERPROFILE: home,
    LOCALAPPDATA: path.join(home, 'local'),
    APPDATA: path.join(home, 'roaming'),
    XDG_CACHE_HOME: path.join(home, '.cache'),
    XDG_CONFIG_HOME: path.join(home, '.config'),
    BROWSER: 'true',
  };
}

/** A word of NODE_OPTIONS. */
const quoted = (word: string): string => `"${word.replace(/["\\]/g, '\\$&')}"`;

function forget(proxy: ProxyProcess): void {
  const own = running.get(proxy);
  running.delete(proxy);
  if (own !== undefined) rmSync(own, { recursive: true, force: true });
}

async function within<T>(promise: Promise<T>, what: string, report: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${WAIT_MS} ms for ${what}\n${report()}`)), WAIT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// A test run that is cut short must not leave children behind.
process.once('exit', () => {
  for (const proxy of running.keys()) proxy.child.kill('SIGKILL');
});
