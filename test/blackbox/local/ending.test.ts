// The end of a local server along with its proxy: no process goes on, whatever it does to stay alive.
import { spawn } from 'node:child_process';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENDINGS } from '../../peers/hostile-endings.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { isAlive, type Script, scripted, until } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyProcess, privateHome, startProxy } from '../../peers/proxy.ts';

const open = opened();

const SERVERS: [string, Script, number][] = [
  ['ends with its stdin', {}, 1],
  ['goes on after the end of its stdin', { stays: 'end' }, 1],
  ['goes on after SIGTERM, too', { stays: 'end,term' }, 1],
  ['leaves a process behind', { leaves: 'grandchild' }, 2],
  ['leaves a process behind, and goes on itself', { leaves: 'grandchild', stays: 'end,term' }, 2],
];

describe.each(SERVERS)('a server that %s', (_, script, processes) => {
  it.each(ENDINGS)('has ended after %s', async (_, end) => {
    const server = await open(scripted(script));
    const proxy = startProxy(undefined, ['--', ...server.command]);
    await proxy.rpc.initialize();
    await server.started(processes);
    end(proxy);
    expect((await proxy.exit()).code).toBe(0);
    await server.allGone();
  });
});

it('a server that has not answered yet ends with its client', async () => {
  const server = await open(scripted({ silent: 'initialize', stays: 'end,term' }));
  const proxy = startProxy(undefined, ['--', ...server.command]);
  proxy.rpc.raw('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}');
  await server.started(1);
  proxy.stdin.end();
  const { message } = await proxy.rpc.response(1);
  expect(message.error?.code).toBe(-31003);
  expect((await proxy.exit()).code).toBe(0);
  await server.allGone();
});

it('a second signal ends everything at once', async () => {
  const server = await open(scripted({ stays: 'end,term' }));
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  proxy.rpc.raw('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"never"}}');
  proxy.kill('SIGTERM');
  proxy.kill('SIGINT');
  await proxy.exit();
  await server.allGone();
});

it('answers that the server gives until its stdin ends reach the client', async () => {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  const answer = proxy.rpc.request('tools/call', { name: 'big', arguments: { size: 3_000_000 } });
  proxy.stdin.end();
  expect((await answer).content[0].text).toHaveLength(3_000_000);
  expect((await proxy.exit()).code).toBe(0);
});

it('a server can end on its own when its stdin ends, before it gets a signal', async () => {
  const server = await open(scripted({ tells: 'end' }));
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  proxy.stdin.end();
  expect((await proxy.exit()).code).toBe(0);
  expect(proxy.stderr).toContain('my stdin has ended');
});

describe('after SIGKILL of the proxy', () => {
  it.each<[string, Script, (proxy: ProxyProcess) => Promise<unknown>]>([
    [
      'before the first answer',
      { silent: 'initialize' },
      async (proxy) => proxy.rpc.raw('{"jsonrpc":"2.0","id":1,"method":"initialize"}'),
    ],
    ['in a session', {}, (proxy) => proxy.rpc.initialize()],
    [
      'during a call',
      {},
      async (proxy) => {
        await proxy.rpc.initialize();
        proxy.rpc.raw('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"never"}}');
      },
    ],
    [
      'during a call of 2026-07-28',
      { era: 'modern' },
      async (proxy) => {
        await proxy.rpc.modern('server/discover');
        proxy.rpc.modern('tools/call', { name: 'hangs' }).catch(() => {});
        await proxy.stderrMatching(/the call hangs/);
      },
    ],
    [
      'after it has ended, with another one on its way',
      {},
      async (proxy) => {
        await proxy.rpc.initialize();
        await proxy.rpc.request('tools/call', { name: 'end' }).catch(() => {});
        proxy.rpc.raw('{"jsonrpc":"2.0","id":7,"method":"ping"}');
      },
    ],
    [
      'while it is being ended',
      {},
      async (proxy) => {
        await proxy.rpc.initialize();
        proxy.kill('SIGTERM');
      },
    ],
  ])('a server sees its stdin end: %s', async (_, script, before) => {
    const server = await open(scripted(script));
    const proxy = startProxy(undefined, ['--', ...server.command]);
    await before(proxy);
    await server.started(1);
    proxy.kill('SIGKILL');
    await proxy.exit();
    await server.allGone();
  });

  it('the servers of all HTTP clients see their stdin end', async () => {
    const server = await open(scripted());
    const serving = await startServing(undefined, ['--', ...server.command]);
    const clients = [1, 2, 3].map(() => new StreamableClient(`${serving.url}/mcp`));
    for (const client of clients) await client.initialize();
    for (const client of clients) client.call('tools/call', { name: 'never' }).catch(() => undefined);
    expect(server.running()).toBe(3);
    serving.proxy.kill('SIGKILL');
    await serving.proxy.exit();
    await server.allGone();
    for (const client of clients) client.vanish();
    await closeServings();
  });

  const children = (home: string): string[] => {
    try {
      return readdirSync(path.join(home, '.cache', 'mcp-proxy', 'children'));
    } catch {
      return [];
    }
  };

  it('the next start of the same command ends a server that ignores the end of its stdin', async () => {
    const home = privateHome();
    const server = await open(scripted({ stays: 'end,term', leaves: 'grandchild' }));
    const killed = startProxy(undefined, ['--', ...server.command], { home });
    await killed.rpc.initialize();
    const old = await server.started(2);
    await until(() => children(home).length === 1, 'the record of the process');
    killed.kill('SIGKILL');
    await killed.exit();
    expect(old.map(isAlive)).toEqual([true, true]);

    const next = startProxy(undefined, ['--', ...server.command], { home });
    await next.rpc.initialize();
    await until(() => !old.some(isAlive), 'the end of what was left behind');
    await next.stderrMatching(/ended 1 process of a proxy that was killed/);
    expect(server.running()).toBe(2);
    await next.close();
    await server.allGone();
    expect(children(home)).toEqual([]);
  });

  it('the next start ends what a server has left behind, and removes unreadable records', async () => {
    const home = privateHome();
    const server = await open(scripted({ roams: 'grandchild' }));
    const killed = startProxy(undefined, ['--', ...server.command], { home });
    await killed.rpc.initialize();
    const [leader, grandchild] = (await server.started(2)) as [number, number];
    killed.kill('SIGKILL');
    await killed.exit();
    await until(() => !isAlive(leader), 'the end of the server');
    expect(isAlive(grandchild)).toBe(true);
    const [record] = children(home) as [string];
    const folder = path.join(home, '.cache', 'mcp-proxy', 'children');
    const [key] = record.split('.');
    for (const [name, text] of [
      ['1', ''],
      ['2', '{"place":'],
    ])
      writeFileSync(path.join(folder, `${key}.${name}.json`), text as string);
    writeFileSync(path.join(folder, `${key}.3.tmp`), '{');
    utimesSync(path.join(folder, `${key}.3.tmp`), 1, 1);

    const next = startProxy(undefined, ['--', ...server.command], { home });
    await next.rpc.initialize();
    await until(() => !isAlive(grandchild), 'the end of what was left behind');
    expect(children(home)).toHaveLength(1);
    await next.close();
    expect(children(home)).toEqual([]);
  });

  it('a server is recorded before it gets the first message', async () => {
    const home = privateHome();
    const server = await open(scripted({ stays: 'end,term' }));
    const proxy = startProxy(undefined, ['--', ...server.command], { home });
    await proxy.rpc.initialize();
    expect(children(home)).toEqual([expect.stringMatching(/\.json$/)]);
  });

  it('a server is not ended by the start of another command, or while its proxy lives', async () => {
    const home = privateHome();
    const [server, other] = [await open(scripted()), await open(scripted())];
    const first = startProxy(undefined, ['--', ...server.command], { home });
    await first.rpc.initialize();
    await until(() => children(home).length === 1, 'the record of the process');
    for (const command of [other.command, server.command]) {
      const second = startProxy(undefined, ['--', ...command], { home });
      await second.rpc.initialize();
      await second.close();
    }
    expect(await first.rpc.request('ping')).toEqual({});
    await first.close();
  });

  it('a record whose pid belongs to another process now ends nothing', async () => {
    const home = privateHome();
    const server = await open(scripted());
    const first = startProxy(undefined, ['--', ...server.command], { home });
    await first.rpc.initialize();
    await until(() => children(home).length === 1, 'the record of the process');
    const { readFileSync } = await import('node:fs');
    const file = path.join(home, '.cache', 'mcp-proxy', 'children', children(home)[0] as string);
    const bystander = spawn('sleep', ['1000'], { detached: true });
    try {
      const record = JSON.parse(readFileSync(file, 'utf8'));
      first.kill('SIGKILL');
      await first.exit();
      writeFileSync(file, JSON.stringify({ ...record, child: { ...record.child, pid: bystander.pid } }));
      const next = startProxy(undefined, ['--', ...server.command], { home });
      await next.rpc.initialize();
      await until(() => children(home).length === 1, 'the removal of the record');
      expect(isAlive(bystander.pid as number)).toBe(true);
    } finally {
      bystander.kill('SIGKILL');
    }
  });
});
