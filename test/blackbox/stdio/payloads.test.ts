// Payloads pass as the text that arrived, however large or unusual.
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ERAS } from '../../peers/hostile-eras.ts';
import { peakMemory } from '../../peers/hostile-memory.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import { modernParams } from '../../peers/rpc.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const MIB = 1_048_576;
const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Text that would change if a program parsed it and wrote it again. */
const ODD =
  '{"z":1,"a":{"big":12345678901234567890,"neg":-0,"float":1.10e+05,"tiny":1E-7,"frac":0.1000},' +
  '"esc":"\\u0041\\/\\u00e9\\ud83d\\ude00\\u2028é😀","__proto__":{"x":1},"constructor":null,"":"",' +
  '"nested":[[],{},[{"deep":[12345678901234567890]}]],"1":2,"0":1,"lone":"\\ud800"}';

describe.each(ERAS)('$name', (era) => {
  /** The line of a call whose arguments are the given text. */
  const callLine = (id: string, args: string, envelope = ''): string => {
    const params = era.name === 'modern' ? JSON.stringify(modernParams()).slice(1, -1) : '"_meta":{"v/x":1}';
    return `{"jsonrpc":"2.0"${envelope},"id":${id},"method":"tools/call","params":{"name":"x","arguments":${args},${params}}}`;
  };

  it('unusual text in arguments and results stays the same, on both ways back', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    const body = (id: string): string => `{"jsonrpc":"2.0","id":${id},"result":${ODD}}`;
    for (const answer of [a.json(body), a.sse((id) => a.event(body(id)))]) {
      server.once('tools/call', answer);
      const answered = proxy.rpc.response('odd "id" \u00e9/1');
      proxy.rpc.raw(callLine('"odd \\"id\\" \\u00e9\\/1"', ODD));
      const { line } = await answered;
      expect(line).toContain(`"result":${ODD}`);
      // The id comes back in the same spelling.
      expect(line).toContain('"id":"odd \\"id\\" \\u00e9\\/1"');
    }
    for (const { body: sent } of server.all('tools/call')) expect(sent).toContain(`"arguments":${ODD}`);
  });

  it('unknown members stay at every level, in both directions', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    const extra = '"vendor":{"n":12345678901234567890,"s":"\\u0061"}';
    server.once(
      'tools/call',
      a.sse((id) => {
        const note = `{"jsonrpc":"2.0","method":"notifications/vendor/x",${extra},"params":{"_meta":{${extra}},${extra}}}`;
        const result = `{"content":[{"type":"vendor","x":{${extra}}}],${extra},"_meta":{${extra}}}`;
        return a.event(note) + a.event(`{${extra},"result":${result},"id":${id},"jsonrpc":"2.0"}`);
      }),
    );
    const answered = proxy.rpc.response(900);
    proxy.rpc.raw(callLine('900', `{${extra}}`, `,${extra}`));
    const { line } = await answered;
    expect(line).toContain(`"result":{"content":[{"type":"vendor","x":{${extra}}}],${extra},"_meta":{${extra}}}`);
    expect(line.split(extra)).toHaveLength(5);
    const note = await proxy.rpc.next('notifications/vendor/x');
    expect(note.line).toContain(`"params":{"_meta":{${extra}},${extra}}`);
    expect(note.line.split(extra)).toHaveLength(4);
    const [sent] = server.all('tools/call');
    expect(sent?.body).toContain(`"arguments":{${extra}}`);
    expect(sent?.body.split(extra)).toHaveLength(3);
  });

  it('an error of the server stays the same, with its data', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    const error = `{"vendor":1,"data":${ODD},"message":"\\u0041","code":-32050}`;
    server.once(
      'tools/call',
      a.json((id) => `{"jsonrpc":"2.0","id":${id},"error":${error}}`),
    );
    expect((await era.ask(proxy, 'tools/call', { name: 'x' })).line).toContain(`"error":${error}`);
  });

  it('unknown methods pass unchanged, in requests and answers', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    server.on('vendor/do it', a.reply({ done: 1 }));
    expect((await era.ask(proxy, 'vendor/do it', { a: 1 })).message.result).toMatchObject({ done: 1 });
    expect((await era.ask(proxy, 'vendor/unknown')).message.error).toEqual({
      code: -32601,
      message: 'Method not found',
    });
  });

  it.each([
    ['one body', 3],
    ['a body without a length', 3],
    ['an event', 3],
    // Each line is a chunk of its own until the event is complete.
    ['an event in many lines', 5],
  ])('a result of 64 MiB in %s stays the same, and needs less memory than %i times its size', async (form, times) => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    await era.ask(proxy, 'tools/call', { name: 'x' });
    // Lines of text, so that the same result can travel as one data line or as many.
    // Large, because Node 24 and newer collect no garbage before there are some ten MiB of it.
    const parts = Array.from({ length: 1_024 }, () => `"${randomBytes(49_140).toString('base64')}"`);
    const split = form === 'an event in many lines';
    const result = `{"content":[${parts.join(split ? ',\n' : ',')}]}`;
    expect(result.length).toBeGreaterThan(64 * MIB - 16_384);
    const before = peakMemory(proxy.pid);
    const message = (id: string): string => `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
    const forms: Record<string, ReturnType<typeof a.json>> = {
      'one body': a.json((id) => message(id)),
      'a body without a length': a.pieces('application/json', (seen) => [Buffer.from(message(seen.id))]),
      'an event': a.sse((id) => a.event(message(id))),
      'an event in many lines': a.sse((id) => a.event(message(id).replace(/\n/g, '\ndata: '))),
    };
    server.once('tools/call', forms[form] ?? a.never);
    const { line } = await era.ask(proxy, 'tools/call', { name: 'x' });
    const received = line.slice(line.indexOf('"result":') + 9, -1);
    expect(received.length).toBe(result.length);
    // Where the text had line breaks, spaces stand on stdout.
    expect(sha(received)).toBe(sha(result.replace(/\n/g, ' ')));
    if (before !== undefined) expect((peakMemory(proxy.pid) ?? 0) - before).toBeLessThan(times * result.length);
  });

  it('arguments of 16 MiB stay the same', async () => {
    const server = await startHostile();
    const proxy = startProxy(server.url);
    await era.open(proxy);
    const args = `{"blob":"${randomBytes(12 * MIB).toString('base64')}"}`;
    server.once('tools/call', a.reply({ content: [] }));
    const answered = proxy.rpc.response(901);
    proxy.rpc.raw(callLine('901', args));
    expect((await answered).message.result).toBeDefined();
    const [sent] = server.all('tools/call');
    const from = sent?.body.indexOf('"arguments":') ?? 0;
    expect(sha(sent?.body.slice(from + 12, from + 12 + args.length) ?? '')).toBe(sha(args));
  });
});
