// Sizes and speeds: if one side does not read, the other side stops writing, and the proxy does not grow.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { peakMemory } from '../../peers/hostile-memory.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { scripted, until } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';

// Hundreds of MiB pass here, and the machine may be busy with other things.
vi.setConfig({ testTimeout: 600_000 });

const open = opened();
afterEach(closeServings);

const MIB = 1_048_576;
const COUNT = 1_000;
const SIZE = 100_000;
/** What pipes and the proxy may hold on the way. */
const IN_TRANSIT = 32 * MIB;

it('a client that does not read makes the server wait, and loses nothing', async () => {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  const before = peakMemory(proxy.pid);
  proxy.child.stdout?.pause();
  const answer = proxy.rpc.request('tools/call', { name: 'flood', arguments: { count: COUNT, size: SIZE } });
  const written = await server.stalled();
  expect(written * SIZE).toBeLessThan(IN_TRANSIT);
  if (before !== undefined) expect((peakMemory(proxy.pid) ?? 0) - before).toBeLessThan(IN_TRANSIT);
  proxy.child.stdout?.resume();
  await answer;
  const notes = proxy.rpc.received.filter(({ message }) => message.method === 'notifications/message');
  expect(notes.map(({ message }) => message.params.data.n)).toEqual(Array.from({ length: COUNT }, (_, n) => n));
});

it('a server that does not read makes the client wait, and loses nothing', async () => {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  const before = peakMemory(proxy.pid);
  await proxy.rpc.request('tools/call', { name: 'deaf' });
  const pad = 'x'.repeat(SIZE);
  let written = 0;
  let stalled = false;
  const writing = (async () => {
    for (; written < COUNT; written++) {
      const line = `{"jsonrpc":"2.0","method":"notifications/acme","params":{"pad":"${pad}"}}\n`;
      if (proxy.stdin.write(line)) continue;
      const timer = setTimeout(() => {
        stalled = true;
      }, 1_500);
      await new Promise((resolve) => proxy.stdin.once('drain', resolve));
      clearTimeout(timer);
    }
  })();
  await until(() => stalled, 'a client that has to wait');
  expect(written * SIZE).toBeLessThan(IN_TRANSIT);
  if (before !== undefined) expect((peakMemory(proxy.pid) ?? 0) - before).toBeLessThan(IN_TRANSIT);
  server.listen();
  await writing;
  const { content } = await proxy.rpc.request('tools/call', { name: 'heard' });
  // With `notifications/initialized`.
  expect(content[0].text).toBe(String(COUNT + 1));
});

describe('64 MiB on one line', () => {
  const size = 64 * MIB;

  it('of a result reach a client on stdio', async () => {
    const server = await open(scripted());
    const proxy = startProxy(undefined, ['--', ...server.command]);
    await proxy.rpc.initialize();
    const { content } = await proxy.rpc.request('tools/call', { name: 'big', arguments: { size } });
    expect(content[0].text).toHaveLength(size);
  });

  it('of a result reach a client over HTTP', async () => {
    const server = await open(scripted());
    const serving = await startServing(undefined, ['--', ...server.command]);
    const client = new StreamableClient(`${serving.url}/mcp`);
    await client.initialize();
    const { message } = await client.call('tools/call', { name: 'big', arguments: { size } });
    expect(message.result.content[0].text).toHaveLength(size);
    await client.close();
  });
});

it('a flood on stderr neither stops the server nor fills the log', async () => {
  const server = await open(scripted({ floods: 20_000 }));
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  for (let n = 0; n < 5; n++) await proxy.rpc.request('tools/call', { name: 'echo' });
  await proxy.close();
  const lines = proxy.stderr.split('\n').filter(Boolean);
  expect(lines.some((line) => /lines on stderr not shown/.test(line))).toBe(true);
  // 200 at once and 20 a second, however slow the machine is.
  expect(lines.length).toBeLessThan(200 + 20 * 60);
});

it('a client that does not read stderr does not stop the server', async () => {
  const server = await open(scripted({ floods: 2_000 }));
  const proxy = startProxy(undefined, ['--', ...server.command]);
  proxy.child.stderr?.pause();
  await proxy.rpc.initialize();
  for (let n = 0; n < 20; n++) await proxy.rpc.request('tools/call', { name: 'echo' });
});

it('a message of the client can have 32 MiB', async () => {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  const call = (length: number) =>
    proxy.rpc.exchange('tools/call', { name: 'echo', arguments: { text: 'x'.repeat(length) } });
  expect((await call(31 * MIB)).message.result.content[0].text).toHaveLength(31 * MIB);
  expect((await call(32 * MIB)).message.error?.code).toBe(-31008);
});
