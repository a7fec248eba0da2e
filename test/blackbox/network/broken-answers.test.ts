// A response that begins and never becomes an answer: the error shows its status and its beginning, without secrets.
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ERAS } from '../../peers/hostile-eras.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const SECRET = 'secret-of-the-header';
const JSON_TYPE = { 'content-type': 'application/json' };
const SSE_TYPE = { 'content-type': 'text/event-stream' };
const TEXT = `{"jsonrpc":"2.0","result":{"echo":"${SECRET}","long":"${'x'.repeat(4_000)}`;
const EVENT = `: ${SECRET}, upstream connect error\n\n`;
const MALFORMED = 'data: {"jsonrpc":"2.0","id":null,"error":{}}\n\n';

describe.each(ERAS)('to a $name client', (era) => {
  it.each<[string, Answer, string | undefined]>([
    ['a body that is cut', a.partThenCut(JSON_TYPE, TEXT), TEXT],
    ['a body that is reset', a.partThenCut(JSON_TYPE, TEXT, 'rst'), TEXT],
    ['a body that is cut within a secret', a.partThenCut(JSON_TYPE, `{"${SECRET.slice(0, -4)}`), '{"***'],
    ['a body without a byte', a.headersThenCut(JSON_TYPE), undefined],
    ['a stream that is reset', a.partThenCut(SSE_TYPE, EVENT, 'rst'), EVENT],
    ['a stream that ends', a.sse(EVENT), EVENT],
    ['a stream with a malformed answer', a.sse(MALFORMED), era.name === 'modern' ? MALFORMED : undefined],
    ['a page', (res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hi</p>'), '<p>Hi</p>'],
    ['an unknown encoding', a.json('x', { 'content-encoding': 'zstd' }), undefined],
  ])('%s', async (_, response, body) => {
    const server = await startHostile();
    const proxy = startProxy(server.url, ['-H', `Authorization: Bearer ${SECRET}`]);
    await era.open(proxy);
    server.once('tools/call', response);
    const { message, line } = await era.ask(proxy, 'tools/call', { name: 'echo', arguments: {} });
    expect(message.error).toMatchObject({ code: -31003, data: { httpStatus: 200, outcome: 'unknown' } });
    expect(message.error?.data.body).toBe(body?.replace(SECRET, '***').slice(0, 200));
    expect(line).not.toContain(SECRET);
    expect((await era.ask(proxy, 'tools/list')).message.result).toBeDefined();
  });
});
