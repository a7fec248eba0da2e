// Lines from a client that are no messages: each is skipped or refused, and the session goes on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import { ERAS } from '../../peers/hostile-eras.ts';
import { peakMemory } from '../../peers/hostile-memory.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

const MIB = 1_048_576;

describe.each(ERAS)('$name', (era) => {
  let server: Hostile;
  let proxy: ProxyProcess;

  beforeAll(async () => {
    server = await startHostile();
    proxy = startProxy(server.url);
    await era.open(proxy);
  });
  afterAll(async () => {
    await closeProxies();
    await closeHostiles();
  });

  /** Writes bytes as a line, and returns what came back before the answer to the next request. */
  async function repliesTo(line: string | Buffer): Promise<unknown[]> {
    const before = proxy.lines.length;
    proxy.stdin.write(line);
    proxy.stdin.write('\n');
    // Lines are read in order, so the answer to this request comes after everything that the line caused.
    expect((await era.ask(proxy, 'ping')).message.result).toBeDefined();
    return proxy.lines.slice(before, -1).map((text) => JSON.parse(text));
  }

  it.each([
    '',
    ' ',
    '\t',
    '\r',
    'hello',
    'Debugger attached.',
    '# {"jsonrpc":"2.0"}',
    'null',
    '42',
    '"text"',
    'true x',
  ])('noise (%j) is skipped', async (noise) => {
    for (const answer of await repliesTo(noise)) {
      // A bare JSON value may be refused as an invalid request, and nothing more.
      expect(['null', '42', '"text"']).toContain(noise);
      expect(answer).toMatchObject({ id: null, error: { code: -32600 } });
    }
  });

  it.each([
    '{"jsonrpc":"2.0","id":1,"method":"tools/list"',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"a":}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"a":"\u0001"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list"} {"jsonrpc":"2.0","id":2,"method":"tools/list"}',
    "{'jsonrpc':'2.0','id':1,'method':'tools/list'}",
    '{',
    '[{"jsonrpc":"2.0"',
  ])('a broken message (%s) gets a parse error', async (broken) => {
    const sent = server.requests.length;
    expect(await repliesTo(broken)).toMatchObject([{ jsonrpc: '2.0', id: null, error: { code: -32700 } }]);
    expect(server.requests.slice(sent).filter(({ kind }) => kind !== 'ping')).toEqual([]);
  });

  it('a message that is not UTF-8 gets a parse error', async () => {
    const line = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"a":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}}'),
    ]);
    expect(await repliesTo(line)).toMatchObject([{ id: null, error: { code: -32700 } }]);
  });

  it.each([
    ['{"jsonrpc":"2.0","id":78,"method":5}', 78],
    ['{"jsonrpc":"2.0","id":"s","method":"tools/list","params":"text"}', 's'],
    ['{"jsonrpc":"2.0","id":{},"method":"tools/list"}', null],
    ['{"jsonrpc":"2.0","id":null,"method":"tools/list"}', null],
    ['{}', null],
  ])('JSON that is not a message (%s) is an invalid request', async (line, id) => {
    expect(await repliesTo(line)).toMatchObject([{ jsonrpc: '2.0', id, error: { code: -32600 } }]);
  });

  it('an object with only an id is an invalid request', async () => {
    const [refused, ...more] = await repliesTo('{"jsonrpc":"2.0","id":77}');
    expect(refused).toMatchObject({ jsonrpc: '2.0', error: { code: -32600 } });
    expect([77, null]).toContain((refused as { id: unknown }).id);
    expect(more).toEqual([]);
  });

  it('an answer to no request is ignored', async () => {
    expect(await repliesTo('{"jsonrpc":"2.0","id":"never","result":{}}')).toEqual([]);
    expect(await repliesTo('{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}')).toEqual([]);
  });

  it('a line of 64 MiB is refused with bounded memory, and the session goes on', async () => {
    const before = peakMemory(proxy.pid);
    const chunk = Buffer.alloc(MIB, 'x');
    const linesBefore = proxy.lines.length;
    await write('{"jsonrpc":"2.0","id":4711,"method":"tools/call","params":{"name":"x","arguments":{"a":"');
    for (let mib = 0; mib < 64; mib++) await write(chunk);
    await write('"}}}\n');
    expect((await era.ask(proxy, 'ping')).message.result).toBeDefined();
    const [refused, ...more] = proxy.lines.slice(linesBefore, -1).map((text) => JSON.parse(text));
    expect(refused).toMatchObject({ jsonrpc: '2.0', error: { code: -31008 } });
    expect([4711, null]).toContain(refused.id);
    expect(more).toEqual([]);
    expect(server.executions).toBe(0);
    if (before !== undefined) expect((peakMemory(proxy.pid) ?? 0) - before).toBeLessThan(2 * 64 * MIB);
  });

  it('noise of 256 MiB without a newline does not pile up', async () => {
    const before = peakMemory(proxy.pid);
    const chunk = Buffer.alloc(MIB, '.');
    for (let mib = 0; mib < 256; mib++) await write(chunk);
    await write('\n');
    expect((await era.ask(proxy, 'ping')).message.result).toBeDefined();
    if (before !== undefined) expect((peakMemory(proxy.pid) ?? 0) - before).toBeLessThan(64 * MIB);
  });

  it('stderr gets only a few lines about it, and stdout only messages', () => {
    expect(proxy.rpc.garbage).toEqual([]);
    expect(proxy.stderr.split('\n').filter(Boolean).length).toBeLessThanOrEqual(6);
    // A line from a client may contain secrets.
    expect(proxy.stderr).not.toContain('Debugger attached');
  });

  async function write(bytes: string | Buffer): Promise<void> {
    if (!proxy.stdin.write(bytes)) await new Promise((resolve) => proxy.stdin.once('drain', resolve));
  }
});
