// How the program ends while nothing is in flight, and what it leaves behind at the server: one initialize, one GET and
// one DELETE, whatever the way. The tests of this file run side by side, for most of their time is waiting.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ENDINGS, exitAfter, lasting, SOON } from '../../peers/hostile-endings.ts';
import { LEGACY, MODERN_ERA } from '../../peers/hostile-eras.ts';
import { WAIT_MS } from '../../peers/listen.ts';
import {
  closeProxies,
  PROGRAM,
  type ProxyProcess,
  privateHome,
  proxyEnvironment,
  startProxy,
} from '../../peers/proxy.ts';

afterAll(closeProxies);
afterAll(closeHostiles);

const CALL = { name: 'echo', arguments: {} };

/** A session with its GET stream open, and nothing in flight. */
async function idleSession(): Promise<{ server: Hostile; proxy: ProxyProcess }> {
  const server = await startHostile();
  server.on(
    'GET',
    a.openSse(() => {}),
  );
  const proxy = startProxy(server.url);
  await LEGACY.open(proxy);
  await LEGACY.ask(proxy, 'tools/call', CALL);
  await server.seen('GET');
  return { server, proxy };
}

describe.concurrent('one client is one initialize, one GET and one DELETE', () => {
  function expectOneOfEach(server: Hostile): void {
    expect(server.all('initialize')).toHaveLength(1);
    expect(server.all('GET').map(({ session }) => session)).toEqual(['session-1']);
    expect(server.all('DELETE').map(({ session }) => session)).toEqual(['session-1']);
  }

  it.each(ENDINGS)('with %s', async (_, end) => {
    const { server, proxy } = await idleSession();
    const { code, ms } = await exitAfter(proxy, () => end(proxy));
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expectOneOfEach(server);
    expect(proxy.stderr.split('\n').filter(Boolean).length).toBeLessThanOrEqual(3);
  });

  it('with stdout closed, seen at the next answer', async () => {
    const { server, proxy } = await idleSession();
    proxy.child.stdout?.destroy();
    const { code, ms } = await exitAfter(proxy, () => proxy.rpc.raw(LEGACY.line(7, 'tools/list')));
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expectOneOfEach(server);
  });

  it('with stdout closed, seen at a message of the server', async () => {
    const server = await startHostile();
    let push = (): void => {};
    server.on(
      'GET',
      a.openSse((res) => {
        push = () => void res.write(a.event('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'));
      }),
    );
    const proxy = startProxy(server.url);
    await LEGACY.open(proxy);
    await server.seen('GET');
    proxy.child.stdout?.destroy();
    const { code, ms } = await exitAfter(proxy, push);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expectOneOfEach(server);
  });

  it('also for a server that never answers the DELETE', async () => {
    const { server, proxy } = await idleSession();
    server.on('DELETE', a.never);
    const { code, ms } = await exitAfter(proxy, () => void proxy.stdin.end());
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expectOneOfEach(server);
  });
});

it.concurrent.each(ENDINGS)(
  'an idle modern connection ends with %s, and asks nothing more of the server',
  async (_, end) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await MODERN_ERA.open(proxy);
    await MODERN_ERA.ask(proxy, 'tools/call', CALL);
    const { code, ms } = await exitAfter(proxy, () => end(proxy));
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expect(server.requests.map(({ kind }) => kind)).toEqual(['server/discover', 'tools/call']);
  },
);

it.concurrent.each(ENDINGS)('before a single message, %s ends it', async (_, end) => {
  const server = await startHostile();
  const proxy = startProxy(server.url, ['--log-level', 'debug']);
  // A line that is skipped proves that the program listens.
  proxy.rpc.raw('hello?');
  await proxy.stderrMatching(/no JSON-RPC/);
  const { code, ms } = await exitAfter(proxy, () => end(proxy));
  expect(code).toBe(0);
  expect(ms).toBeLessThan(SOON);
  expect(server.requests).toEqual([]);
});

it.concurrent('the death of the parent ends it, even while somebody else holds its stdin open', async () => {
  const { server, parent, pids, home, outputClosed } = await startUnderParent();
  // Whatever happens, what was started here is ended here.
  let limit: NodeJS.Timeout | undefined;
  const giveUp = new Promise<never>((_, reject) => {
    limit = setTimeout(() => reject(new Error('the program has outlived its parent')), WAIT_MS);
  });
  try {
    await server.seen('GET');
    const ms = await lasting(() => {
      parent.kill('SIGKILL');
      return Promise.race([outputClosed, giveUp]);
    });
    expect(ms).toBeLessThan(SOON);
    expect(server.all('DELETE')).toHaveLength(1);
  } finally {
    clearTimeout(limit);
    parent.kill('SIGKILL');
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone, as the program should be.
      }
    }
    rmSync(home, { recursive: true, force: true });
  }
});

/** Starts the program, opens a session, and hands the writing end of its stdin to a sibling that does nothing. */
const PARENT = `
  const { spawn } = require('node:child_process');
  const [words, url, ...lines] = process.argv.slice(1);
  const [file, ...script] = JSON.parse(words);
  const program = spawn(file, [...script, url], { stdio: ['pipe', 'inherit', 'ignore'] });
  const idle = ['-e', 'setInterval(() => {}, 60_000)'];
  const holder = spawn(process.execPath, idle, { stdio: ['ignore', 'ignore', 'ignore', program.stdin] });
  for (const line of lines) program.stdin.write(line + '\\n');
  process.send([program.pid, holder.pid]);`;

async function startUnderParent() {
  const server = await startHostile();
  server.on(
    'GET',
    a.openSse(() => {}),
  );
  const home = privateHome();
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  const lines = [LEGACY.line(0, 'initialize', params), '{"jsonrpc":"2.0","method":"notifications/initialized"}'];
  const parent = spawn(process.execPath, ['-e', PARENT, JSON.stringify(PROGRAM), server.url, ...lines], {
    env: proxyEnvironment(home),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const pids = await new Promise<number[]>((resolve) => parent.once('message', (sent) => resolve(sent as number[])));
  const outputClosed = new Promise<void>((resolve) => parent.stdout?.once('end', () => resolve()));
  parent.stdout?.resume();
  return { server, parent, pids, home, outputClosed };
}
