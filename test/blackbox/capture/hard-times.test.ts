// Recordings on a bad day: two programs write to one file, and one is killed while it writes. And what goes on for
// longer than a call: tasks and subscriptions.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { modernParams, type RpcClient } from '../../peers/rpc.ts';
import { startSdkV1Tasks } from '../../peers/sdk-v1-tasks.ts';

const open = opened();
let folder = '';
const file = (): string => path.join(folder, 'session.jsonl');

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-capture-'));
});
afterEach(async () => {
  await closeHostiles();
  rmSync(folder, { recursive: true });
});

interface Line {
  readonly format?: string;
  readonly run: string;
  readonly leg: string;
  readonly from: string;
  readonly kind: string;
  readonly method?: string;
}

/** Whole lines only: the rest of a killed program is not one. */
const linesOf = (): Line[] =>
  readFileSync(file(), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

const callOf = (n: number): object => ({ name: 'echo', arguments: { n } });
const textOf = (n: number): string => JSON.stringify({ n });

it('two programs that write to one file at the same time each record their whole session', async () => {
  const CALLS = 50;
  const server = await startHostile();
  const proxies = [1, 2].map(() => startProxy(server.url, ['--capture', file(), '--capture-arguments']));
  await Promise.all(
    proxies.map(async ({ rpc }) => {
      await rpc.initialize();
      await Promise.all(Array.from({ length: CALLS }, (_, n) => rpc.request('tools/call', callOf(n))));
    }),
  );
  for (const proxy of proxies) await proxy.close();
  const headers = linesOf().filter(({ format }) => format !== undefined);
  expect(new Set(headers.map(({ run }) => run)).size).toBe(2);
  for (const { run } of headers) {
    const own = linesOf().filter((line) => line.run === run && line.leg === 'client');
    const count = (from: string, kind: string): number =>
      own.filter((line) => line.from === from && line.kind === kind).length;
    expect([count('client', 'request'), count('server', 'result')]).toEqual([CALLS + 1, CALLS + 1]);
  }
  const { rpc } = startProxy('replay', [file()]);
  await rpc.initialize();
  const { content } = await rpc.request('tools/call', callOf(7));
  expect(content[0].text).toBe(textOf(7));
});

it('a program that is killed in the middle of calls leaves a file that can be replayed, and added to', async () => {
  const pad = 'x'.repeat(2 * 1_048_576);
  const server = await startHostile();
  const killed = startProxy(server.url, ['--capture', file(), '--capture-arguments']);
  await killed.rpc.initialize();
  await killed.rpc.request('tools/call', callOf(1));
  server.on('tools/call', a.reply({ content: [{ type: 'text', text: pad }] }));
  const first = killed.rpc.exchange('tools/call', callOf(2));
  for (let n = 3; n < 20; n++) killed.rpc.exchange('tools/call', callOf(n)).catch(() => {});
  await first;
  killed.kill('SIGKILL');
  expect(await killed.exited).toMatchObject({ signal: 'SIGKILL' });

  const replay = startProxy('replay', [file()]);
  await replay.rpc.initialize();
  expect((await replay.rpc.request('tools/call', callOf(1))).content[0].text).toBe(textOf(1));
  expect((await replay.rpc.request('tools/call', callOf(2))).content[0].text).toBe(pad);
  await replay.close();

  const later = startProxy(server.url, ['--capture', file()]);
  await later.rpc.initialize();
  await later.close();
  const again = startProxy('replay', [file()]);
  expect((await again.rpc.initialize()).serverInfo).toMatchObject({ name: 'hostile' });
});

/** Looks at a task until it has ended; the states that it showed. */
async function statesOf(rpc: RpcClient, taskId: string): Promise<string[]> {
  const states: string[] = [];
  while (!['completed', 'failed'].includes(states.at(-1) ?? '')) {
    states.push((await rpc.request('tasks/get', { taskId })).status);
  }
  return states;
}

it('the tasks of a recording go through the same states, each on its own', async () => {
  const server = await open(startSdkV1Tasks());
  const CAPABILITIES = { tasks: { requests: { tools: { call: {} } } } };
  const begin = (rpc: RpcClient, name: string): Promise<{ task: { taskId: string } }> =>
    rpc.request('tools/call', { name, arguments: {}, task: { ttl: 60_000 } });
  const proxy = startProxy(server.url, ['--capture', file()]);
  await proxy.rpc.initialize('2025-11-25', CAPABILITIES);
  const slow = (await begin(proxy.rpc, 'slow')).task.taskId;
  const first = (await proxy.rpc.request('tasks/get', { taskId: slow })).status;
  const fails = (await begin(proxy.rpc, 'fails')).task.taskId;
  const other = await statesOf(proxy.rpc, fails);
  server.release();
  const rest = await statesOf(proxy.rpc, slow);
  const result = await proxy.rpc.request('tasks/result', { taskId: slow });
  await proxy.close();

  const replay = startProxy('replay', [file()]);
  await replay.rpc.initialize('2025-11-25', CAPABILITIES);
  expect((await begin(replay.rpc, 'slow')).task.taskId).toBe(slow);
  expect((await begin(replay.rpc, 'fails')).task.taskId).toBe(fails);
  expect(await statesOf(replay.rpc, fails)).toEqual(other);
  expect(await statesOf(replay.rpc, slow)).toEqual([first, ...rest]);
  expect(await replay.rpc.request('tasks/result', { taskId: slow })).toEqual(result);
});

describe('the changes of a recording are told again', () => {
  const updated = (uri: string, meta?: object): string =>
    a.event(
      JSON.stringify({
        jsonrpc: '2.0',
        method: 'notifications/resources/updated',
        params: { uri, ...(meta && { _meta: meta }) },
      }),
    );

  it('to a subscriber of 2025-11-25', async () => {
    const server = await startHostile();
    let tell = (): void => {};
    server.on(
      'GET',
      a.openSse((res) => {
        tell = () => void res.write(updated('a:1') + updated('a:2'));
      }),
    );
    const proxy = startProxy(server.url, ['--capture', file()]);
    await proxy.rpc.initialize();
    await server.seen('GET');
    await proxy.rpc.request('resources/subscribe', { uri: 'a:1' });
    tell();
    await proxy.rpc.next('notifications/resources/updated');
    await proxy.rpc.next('notifications/resources/updated');
    await proxy.close();

    const replay = startProxy('replay', [file()]);
    await replay.rpc.initialize();
    await replay.rpc.request('resources/subscribe', { uri: 'a:1' });
    for (const uri of ['a:1', 'a:2']) {
      expect((await replay.rpc.next('notifications/resources/updated')).message.params).toEqual({ uri });
    }
  });

  it('to a subscriber of 2026-07-28, under its own id', async () => {
    const ID = 'io.modelcontextprotocol/subscriptionId';
    const server = await startHostile();
    server.on(
      'subscriptions/listen',
      a.openSse((res, seen) => {
        const meta = { [ID]: seen.message.id };
        const notifications = seen.message.params.notifications;
        const acknowledged = {
          method: 'notifications/subscriptions/acknowledged',
          params: { notifications, _meta: meta },
        };
        res.write(a.event(JSON.stringify({ jsonrpc: '2.0', ...acknowledged })) + updated('a:1', meta));
        const cancelled = { method: 'notifications/cancelled', params: { requestId: seen.message.id } };
        res.end(a.event(JSON.stringify({ jsonrpc: '2.0', ...cancelled })));
      }),
    );
    const listen = (rpc: RpcClient, id: string): void => {
      const params = modernParams({ notifications: { resourceSubscriptions: ['a:1'] } });
      rpc.raw(JSON.stringify({ jsonrpc: '2.0', id, method: 'subscriptions/listen', params }));
    };
    const proxy = startProxy(server.url, ['--capture', file()]);
    await proxy.rpc.modern('server/discover');
    listen(proxy.rpc, 'first');
    await proxy.rpc.response('first');
    await proxy.close();

    const replay = startProxy('replay', [file()]);
    await replay.rpc.modern('server/discover');
    listen(replay.rpc, 'second');
    const { message } = await replay.rpc.next('notifications/subscriptions/acknowledged');
    expect(message.params._meta[ID]).toBe('second');
    const change = await replay.rpc.next('notifications/resources/updated');
    expect(change.message.params).toEqual({ uri: 'a:1', _meta: { [ID]: 'second' } });
    const end = await replay.rpc.next('notifications/cancelled');
    expect(end.message.params).toEqual({ requestId: 'second' });
    expect((await replay.rpc.response('second')).message.result._meta).toEqual({ [ID]: 'second' });
  });
});
