// Calls that take half an hour, and a thousand of them at the same time, with the defaults. The clock is moved.
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import type { RpcMessage } from '../../peers/rpc.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const MINUTE = 60_000;
const CLOCK = fileURLToPath(new URL('../../peers/local/movable-clock.cjs', import.meta.url));
const CALL = { name: 'echo', arguments: {} };
const RESULT = { content: [{ type: 'text', text: 'done' }] };

interface Clock {
  readonly proxy: ProxyProcess;
  /** Lets a minute pass. */
  minute(): Promise<void>;
}

function startWithClock(url: string, flags: string[] = []): Clock {
  const proxy = startProxy(url, flags, { nodeArgs: ['--require', CLOCK], env: { CLOCK_STEP: String(MINUTE) } });
  let minutes = 0;
  return {
    proxy,
    async minute() {
      minutes += 1;
      proxy.kill('SIGUSR1');
      await proxy.stderrMatching(new RegExp(`^clock ${minutes * MINUTE}$`, 'm'));
    },
  };
}

it('a call that is silent for half an hour gets its result', async () => {
  const server = await startHostile();
  let answer = (): void => {};
  server.on('tools/call', (res, seen) => {
    answer = () => a.reply(RESULT)(res, seen);
  });
  const { proxy, minute } = startWithClock(server.url);
  await proxy.rpc.initialize();
  const result = proxy.rpc.request('tools/call', CALL);
  await server.seen('tools/call');
  for (let n = 0; n < 30; n++) await minute();
  answer();
  expect(await result).toMatchObject(RESULT);
});

it('a call that reports progress can take longer than the limit of silence', async () => {
  const server = await startHostile();
  let report = (_step: number): void => {};
  let answer = (): void => {};
  server.on(
    'tools/call',
    a.openSse((res, { id }) => {
      report = (progress) => {
        const params = { progressToken: 'token', progress };
        res.write(a.event(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })));
      };
      answer = () => void res.end(a.event(a.resultText(id, RESULT)));
    }),
  );
  const { proxy, minute } = startWithClock(server.url, ['--timeout', '90']);
  await proxy.rpc.initialize();
  const result = proxy.rpc.request('tools/call', { ...CALL, _meta: { progressToken: 'token' } });
  await server.seen('tools/call');
  for (let n = 1; n <= 30; n++) {
    report(n);
    const { message } = await proxy.rpc.next('notifications/progress');
    expect(message.params.progress).toBe(n);
    await minute();
  }
  answer();
  expect(await result).toMatchObject(RESULT);
});

it('--timeout ends a call that is silent for longer', async () => {
  const server = await startHostile();
  server.on('tools/call', a.never);
  const { proxy, minute } = startWithClock(server.url, ['--timeout', '90']);
  await proxy.rpc.initialize();
  const late = proxy.rpc.exchange('tools/call', CALL);
  await server.seen('tools/call');
  await minute();
  await minute();
  expect((await late).message.error).toMatchObject({ code: -31002, data: { outcome: 'unknown' } });
});

it('--open-timeout gives a server that starts slowly more time, and no more than that', async () => {
  const server = await startHostile();
  let answer = (): void => {};
  const initialized = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'slow', version: '1' } };
  server.on('initialize', (res, seen) => {
    answer = () => a.reply(initialized)(res, seen);
  });
  const patient = startWithClock(server.url, ['--open-timeout', '90']);
  const opened = patient.proxy.rpc.initialize();
  await server.seen('initialize');
  await patient.minute();
  answer();
  expect(await opened).toMatchObject({ serverInfo: { name: 'slow' } });
  const late = startWithClock(server.url, ['--open-timeout', '90']);
  const refused = late.proxy.rpc.exchange('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'x', version: '1' },
  });
  await server.seen('initialize', 2);
  await late.minute();
  await late.minute();
  expect((await refused).message.error).toMatchObject({ code: -31002 });
});

describe('--max-message', () => {
  const LARGE = 2 * 1_048_576;
  const call = async (flags: string[]): Promise<RpcMessage> => {
    const server = await startHostile();
    server.on('tools/call', a.reply({ content: [{ type: 'text', text: 'x'.repeat(LARGE) }] }));
    const { rpc } = startProxy(server.url, flags);
    await rpc.initialize();
    return (await rpc.exchange('tools/call', CALL)).message;
  };

  it('refuses a larger message with an error that names the flag, and says that the call may have run', async () => {
    const { error } = await call(['--max-message', '1']);
    expect(error).toMatchObject({
      code: -31008,
      message: expect.stringContaining('larger than 1 MiB'),
      data: { outcome: 'unknown', hint: expect.stringContaining('--max-message') },
    });
  });

  it('lets a smaller one through', async () => {
    expect((await call(['--max-message', '3'])).result.content[0].text).toHaveLength(LARGE);
  });
});

it('a thousand calls in flight each get their own result', async () => {
  const server = await startHostile();
  const open: (() => void)[] = [];
  server.on('tools/call', (res, seen) => {
    const text = JSON.stringify(seen.message.params.arguments);
    open.push(() => a.reply({ content: [{ type: 'text', text }] })(res, seen));
  });
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize();
  const results = Array.from({ length: 1_000 }, (_, n) =>
    proxy.rpc.request('tools/call', { name: 'echo', arguments: { n } }),
  );
  await server.seen('tools/call', 1_000);
  // In the opposite order, so that no answer is right by its place.
  for (const answer of open.reverse()) answer();
  const texts = (await Promise.all(results)).map(({ content }) => content[0].text);
  expect(texts).toEqual(results.map((_, n) => JSON.stringify({ n })));
  expect(server.executions).toBe(1_000);
});
