// Filters and the messages between the lists and the calls: batches, updates, lists that cannot be read, tools that change.
import { afterEach, describe, expect, it } from 'vitest';
import { closeServings } from '../../peers/http/serving.ts';
import { startSdkV1Stdio } from '../../peers/local/sdk-servers.ts';
import { legacyServer, type Results, rpc } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { answer, startScripted } from '../../peers/scripted.ts';

const open = opened();
afterEach(closeServings);

const started = async (results: Results, flags: string[]) => {
  const server = await open(startScripted('/mcp', legacyServer(results)));
  return { server, proxy: startProxy(server.url, flags) };
};

it('a batch is served, except for hidden entries', async () => {
  const { server, proxy } = await started({ 'prompts/get': '{"messages":[]}', 'resources/read': '{"contents":[]}' }, [
    '--only-tool',
    'kept',
    '--ignore-prompt',
    'gone',
    '--ignore-resource',
    '*gone*',
  ]);
  await proxy.rpc.initialize('2025-03-26');
  const batch = [
    { id: 11, method: 'tools/call', params: { name: 'gone' } },
    { id: 12, method: 'prompts/get', params: { name: 'gone' } },
    { id: 13, method: 'resources/read', params: { uri: 'x:gone' } },
    { id: 14, method: 'tools/call', params: { name: 'kept' } },
  ];
  proxy.rpc.raw(JSON.stringify(batch.map((one) => ({ jsonrpc: '2.0', ...one }))));
  const { line } = await proxy.rpc.next((message, text) => text.startsWith('[') || message.id === 14);
  await proxy.close();
  const replies = line.startsWith('[') ? JSON.parse(line) : proxy.rpc.received.map(({ message }) => message);
  const codes = batch.map(({ id }) => replies.find((reply: { id: number }) => reply.id === id)?.error?.code);
  expect(codes).toEqual([-32602, -32602, -32002, undefined]);
  expect(server.requests.filter(({ body }) => body.includes('gone'))).toEqual([]);
});

it.each([
  ['tools/list', ['--only-tool', 'kept']],
  ['tools/list', ['--read-only']],
  ['tools/list', ['--rename-tool', 'a=b']],
  ['prompts/list', ['--ignore-prompt', 'gone']],
  ['resources/list', ['--only-resource', 'kept:*']],
  ['resources/templates/list', ['--ignore-resource', 'gone:*']],
])('%s is withheld when it cannot be read, with %j', async (method, flags) => {
  for (const result of ['{}', '"gone"', '{"LIST":{"gone":1}}', '{"LIST":[],"LIST":[{"name":"gone"}]}']) {
    const list = method === 'resources/templates/list' ? 'resourceTemplates' : (method.split('/')[0] as string);
    const { proxy } = await started({ [method]: result.replaceAll('LIST', list) }, flags as string[]);
    await proxy.rpc.initialize();
    const { line, message } = await proxy.rpc.exchange(method as string);
    expect(message.error?.code, result).toBe(-31007);
    expect(line).not.toContain('gone');
    await proxy.close();
  }
});

it('an update of a hidden resource does not reach the client', async () => {
  const note = (uri: string): string =>
    `data: {"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":${JSON.stringify(uri)}}}\n\n`;
  const serve = legacyServer();
  const server = await open(
    startScripted('/mcp', (seen, res) => {
      const { id, method } = rpc(seen);
      if (method !== 'tools/call') return serve(seen, res);
      const reply = `data: {"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[]}}\n\n`;
      return answer(res, 200, 'text/event-stream', note('file:///gone') + note('file:///kept') + reply);
    }),
  );
  const proxy = startProxy(server.url, ['--ignore-resource', 'file:///gone']);
  await proxy.rpc.initialize();
  await proxy.rpc.request('tools/call', { name: 'any' });
  const told = proxy.rpc.received.filter(({ message }) => message.method === 'notifications/resources/updated');
  expect(told.map(({ message }) => message.params.uri)).toEqual(['file:///kept']);
});

describe('--read-only', () => {
  const page = (name: string, annotations: object | undefined, nextCursor?: string): string =>
    JSON.stringify({ tools: [{ name, inputSchema: { type: 'object' }, annotations }], nextCursor });

  it('finds a tool on a later page, and reads the list once', async () => {
    const list = ({ cursor }: { cursor?: string }): string =>
      cursor === 'two' ? page('kept', { readOnlyHint: true }) : page('gone', undefined, 'two');
    const { server, proxy } = await started({ 'tools/list': list }, ['--read-only']);
    await proxy.rpc.initialize();
    await proxy.rpc.request('tools/call', { name: 'kept' });
    await proxy.rpc.request('tools/call', { name: 'kept' });
    await expect(proxy.rpc.request('tools/call', { name: 'gone' })).rejects.toMatchObject({ code: -32602 });
    expect(server.lines.filter((line) => line === 'POST tools/list')).toHaveLength(2);
  });

  it('hides two tools of the same name if one of them writes', async () => {
    const list = ({ cursor }: { cursor?: string }): string =>
      cursor === 'two' ? page('twice', {}) : page('twice', { readOnlyHint: true }, 'two');
    const { proxy } = await started({ 'tools/list': list }, ['--read-only']);
    await proxy.rpc.initialize();
    await expect(proxy.rpc.request('tools/call', { name: 'twice' })).rejects.toMatchObject({ code: -32602 });
  });

  it.each([
    ['two hints', '{"readOnlyHint":false,"ReadOnlyHint":true}'],
    ['a hint beside one in capitals', '{"readOnlyHint":true,"READONLYHINT":false}'],
    ['a text', '{"readOnlyHint":"true"}'],
    ['a number', '{"readOnlyHint":1}'],
    ['a list', '[true]'],
  ])('does not accept %s as a promise to only read', async (_, annotations) => {
    const tools = `{"tools":[{"name":"gone","inputSchema":{},"annotations":${annotations}}]}`;
    const { proxy } = await started({ 'tools/list': tools }, ['--read-only']);
    await proxy.rpc.initialize();
    expect((await proxy.rpc.request('tools/list')).tools).toEqual([]);
    await expect(proxy.rpc.request('tools/call', { name: 'gone' })).rejects.toMatchObject({ code: -32602 });
  });

  it('a call is refused while the list cannot be read', async () => {
    const { server, proxy } = await started({ 'tools/list': '{"tools":0}' }, ['--read-only']);
    await proxy.rpc.initialize();
    await expect(proxy.rpc.request('tools/call', { name: 'kept' })).rejects.toMatchObject({ code: -31007 });
    expect(server.lines).not.toContain('POST tools/call');
  });

  it('gives up a list without an end', async () => {
    let pages = 0;
    const { server, proxy } = await started({ 'tools/list': () => page('other', {}, `${++pages}`) }, ['--read-only']);
    await proxy.rpc.initialize();
    await expect(proxy.rpc.request('tools/call', { name: 'kept' })).rejects.toMatchObject({ code: -31007 });
    expect(server.lines).not.toContain('POST tools/call');
  });

  it('reads a changed list before the next call', async () => {
    let annotations = { readOnlyHint: true };
    const changed = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';
    const serve = legacyServer({ 'tools/list': () => page('kept', annotations) });
    const server = await open(
      startScripted('/mcp', (seen, res) => {
        const { id, method } = rpc(seen);
        if (method !== 'tools/call') return serve(seen, res);
        annotations = { readOnlyHint: false };
        const reply = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[]}}`;
        return answer(res, 200, 'text/event-stream', `data: ${changed}\n\ndata: ${reply}\n\n`);
      }),
    );
    const proxy = startProxy(server.url, ['--read-only']);
    await proxy.rpc.initialize();
    await proxy.rpc.request('tools/call', { name: 'kept' });
    await expect(proxy.rpc.request('tools/call', { name: 'kept' })).rejects.toMatchObject({ code: -32602 });
    expect(server.lines.filter((line) => line === 'POST tools/call')).toHaveLength(1);
  });
});

it('a tool that has the new name of another one is hidden', async () => {
  const tools = JSON.stringify({ tools: [{ name: 'a' }, { name: 'b' }] });
  const { server, proxy } = await started({ 'tools/list': tools }, ['--rename-tool', 'a=b']);
  await proxy.rpc.initialize();
  expect((await proxy.rpc.request('tools/list')).tools).toEqual([{ name: 'b' }]);
  await proxy.rpc.request('tools/call', { name: 'b' });
  const call = server.requests.find(({ body }) => body.includes('tools/call'));
  expect(JSON.parse(call?.body ?? '').params).toEqual({ name: 'a' });
});

it('patterns match the names of the server, also where a tool is renamed', async () => {
  const tools = JSON.stringify({ tools: [{ name: 'a' }, { name: 'c' }] });
  const { proxy } = await started({ 'tools/list': tools }, ['--rename-tool', 'a=b', '--only-tool', 'a']);
  await proxy.rpc.initialize();
  expect((await proxy.rpc.request('tools/list')).tools).toEqual([{ name: 'b' }]);
});

it('a resource that is listed as a link in a result cannot be read', async () => {
  const link = '{"content":[{"type":"resource_link","uri":"file:///gone","name":"gone"}]}';
  const { proxy } = await started({ 'tools/call': link }, ['--ignore-resource', 'file:///gone']);
  await proxy.rpc.initialize();
  const { content } = await proxy.rpc.request('tools/call', { name: 'any' });
  await expect(proxy.rpc.request('resources/read', { uri: content[0].uri })).rejects.toMatchObject({ code: -32002 });
});

it.each([
  ['--ignore-tool', 'echo'],
  ['--only-tool', 'add'],
  ['--confirm', 'echo'],
])('%s %s applies to a local server, too', async (...flags) => {
  const server = await open(startSdkV1Stdio());
  const proxy = startProxy(undefined, [...flags, '--', ...server.command]);
  await proxy.rpc.initialize();
  const call = proxy.rpc.request('tools/call', { name: 'echo', arguments: { text: 'x' } });
  await expect(call).rejects.toMatchObject({ code: flags[0] === '--confirm' ? -31006 : -32602 });
});
