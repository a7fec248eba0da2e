// Event streams and bodies in every legal form, cut into pieces at any place, compressed or not: the client always gets
// the same.
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createDeflate,
  createGzip,
  deflateSync,
  gzipSync,
} from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FRAMINGS } from '../../peers/framings.ts';
import { type Answer, closeHostiles, type Hostile, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ERAS } from '../../peers/hostile-eras.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';

const NOTE = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"€","progress":1}}';
const RESULT = '{"content":[{"type":"text","text":"€ — 漢字 😀 \\u00e9"}]}';
const answer = (id: string): string => `{"jsonrpc":"2.0","id":${id},"result":${RESULT}}`;

/** Streams that say the same: one notification, then the answer. */
const streams = FRAMINGS.map(([name, write]): [string, (id: string) => string] => [
  name,
  (id) => write(NOTE, answer(id)),
]);

const bodies: [string, (id: string) => string][] = [
  ['JSON', answer],
  ['JSON with space around it', (id) => ` \r\n\t${answer(id)}\n\n`],
  ['pretty-printed JSON', (id) => JSON.stringify(JSON.parse(answer(id)), null, 2)],
  ['pretty-printed JSON with CRLF', (id) => JSON.stringify(JSON.parse(answer(id)), null, '\t').replace(/\n/g, '\r\n')],
  ['an array of one', (id) => `[${answer(id)}]`],
];

describe.each(ERAS)('$name', (era) => {
  let server: Hostile;
  let proxy: ProxyProcess;

  beforeAll(async () => {
    server = await startHostile();
    proxy = startProxy(server.url);
    await era.open(proxy);
  });
  afterAll(async () => {
    expect(proxy.rpc.garbage).toEqual([]);
    await closeProxies();
    await closeHostiles();
  });

  /** The answer to one call, as the client sees it: its result, and the notifications that came before. */
  async function call(answerWith: Answer): Promise<{ result: unknown; notes: unknown[] }> {
    server.once('tools/call', answerWith);
    const before = proxy.rpc.received.length;
    const { message } = await era.ask(proxy, 'tools/call', { name: 'x', arguments: {} });
    expect(message.error).toBeUndefined();
    const notes = proxy.rpc.received.slice(before).filter((received) => received.message.method !== undefined);
    return { result: message.result, notes: notes.map((received) => JSON.parse(received.line)) };
  }

  const same = { result: JSON.parse(RESULT), notes: [JSON.parse(NOTE)] };
  const sameBody = { ...same, notes: [] };

  it.each(streams)('a stream with %s is read whole, byte by byte, and three bytes at a time', async (_, stream) => {
    expect(await call(a.sse(stream))).toEqual(same);
    for (const size of [1, 3]) {
      const cut = (text: string): Buffer[] => chunksOf(Buffer.from(text), size);
      expect(await call(a.pieces('text/event-stream', (seen) => cut(stream(seen.id))))).toEqual(same);
    }
  });

  it('a stream is read when it is cut in two at any offset, in the middle of characters too', async () => {
    const [, crlf] = streams[5] as (typeof streams)[number];
    const length = Buffer.from(crlf('1000')).length;
    for (let offset = 1; offset < length; offset++) {
      const cut = (text: Buffer): Buffer[] => [text.subarray(0, offset), text.subarray(offset)];
      expect(await call(a.pieces('text/event-stream', (seen) => cut(Buffer.from(crlf(seen.id)))))).toEqual(same);
    }
  });

  it.each(bodies)('%s is read whole, and byte by byte', async (_, body) => {
    expect(await call(a.json(body))).toEqual(sameBody);
    expect(await call(a.pieces('application/json', (seen) => chunksOf(Buffer.from(body(seen.id)), 1)))).toEqual(
      sameBody,
    );
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset="utf-8"'])(
    'the content type %s',
    async (type) => {
      expect(await call(a.json(answer, { 'content-type': type }))).toEqual(sameBody);
    },
  );

  it.each(['text/event-stream; charset=utf-8', 'TEXT/EVENT-STREAM', 'text/event-stream;charset=UTF-8'])(
    'the content type %s',
    async (type) => {
      const [, plain] = streams[0] as (typeof streams)[number];
      expect(await call(a.sse(plain, { 'content-type': type }))).toEqual(same);
    },
  );

  const encodings = [
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const;
  it.each(encodings)('a body and a stream in %s', async (encoding, compress) => {
    const headers = { 'content-encoding': encoding };
    expect(await call(a.json((id) => compress(Buffer.from(answer(id))), headers))).toEqual(sameBody);
    const [, plain] = streams[0] as (typeof streams)[number];
    expect(await call(a.sse((id) => compress(Buffer.from(plain(id))), headers))).toEqual(same);
  });

  it.each([
    ['gzip', () => createGzip({ flush: constants.Z_SYNC_FLUSH })],
    ['deflate', () => createDeflate({ flush: constants.Z_SYNC_FLUSH })],
    ['br', () => createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH })],
  ] as const)('an event in %s arrives while its stream is still open', async (encoding, create) => {
    const packed = create();
    const early = NOTE.replace('"€"', JSON.stringify(encoding));
    let id = '';
    const begin: Answer = a.openSse(
      (res, seen) => {
        id = seen.id;
        packed.pipe(res);
        packed.write(a.event(early));
      },
      { 'content-encoding': encoding },
    );
    server.once('tools/call', begin);
    const answered = era.ask(proxy, 'tools/call', { name: 'x', arguments: {} });
    await proxy.rpc.next((_message, line) => line === early);
    packed.end(a.event(answer(id)));
    expect((await answered).message.result).toEqual(same.result);
  });

  const raw = (head: string, body: (id: string) => string): Answer => {
    return (res, seen) => a.rawBytes(`${head}\r\n\r\n${body(seen.id)}`)(res, seen);
  };
  it.each([
    ['HTTP/1.0', raw('HTTP/1.0 200 OK\r\nContent-Type: application/json', answer)],
    ['a body up to the close', raw('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json', answer)],
    [
      'interim responses',
      raw(
        'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n' +
          'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json',
        answer,
      ),
    ],
  ])('a JSON answer in %s', async (_, form) => {
    expect(await call(form)).toEqual(sameBody);
  });

  it.each(['fin', 'rst'] as const)('a stream can be cut (%s) right after the answer', async (how) => {
    const [, plain] = streams[0] as (typeof streams)[number];
    expect(await call(a.partThenCut({ 'content-type': 'text/event-stream' }, plain, how))).toEqual(same);
  });

  it('a stream that stays open after the answer delays nothing', async () => {
    const [, plain] = streams[0] as (typeof streams)[number];
    expect(await call(a.openSse((res, seen) => res.write(plain(seen.id))))).toEqual(same);
  });

  it('pretty-printed JSON leaves as one line', async () => {
    const pretty = (id: string): string => JSON.stringify(JSON.parse(answer(id)), null, 2);
    for (const body of [a.json(pretty), a.sse((id) => `data: ${pretty(id).replace(/\n/g, '\ndata: ')}\n\n`)]) {
      server.once('tools/call', body);
      const { line } = await era.ask(proxy, 'tools/call', { name: 'x', arguments: {} });
      expect(JSON.parse(line).result).toEqual(same.result);
    }
  });
});

function chunksOf(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}
