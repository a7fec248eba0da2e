// What must be true in front of every server, on each of the wires that lead to one.
import { createHash, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles } from '../../peers/hostile.ts';
import { answersTo, MODERN_ERA } from '../../peers/hostile-eras.ts';
import { peakMemory } from '../../peers/hostile-memory.ts';
import { closeProxies, type ProxyProcess } from '../../peers/proxy.ts';
import { modernParams } from '../../peers/rpc.ts';
import { closeUpstreams, UPSTREAMS } from '../../peers/upstreams.ts';

// Hooks run from the last one to the first.
afterEach(closeUpstreams);
afterEach(closeHostiles);
afterEach(closeProxies);

const MINUTE = 60_000;
const MIB = 1_048_576;
const CLOCK = fileURLToPath(new URL('../../peers/local/movable-clock.cjs', import.meta.url));
const MOVABLE = { nodeArgs: ['--require', CLOCK], env: { CLOCK_STEP: String(MINUTE) } };
const CALL = { name: 'echo', arguments: {} };
const DONE = '{"resultType":"complete","content":[{"type":"text","text":"done"}]}';

/** Text that would change if a program parsed it and wrote it again. */
const ODD =
  '{"z":1,"a":{"big":12345678901234567890,"neg":-0,"float":1.10e+05,"tiny":1E-7,"frac":0.1000},' +
  '"esc":"\\u0041\\/\\u00e9\\ud83d\\ude00\\u2028é😀","__proto__":{"x":1},"":"","nested":[[],{},[{"deep":[null]}]],' +
  '"1":2,"0":1,"lone":"\\ud800"}';
const VENDOR = '"vendor":{"n":12345678901234567890,"s":"\\u0061"}';

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

async function pass(proxy: ProxyProcess, minutes: number): Promise<void> {
  proxy.kill('SIGUSR1');
  await proxy.stderrMatching(new RegExp(`^clock ${minutes * MINUTE}$`, 'm'));
}

describe.each(UPSTREAMS)('$name', ({ name, era, start }) => {
  const isModern = era === MODERN_ERA;

  it('a call that is silent for half an hour gets its result', async () => {
    const { proxy, got } = await start([], MOVABLE);
    const answer = era.ask(proxy, 'tools/call', CALL);
    const call = await got('tools/call');
    for (let minutes = 1; minutes <= 30; minutes++) await pass(proxy, minutes);
    call.answer(DONE);
    expect((await answer).message.result?.content[0].text).toBe('done');
  });

  it('a call that reports progress can take longer than the limit of silence, and a silent one cannot', async () => {
    const { proxy, got } = await start(['--timeout', '90'], MOVABLE);
    const lively = era.ask(proxy, 'tools/call', { ...CALL, _meta: { progressToken: 'token' } });
    const call = await got('tools/call');
    const { progressToken } = call.message.params._meta;
    for (let progress = 1; progress <= 10; progress++) {
      const params = { progressToken, progress };
      call.send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params }));
      const { message } = await proxy.rpc.next('notifications/progress');
      expect(message.params).toMatchObject({ progressToken: 'token', progress });
      await pass(proxy, progress);
    }
    call.answer(DONE);
    expect((await lively).message.result?.content[0].text).toBe('done');
    const silent = era.ask(proxy, 'tools/call', CALL);
    await got('tools/call', 2);
    for (const minutes of [11, 12]) await pass(proxy, minutes);
    expect((await silent).message.error).toMatchObject({ code: -31002, data: { outcome: 'unknown' } });
  });

  it('unusual text and unknown members pass byte by byte, in both directions', async () => {
    const { proxy, got } = await start();
    const meta = isModern ? JSON.stringify(modernParams()).slice(1, -1) : `"_meta":{${VENDOR}}`;
    const answer = proxy.rpc.response('odd');
    const params = `{"name":"x","arguments":${ODD},${VENDOR},${meta}}`;
    proxy.rpc.raw(`{"jsonrpc":"2.0",${VENDOR},"id":"odd","method":"tools/call","params":${params}}`);
    const call = await got('tools/call');
    expect(call.text).toContain(`"arguments":${ODD},${VENDOR},`);
    if (!isModern) expect(call.text).toContain(meta);
    call.send(`{"jsonrpc":"2.0","method":"notifications/vendor",${VENDOR},"params":{"odd":${ODD}}}`);
    expect((await proxy.rpc.next('notifications/vendor')).line).toContain(`"params":{"odd":${ODD}}`);
    const result = `{"resultType":"complete","content":[],"odd":${ODD},${VENDOR}}`;
    call.answer(result);
    expect((await answer).line).toContain(`"result":${result}`);
  });

  it('a result of 64 MiB passes byte by byte, and needs less memory than three times its size', async () => {
    const { proxy, got } = await start();
    const first = era.ask(proxy, 'tools/call', CALL);
    (await got('tools/call')).answer(DONE);
    await first;
    const before = peakMemory(proxy.pid);
    const parts = Array.from({ length: 1_024 }, () => `"${randomBytes(49_140).toString('base64')}"`);
    const result = `{"resultType":"complete","content":[${parts.join(',')}]}`;
    expect(result.length).toBeGreaterThan(64 * MIB - 16_384);
    const answer = era.ask(proxy, 'tools/call', CALL);
    (await got('tools/call', 2)).answer(result);
    const { line } = await answer;
    expect(sha(line.slice(line.indexOf('"result":') + 9, -1))).toBe(sha(result));
    if (before !== undefined) expect((peakMemory(proxy.pid) ?? 0) - before).toBeLessThan(3 * result.length);
  });

  it('a client cancels a call: the server learns it under its own id, and no answer comes', async () => {
    const { proxy, got } = await start();
    proxy.rpc.raw(era.line('gone', 'tools/call', CALL));
    const call = await got('tools/call');
    proxy.rpc.notify('notifications/cancelled', { requestId: 'gone', reason: 'enough' });
    // Over HTTP, a call of 2026-07-28 is cancelled by the end of its connection.
    if (name !== '2026-07-28 over HTTP') {
      const { message } = await got('notifications/cancelled');
      expect(message.params).toMatchObject({ requestId: call.message.id, reason: 'enough' });
    }
    const kept = era.ask(proxy, 'tools/call', CALL);
    const second = await got('tools/call', 2);
    call.answer(DONE);
    second.answer(DONE);
    expect((await kept).message.result).toBeDefined();
    expect(answersTo(proxy, 'gone')).toEqual([]);
  });

  it.skipIf(isModern)('questions and their cancellation reach the client, and its answers the server', async () => {
    const { proxy, arrived, got } = await start([], {}, { sampling: {}, elicitation: {} });
    const answer = era.ask(proxy, 'tools/call', CALL);
    const call = await got('tools/call');
    for (const id of ['"one"', '2']) {
      call.send(`{"jsonrpc":"2.0","id":${id},"method":"sampling/createMessage","params":{"odd":${ODD}}}`);
      const asked = await proxy.rpc.next('sampling/createMessage');
      expect(asked.line).toContain(`"params":{"odd":${ODD}}`);
      proxy.rpc.raw(`{"jsonrpc":"2.0","id":${JSON.stringify(asked.message.id)},"result":${ODD}}`);
      const replied = await arrived.nth(1, ({ text }) => text.includes(`"id":${id},`) && text.includes('"result"'));
      expect(replied.text).toContain(`"result":${ODD}`);
    }
    call.send('{"jsonrpc":"2.0","id":"taken back","method":"elicitation/create","params":{"message":"?"}}');
    const open = await proxy.rpc.next('elicitation/create');
    call.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"taken back"}}');
    expect((await proxy.rpc.next('notifications/cancelled')).message.params.requestId).toBe(open.message.id);
    call.answer(DONE);
    await answer;
  });

  it('methods that nobody knows cross in both directions', async () => {
    const { proxy, got } = await start();
    const answer = era.ask(proxy, 'vendor/ask', { n: 1 });
    const asked = await got('vendor/ask');
    expect(asked.message.params).toMatchObject({ n: 1 });
    asked.send('{"jsonrpc":"2.0","method":"notifications/vendor","params":{"theirs":1}}');
    expect((await proxy.rpc.next('notifications/vendor')).message.params).toEqual({ theirs: 1 });
    asked.answer('{"resultType":"complete","done":1}');
    expect((await answer).message.result).toMatchObject({ done: 1 });
    proxy.rpc.notify('notifications/vendor', isModern ? modernParams({ ours: 1 }) : { ours: 1 });
    expect((await got('notifications/vendor')).message.params).toMatchObject({ ours: 1 });
  });

  it('SIGTERM gives a call that is not answered in time an error, and lets the others through', async () => {
    const { proxy, got } = await start();
    const answers = [1, 2].map(() => era.ask(proxy, 'tools/call', CALL));
    const call = await got('tools/call');
    await got('tools/call', 2);
    proxy.kill('SIGTERM');
    call.answer(DONE);
    expect(await proxy.exit()).toEqual({ code: 0, signal: null });
    const outcomes = (await Promise.all(answers)).map(({ message }) => message.error?.code ?? 'answered');
    expect(outcomes.sort()).toEqual([-31003, 'answered']);
  });

  it('the end of stdin lets the answers to all open calls through', async () => {
    const { proxy, got } = await start();
    const answers = [1, 2, 3].map(() => era.ask(proxy, 'tools/call', CALL));
    const calls = await Promise.all([1, 2, 3].map((nth) => got('tools/call', nth)));
    // The program looks at an unfinished line only at the end of its input: the warning proves that it has seen the end.
    proxy.stdin.end('noise');
    await proxy.stderrMatching(/no JSON-RPC/);
    for (const { answer } of calls) answer(DONE);
    for (const answer of answers) expect((await answer).message.result?.content[0].text).toBe('done');
    expect(await proxy.exit()).toEqual({ code: 0, signal: null });
  });

  it.each(['the end of stdin', 'SIGTERM'])('after %s, nothing in the log looks like an error', async (end) => {
    const { proxy, got } = await start();
    const answer = era.ask(proxy, 'tools/call', CALL);
    (await got('tools/call')).answer(DONE);
    await answer;
    if (end === 'SIGTERM') proxy.kill(end);
    else proxy.stdin.end();
    expect(await proxy.exit()).toEqual({ code: 0, signal: null });
    for (const line of proxy.stderr.split('\n').filter(Boolean))
      expect(line).toMatch(/^mcp-proxy: info: connected to /);
  });
});
