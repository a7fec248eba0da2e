// Every request is answered exactly once, whatever the server does: in one long session for each revision, every fault
// hits three calls at once, while two others go on beside them.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { answersTo, ERAS } from '../../peers/hostile-eras.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

const SECRET = 'tok-4f9c2e7a51d8b36e0f';
const JSON_TYPE = { 'content-type': 'application/json' };
const SSE_TYPE = { 'content-type': 'text/event-stream' };
const GOOD = '{"content":[]}';
const answer = (id: string, result = GOOD): string => `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
const half = (id: string): string => answer(id).slice(0, -5);

interface Fault {
  name: string;
  answer: Answer;
  /** -31003 unless it says otherwise. */
  code?: number;
  data?: Record<string, unknown>;
}

const refusals: Fault[] = [400, 401, 403, 404, 405, 413, 429, 500, 502, 503, 504].map((status) => ({
  name: `HTTP ${status}`,
  answer: a.status(status, `this is why: ${'x'.repeat(500)}`),
  code: status === 401 || status === 403 ? -31004 : -31003,
  data: { httpStatus: status, body: `this is why: ${'x'.repeat(187)}` },
}));

const unknown = { outcome: 'unknown' };

const breaks: Fault[] = [
  { name: 'a reset before the headers', answer: a.reset, data: unknown },
  { name: 'a close before the headers', answer: a.hangUp, data: unknown },
  { name: 'a close after the headers of JSON', answer: a.headersThenCut(JSON_TYPE), data: unknown },
  { name: 'a close after the headers of a stream', answer: a.headersThenCut(SSE_TYPE), data: unknown },
  { name: 'a close in the middle of JSON', answer: a.partThenCut(JSON_TYPE, half), data: unknown },
  { name: 'a reset in the middle of JSON', answer: a.partThenCut(JSON_TYPE, half, 'rst'), data: unknown },
  {
    name: 'a close in the middle of JSON of known length',
    answer: a.partThenCut({ ...JSON_TYPE, 'content-length': '1000' }, half),
    data: unknown,
  },
  { name: 'a stream that ends without the answer', answer: a.sse(': nothing\n\n'), data: unknown },
  { name: 'an empty stream', answer: a.sse(''), data: unknown },
  { name: 'a stream that ends inside the answer', answer: a.sse((id) => `data: ${half(id)}`), data: unknown },
  {
    name: 'a stream that ends before the empty line',
    answer: a.sse((id) => `data: ${answer(id)}\n`),
    data: unknown,
  },
  { name: 'a reset in the middle of a stream', answer: a.partThenCut(SSE_TYPE, 'data: {"js', 'rst'), data: unknown },
  {
    name: 'a stream with event ids that cannot be resumed',
    answer: a.sse('id: 1\nretry: 1\ndata:\n\n'),
    data: unknown,
  },
  { name: 'bytes that are no HTTP', answer: a.rawBytes('SSH-2.0-OpenSSH_9.6\r\n'), data: unknown },
  {
    name: 'a header of 100 kB',
    answer: a.rawBytes(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`),
    data: unknown,
  },
  {
    name: 'a broken gzip body',
    answer: a.json(gzipSync(GOOD).subarray(0, 15), { 'content-encoding': 'gzip' }),
  },
  { name: 'a body that is not gzip', answer: a.json(GOOD, { 'content-encoding': 'gzip' }), data: unknown },
  { name: 'an encoding nobody knows', answer: a.json(GOOD, { 'content-encoding': 'x-rot13' }) },
];

const html = '<!doctype html><title>Welcome</title>';
const nonsense: Fault[] = [
  {
    name: 'HTML with status 200',
    answer: a.status(200, html, { 'content-type': 'text/html' }),
    data: { httpStatus: 200, body: html },
  },
  { name: 'a body that is no JSON', answer: a.json('Bad gateway'), data: { httpStatus: 200, body: 'Bad gateway' } },
  { name: 'JSON that is no message', answer: a.json('{"ok":true}'), data: { httpStatus: 200, body: '{"ok":true}' } },
  { name: 'an empty body', answer: a.json(''), data: { httpStatus: 200 } },
  { name: 'an empty body without a type', answer: a.status(200, ''), data: { httpStatus: 200 } },
  { name: 'an empty array', answer: a.json('[]') },
  { name: '202', answer: a.status(202, ''), data: { httpStatus: 202 } },
  { name: '204', answer: a.status(204, ''), data: { httpStatus: 204 } },
  { name: 'a result under status 500', answer: a.status(500, answer, JSON_TYPE), data: { httpStatus: 500 } },
  {
    name: 'an answer to another request',
    answer: a.json(() => answer('987654')),
    data: { ...unknown, httpStatus: 200, body: answer('987654') },
  },
  {
    name: 'a stream with an answer to another request',
    answer: a.sse(() => `data: ${answer('987654')}\n\n`),
    data: unknown,
  },
  {
    name: 'a request in the place of the answer',
    answer: a.json((id) => `{"jsonrpc":"2.0","id":${id},"method":"ping"}`),
  },
];

// Whatever the result contains, every line on stdout is JSON.
const brokenResults: [string, string | Buffer][] = [
  ['invalid UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
  ['a character cut in half', Buffer.from([0x22, 0xe2, 0x82, 0x22])],
  ['an encoded surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ['a control character in a string', '"a\u0001b"'],
  ['a newline in a string', '"a\nb"'],
  ['an unknown escape', '"\\x41"'],
  ['a missing value', '{"a":}'],
  ['two values', '{} {}'],
  ['a bare word', '{a:1}'],
  ['NaN', 'NaN'],
  ['a leading zero', '012'],
  ['mixed brackets', '{"a":[1}]'],
  ['a trailing comma', '[1,]'],
  ['a comment', '{/* */}'],
];
const broken: Fault[] = brokenResults.flatMap(([what, bytes]) => {
  const body = (id: string): Buffer =>
    Buffer.concat([
      Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":{"deep":[`),
      Buffer.from(bytes),
      Buffer.from(']}}'),
    ]);
  const frame = (id: string): Buffer => Buffer.concat([Buffer.from('data: '), body(id), Buffer.from('\n\n')]);
  return [
    { name: `${what} in a result`, answer: a.json(body) },
    { name: `${what} in a result on a stream`, answer: a.sse(frame), data: unknown },
  ];
});
broken.push(
  { name: 'garbage after the message', answer: a.json((id) => `${answer(id)}}`) },
  { name: 'garbage after the message on a stream', answer: a.sse((id) => `data: ${answer(id)} x\n\n`), data: unknown },
);

const faults = [...refusals, ...breaks, ...nonsense, ...broken];

describe.each(ERAS)('$name', (era) => {
  let server: Hostile;
  let proxy: ProxyProcess;
  let sent = 0;

  beforeAll(async () => {
    server = await startHostile();
    proxy = startProxy(server.url, ['--header', `Authorization: Bearer ${SECRET}`]);
    await era.open(proxy);
  });
  afterAll(async () => {
    await closeProxies();
    await closeHostiles();
  });

  /** Three calls with the fault and two without, all at once. */
  async function inCompany(fault: Answer): Promise<Record<string, unknown>[]> {
    server.on('tools/call', (res, seen) =>
      seen.message.params.name === 'bad' ? fault(res, seen) : a.reply({ content: [] })(res, seen),
    );
    const names = ['bad', 'good', 'bad', 'good', 'bad'];
    sent += names.length;
    const answers = await Promise.all(names.map((name) => era.ask(proxy, 'tools/call', { name, arguments: {} })));
    for (const [i, { message }] of answers.entries()) if (names[i] === 'good') expect(message.result).toBeDefined();
    return answers
      .filter((_, i) => names[i] === 'bad')
      .map(({ message }) => message as unknown as Record<string, unknown>);
  }

  it.each(faults)(
    '$name: each request gets one error, and the session goes on',
    async ({ answer: fault, code = -31003, data }) => {
      for (const message of await inCompany(fault)) {
        expect(message).toMatchObject({ error: { code, message: expect.any(String), ...(data && { data }) } });
      }
      expect((await era.ask(proxy, 'tools/list')).message.result).toMatchObject({ tools: [{ name: 'echo' }] });
    },
  );

  it.each([200, 400, 500])('a JSON-RPC error without an id, HTTP %i, answers the request', async (status) => {
    const body = '{"jsonrpc":"2.0","id":null,"error":{"code":-32050,"message":"said the server","data":{"n":1}}}';
    for (const message of await inCompany(a.status(status, body, JSON_TYPE))) {
      expect(message.error).toEqual({ code: -32050, message: 'said the server', data: { n: 1 } });
    }
  });

  it('a JSON-RPC error without an id on a stream answers the request', async () => {
    const body = '{"jsonrpc":"2.0","id":null,"error":{"code":-32050,"message":"said the server"}}';
    for (const message of await inCompany(a.sse(a.event(body)))) expect(message.error).toMatchObject({ code: -32050 });
  });

  it.each([
    ['on a stream', a.sse((id) => a.event(answer(id)) + a.event(answer(id, '{"second":true}')))],
    ['in a body', a.json((id) => `[${answer(id)},${answer(id, '{"second":true}')}]`)],
  ])('the same answer twice %s: the first one counts', async (_, twice) => {
    for (const message of await inCompany(twice)) expect(message.result).toEqual({ content: [] });
    await era.ask(proxy, 'tools/list');
  });

  it.each(['"oops"', 'null', '{"message":"no code"}', '{"code":"-1","message":"a text"}', '{"code":-32000}'])(
    'an error of the wrong shape, %s, becomes one that clients can read',
    async (error) => {
      for (const message of await inCompany(a.json((id) => `{"jsonrpc":"2.0","id":${id},"error":${error}}`))) {
        expect(message.error).toMatchObject({ code: expect.any(Number), message: expect.any(String) });
      }
    },
  );

  function echo(pad: number): Answer {
    return (res, seen) => a.status(500, `${'.'.repeat(pad)}${seen.headers.authorization} was sent`)(res, seen);
  }

  it('an echoed secret is hidden', async () => {
    for (const message of await inCompany(echo(0))) {
      expect(JSON.stringify(message)).not.toContain(SECRET);
      expect(JSON.stringify(message)).toContain('was sent');
    }
  });

  it('a secret that the cut after 200 bytes splits is hidden too', async () => {
    for (let pad = 200 - 'Bearer '.length - SECRET.length; pad < 200 - 'Bearer '.length - 6; pad += 2) {
      const [message] = await inCompany(echo(pad));
      expect(JSON.stringify(message)).not.toContain(SECRET.slice(0, 6));
    }
  });

  it('every id has one answer, every line is JSON-RPC, and no line has a secret', () => {
    expect(proxy.rpc.garbage).toEqual([]);
    const ids = proxy.rpc.received
      .filter(({ message }) => message.method === undefined)
      .map(({ message }) => message.id);
    expect(ids.length).toBeGreaterThan(sent);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(answersTo(proxy, id)).toHaveLength(1);
    expect(proxy.lines.join() + proxy.stderr).not.toContain(SECRET);
  });
});
