// --max-result: a client gets the beginning of a large result, and can read the whole.
import { afterEach, describe, expect, it } from 'vitest';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { startScripted } from '../../peers/scripted.ts';
import { WIRES } from './wires.ts';

const open = opened();
afterEach(closeServings);

const LINES = Array.from({ length: 100 }, (_, i) => `line ${i} äöü`).join('\n');
const IMAGE = { type: 'image', data: 'AAAA', mimeType: 'image/png' };
const text = (value: string): object => ({ type: 'text', text: value });
const call = { name: 'any', arguments: {} };

describe.each(WIRES)('$name', (wire) => {
  it('cuts at the end of a line, and keeps the whole as a resource', async () => {
    const content = [text('short'), text(LINES), IMAGE, text('last')];
    const { server, client } = await wire.start(
      {
        'tools/list': '{"tools":[{"name":"any","inputSchema":{"type":"object"}}]}',
        'tools/call': JSON.stringify({ content, structuredContent: { a: 1 } }),
      },
      ['--max-result', '500', '--only-resource', 'nothing'],
    );
    await open(server);
    const { result } = await client.exchange('tools/call', call);
    expect(result.content[0]).toEqual(text('short'));
    const { text: part } = result.content[1];
    expect(LINES.startsWith(part)).toBe(true);
    expect(part.endsWith('\n')).toBe(true);
    expect(Buffer.byteLength(`short${part}`)).toBeLessThanOrEqual(500);
    expect(Buffer.byteLength(part)).toBeGreaterThan(300);
    expect(result.content[2]).toEqual(IMAGE);
    expect(result.structuredContent).toEqual({ a: 1 });
    const { text: note } = result.content[3];
    const [uri = ''] = /mcp-proxy:\/\/results\/[^,\s]+/.exec(note) ?? [];
    const size = Buffer.byteLength(`short${LINES}last`);
    expect(note).toContain(`${Buffer.byteLength(`short${part}`)} of ${size} bytes`);
    // Revision 2024-11-05 has no links.
    const link = { type: 'resource_link', uri, name: 'whole result', size, mimeType: 'text/plain' };
    expect(result.content[4]).toEqual(wire.name.startsWith('/sse') ? undefined : link);
    const whole = await client.exchange('resources/read', { uri });
    expect(whole.result.contents.map((each: { text: string }) => each.text)).toEqual(['short', LINES, 'last']);
    const other = await client.exchange('resources/read', { uri: 'mcp-proxy://results/other' });
    expect([-32002, -32602]).toContain(other.error?.code);
    await client.close();
    expect(server.requests.filter(({ body }) => body.includes('resources/read'))).toEqual([]);
  });
});

const start = async (content: object[], flags = ['--max-result', '500']) => {
  const result = JSON.stringify({ content });
  const server = await open(startScripted('/mcp', legacyServer({ 'tools/call': result })));
  const proxy = startProxy(server.url, flags);
  const { capabilities } = await proxy.rpc.initialize();
  return { proxy, result, capabilities, ask: () => proxy.rpc.exchange('tools/call', call) };
};

it.each([
  ['a small one', [text('x'.repeat(500))]],
  ['one whose other blocks are large', [text('x'), { ...IMAGE, data: 'A'.repeat(5_000) }]],
  ['one that is too large to keep', [text('x'.repeat(33 * 1_048_576))]],
])('a result stays as it is: %s', async (_, content) => {
  const { ask, result } = await start(content);
  expect((await ask()).line.includes(result)).toBe(true);
});

it('cuts between characters if there is neither a line nor a word', async () => {
  const { ask } = await start([text('€'.repeat(1_000))]);
  const [first] = (await ask()).message.result.content;
  expect(first.text).toBe('€'.repeat(166));
});

it('tells clients of a server without resources that there may be some', async () => {
  const { proxy, capabilities } = await start([text('x')]);
  expect(capabilities).toEqual({ tools: {}, resources: {} });
  expect(await proxy.rpc.request('resources/list')).toEqual({ resources: [] });
  expect(await proxy.rpc.request('resources/templates/list')).toEqual({ resourceTemplates: [] });
});

it('drops the oldest results', async () => {
  const { ask, proxy } = await start([text('x'.repeat(501))]);
  const uris: string[] = [];
  for (let i = 0; i < 101; i++) uris.push((await ask()).message.result.content[2].uri);
  const read = (uri = ''): Promise<unknown> => proxy.rpc.request('resources/read', { uri });
  await expect(read(uris[0])).rejects.toMatchObject({ code: -32002 });
  await expect(read(uris[1])).resolves.toBeDefined();
  await expect(read(uris[100])).resolves.toBeDefined();
});

it('another client cannot read a result', async () => {
  const server = await open(
    startScripted('/mcp', legacyServer({ 'tools/call': JSON.stringify({ content: [text(LINES)] }) })),
  );
  const serving = await startServing(server.url, ['--max-result', '500']);
  const [one, other] = [new StreamableClient(`${serving.url}/mcp`), new StreamableClient(`${serving.url}/mcp`)];
  await one.initialize();
  await other.initialize();
  const { content } = await one.request('tools/call', call);
  await expect(one.request('resources/read', { uri: content[2].uri })).resolves.toBeDefined();
  await expect(other.request('resources/read', { uri: content[2].uri })).rejects.toMatchObject({ code: -32002 });
  one.vanish();
  other.vanish();
});
