// Only clients of revision 2025-03-26 may send batches; an array from a server is always accepted.
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ERAS } from '../../peers/hostile-eras.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const call = (id: number | string, n: number): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"tools/call","params":{"name":"x","arguments":{"n":${n}}}}`;
const notification = '{"jsonrpc":"2.0","method":"notifications/vendor/hello","params":{}}';

/** The next line that is an array. */
async function nextBatch(proxy: ProxyProcess): Promise<Record<string, unknown>[]> {
  const { line } = await proxy.rpc.next((_message, text) => text.startsWith('['));
  return JSON.parse(line) as Record<string, unknown>[];
}

const byId = (batch: Record<string, unknown>[]): Map<unknown, Record<string, unknown>> =>
  new Map(batch.map((answer) => [answer.id, answer]));

describe('in a session of 2025-03-26', () => {
  async function connected() {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize('2025-03-26');
    return { server, proxy };
  }

  it('an array of requests and notifications gets one array of answers', async () => {
    const { server, proxy } = await connected();
    const before = proxy.lines.length;
    proxy.rpc.raw(`[${call(1, 1)},${notification},${call('1', 2)},${call(2, 12345678)},${notification}]`);
    const answers = byId(await nextBatch(proxy));
    expect(new Set(answers.keys())).toEqual(new Set([1, '1', 2]));
    expect(answers.get('1')?.result).toEqual({ content: [{ type: 'text', text: '{"n":2}' }] });
    await proxy.rpc.request('ping');
    expect(proxy.lines.length).toBe(before + 2);
    expect(server.executions).toBe(3);
    await server.seen('notifications/vendor/hello', 2);
  });

  it('a request that fails does not affect the others', async () => {
    const { server, proxy } = await connected();
    server.on('tools/call', (res, seen) =>
      seen.message.params.arguments.n === 2 ? a.reset(res, seen) : a.reply({ content: [] })(res, seen),
    );
    proxy.rpc.raw(`[${call(1, 1)},${call(2, 2)},5,{"jsonrpc":"2.0","id":3,"method":5},${call(4, 4)}]`);
    const answers = byId(await nextBatch(proxy));
    expect(answers.get(1)).toHaveProperty('result');
    expect(answers.get(2)).toMatchObject({ error: { code: -31003, data: { outcome: 'unknown' } } });
    expect(answers.get(3)).toMatchObject({ error: { code: -32600 } });
    expect(answers.get(null)).toMatchObject({ error: { code: -32600 } });
    expect(answers.get(4)).toHaveProperty('result');
    expect(answers.size).toBe(5);
  });

  it('a request that is cancelled is left out of the array', async () => {
    const { server, proxy } = await connected();
    server.once('tools/call', a.never);
    proxy.rpc.raw(`[${call(1, 1)},${call(2, 2)}]`);
    await server.seen('tools/call', 2);
    const [endless] = server.all('tools/call');
    const id = endless?.message.params.arguments.n as number;
    proxy.rpc.notify('notifications/cancelled', { requestId: id });
    const batch = await nextBatch(proxy);
    expect(batch.map((answer) => answer.id)).toEqual([3 - id]);
  });

  it('an array of notifications gets no answer', async () => {
    const { server, proxy } = await connected();
    const before = proxy.lines.length;
    proxy.rpc.raw(`[${notification},${notification}]`);
    await server.seen('notifications/vendor/hello', 2);
    await proxy.rpc.request('ping');
    expect(proxy.lines.length).toBe(before + 1);
  });

  it.each(['[]', `[{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}]`])(
    '%s is an invalid request',
    async (line) => {
      const { proxy } = await connected();
      proxy.rpc.raw(line);
      const { message } = await proxy.rpc.next((_message, text) => text.includes('-32600'));
      expect(message).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32600 } });
    },
  );
});

it.each(['2024-11-05', '2025-06-18', '2025-11-25'])(
  'in a session of %s an array is an invalid request',
  async (revision) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await proxy.rpc.initialize(revision);
    proxy.rpc.raw(`[${call(71, 1)},${call(72, 2)}]`);
    const { message } = await proxy.rpc.next((_message, text) => text.includes('-32600'));
    expect(message).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32600 } });
    await proxy.rpc.request('ping');
    expect(server.executions).toBe(0);
  },
);

describe.each(ERAS)('a server that answers with an array, to a $name client', (era) => {
  const note = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}';
  const answer = (id: string): string => `{"jsonrpc":"2.0","id":${id},"result":{"n":12345678901234567890}}`;

  it.each([
    ['in a body', a.json((id) => `[${note},${answer(id)},${note}]`)],
    ['in an event', a.sse((id) => a.event(`[${note},${answer(id)},${note}]`))],
    ['in two events', a.sse((id) => a.event(`[${note}]`) + a.event(`[${note},${answer(id)}]`))],
  ])('%s: each message leaves on a line of its own', async (_, batch) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    server.once('tools/call', batch);
    const { line } = await era.ask(proxy, 'tools/call', { name: 'x' });
    expect(line).toContain('"result":{"n":12345678901234567890}');
    await proxy.rpc.next('notifications/message');
    expect(proxy.lines.every((text) => text.startsWith('{'))).toBe(true);
  });
});
