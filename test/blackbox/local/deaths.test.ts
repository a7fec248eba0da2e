// A local server that ends by itself: every call gets exactly one answer, and the session goes on with another process.
import { describe, expect, it } from 'vitest';
import { scripted } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';

const open = opened();

async function state(proxy: ProxyProcess): Promise<{ level?: string; subscriptions: string[]; initialized: number }> {
  const { content } = await proxy.rpc.request('tools/call', { name: 'state', arguments: {} });
  return JSON.parse(content[0].text);
}

it('every call in flight gets one error, with the last line on stderr', async () => {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  const waiting = [1, 2, 3].map((n) => proxy.rpc.exchange('tools/call', { name: 'never' }, `waits-${n}`));
  const ending = proxy.rpc.exchange('tools/call', { name: 'end', arguments: { told: 'out of memory' } }, 'ends');
  for (const { message } of await Promise.all([...waiting, ending])) {
    expect(message.error?.code).toBe(-31003);
    expect(message.error?.message).toContain(
      'ended with exit code 7 before it answered; its last line on stderr: out of memory',
    );
    expect(message.error?.data).toMatchObject({
      outcome: 'unknown',
      hint: 'it may have run the call: check that before you try again',
    });
  }
  await proxy.close();
  expect(proxy.rpc.received.filter(({ message }) => message.id === 'waits-1')).toHaveLength(1);
});

it('the next process is told what the last one was told, and the client learns which lists differ', async () => {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize('2025-06-18');
  await proxy.rpc.request('tools/list');
  await proxy.rpc.request('logging/setLevel', { level: 'error' });
  await proxy.rpc.request('resources/subscribe', { uri: 'a://1' });
  await proxy.rpc.request('resources/subscribe', { uri: 'a://2' });
  await proxy.rpc.request('resources/unsubscribe', { uri: 'a://1' });
  server.lists(['echo', 'another']);
  await proxy.rpc.exchange('tools/call', { name: 'end' });
  await server.started(2);
  await proxy.rpc.next('notifications/tools/list_changed');
  expect(await state(proxy)).toMatchObject({ level: 'error', subscriptions: ['a://2'], initialized: 1 });
  expect((await proxy.rpc.request('tools/list')).tools).toHaveLength(2);
});

it('lists that are the same are not reported as changed', async () => {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  await proxy.rpc.request('tools/list');
  await proxy.rpc.exchange('tools/call', { name: 'end' });
  await server.started(2);
  await state(proxy);
  await proxy.close();
  expect(proxy.rpc.received.filter(({ message }) => message.method?.includes('list_changed'))).toEqual([]);
});

it('half a line does not count as an answer', async () => {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  const { message } = await proxy.rpc.exchange('tools/call', { name: 'half' });
  expect(message.error).toMatchObject({ code: -31003, data: { outcome: 'unknown' } });
  expect(message.error?.message).toContain('ended with exit code 4');
  expect(await state(proxy)).toMatchObject({ initialized: 1 });
});

it('a process that closes its stdout, but lives on, is ended', async () => {
  const server = await open(scripted({ closes: 'stdout', stays: 'end,term' }));
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  const { message } = await proxy.rpc.exchange('tools/call', { name: 'echo' });
  expect(message.error?.code).toBe(-31003);
  expect(message.error?.message).toContain('closed its stdout, but did not end');
  proxy.stdin.end();
  await proxy.exit();
  await server.allGone();
});

it('three quick ends in a row are reported once, with exit code and stderr', async () => {
  const server = await open(scripted({ dies: 'call' }));
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  for (let n = 1; n <= 3; n++) {
    const { message } = await proxy.rpc.exchange('tools/call', { name: 'echo' });
    expect(message.error?.code).toBe(-31003);
    expect(message.error?.message).toContain('ended with exit code 3');
  }
  const told =
    'has ended 3 times in a row, each time within 10 s of its start; the last time it ended with exit code 3';
  await proxy.stderrMatching(new RegExp(told));
  const { message } = await proxy.rpc.exchange('tools/call', { name: 'echo' });
  expect(message.error?.code).toBe(-31001);
  expect(message.error?.message).toContain(`${told}; its last line on stderr: API_KEY is not set`);
  expect(server.pids()).toHaveLength(3);
});

it('a server that ends at each start is not started again and again', async () => {
  const server = await open(scripted({ dies: 'initialize' }));
  const proxy = startProxy(undefined, ['--', ...server.command]);
  const codes = [];
  for (let n = 1; n <= 5; n++) {
    const { message } = await proxy.rpc.exchange('initialize', { protocolVersion: '2025-11-25', capabilities: {} });
    codes.push(message.error?.code);
  }
  expect(codes).toEqual([-31003, -31003, -31003, -31001, -31001]);
  expect(server.pids()).toHaveLength(3);
});

it('a server that ends once and then works is started again for a client that waits for its messages', async () => {
  const server = await open(scripted({ dies: 'initialized' }));
  server.deaths(1);
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  await server.started(2);
  expect(await state(proxy)).toMatchObject({ initialized: 1 });
  expect(server.pids()).toHaveLength(2);
});

describe('a client that does not speak the era of the server', () => {
  it('and opened with initialize is bridged, and keeps its process', async () => {
    const server = await open(scripted({ era: 'modern' }));
    const proxy = startProxy(undefined, ['--', ...server.command]);
    expect((await proxy.rpc.initialize('2025-06-18')).protocolVersion).toBe('2025-06-18');
    const { content } = await proxy.rpc.request('tools/call', { name: 'echo', arguments: { text: 'ok' } });
    expect(content[0].text).toBe('ok');
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(server.pids()).toHaveLength(1);
  });

  it.each([-32_601, -32_022])('is bridged even if the server refuses it with %i and ends', async (refuses) => {
    const server = await open(scripted({ era: 'modern', dies: 'refusal', refuses }));
    const proxy = startProxy(undefined, ['--', ...server.command]);
    expect((await proxy.rpc.initialize('2025-06-18')).protocolVersion).toBe('2025-06-18');
    const { content } = await proxy.rpc.request('tools/call', { name: 'echo', arguments: { text: 'ok' } });
    expect(content[0].text).toBe('ok');
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(server.pids()).toHaveLength(2);
  });

  it('and sends requests of 2026-07-28 is served by the first process', async () => {
    const server = await open(scripted());
    const proxy = startProxy(undefined, ['--', ...server.command]);
    expect((await proxy.rpc.modern('server/discover')).supportedVersions).toEqual(['2026-07-28']);
    expect(await proxy.rpc.modern('tools/list')).toMatchObject({ resultType: 'complete' });
    expect(server.pids()).toHaveLength(1);
  });

  it('and then sends an initialize is served by the same process', async () => {
    const server = await open(scripted());
    const proxy = startProxy(undefined, ['--', ...server.command]);
    await proxy.rpc.modern('tools/list');
    await proxy.rpc.initialize();
    expect((await proxy.rpc.request('tools/list')).tools.length).toBeGreaterThan(0);
    expect(server.pids()).toHaveLength(1);
  });
});
