// The era of a server that names its revisions, in the refusal of a version or in a discover result.
import { expect, it } from 'vitest';
import { legacyServer, modernServer, rpc, rpcErrorBody } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { MODERN, modernParams } from '../../peers/rpc.ts';
import { answer, type Script, startScripted } from '../../peers/scripted.ts';

const open = opened();
const NO_COMMON_VERSION = -31005;
const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

/** Like the Go SDK: sessions of legacy revisions, and -32022 for every request of another one. */
function goServer(supported: unknown = LEGACY): Script {
  const serve = legacyServer();
  return (seen, res) => {
    if (!seen.body.includes(MODERN)) return serve(seen, res);
    const data = { supported, requested: MODERN };
    return answer(res, 400, 'application/json', rpcErrorBody(-32022, 'unsupported', data, rpc(seen).id));
  };
}

it.each(['server/discover', 'tools/list', 'tools/call'])(
  'a server that refuses %s and names legacy revisions is a legacy server',
  async (method) => {
    const server = await open(startScripted('/mcp', goServer()));
    const proxy = startProxy(server.url);
    const params = method === 'tools/call' ? { name: 'echo', arguments: {} } : {};
    for (let time = 0; time < 2; time++) {
      expect(await proxy.rpc.modern(method, params)).toMatchObject({ resultType: 'complete' });
    }
    // Its era is known from the first answer on.
    const modern = server.requests.filter(({ body }) => body.includes(MODERN));
    expect(modern.map(({ body }) => JSON.parse(body).method)).toEqual([method]);
    await proxy.rpc.initialize('2025-11-25');
    expect((await proxy.rpc.request('tools/list')).tools).toHaveLength(1);
    await proxy.close();
  },
);

it('a server that names none of its revisions is asked once', async () => {
  const server = await open(startScripted('/mcp', goServer(null)));
  const proxy = startProxy(server.url);
  expect((await proxy.rpc.modern('tools/list')).tools).toHaveLength(1);
  expect(server.lines.slice(0, 3)).toEqual(['POST tools/list', 'POST server/discover', 'POST initialize']);
  await proxy.close();
});

it('a server that discovers legacy revisions only is a legacy server', async () => {
  const serve = legacyServer({
    'server/discover': `{"supportedVersions":${JSON.stringify(LEGACY)},"capabilities":{}}`,
  });
  const refuse = goServer();
  const server = await open(
    startScripted('/mcp', (seen, res) => (rpc(seen).method === 'tools/list' ? refuse : serve)(seen, res)),
  );
  const proxy = startProxy(server.url);
  expect((await proxy.rpc.modern('server/discover')).supportedVersions).toEqual([MODERN]);
  expect((await proxy.rpc.modern('tools/list')).tools).toHaveLength(1);
  await proxy.rpc.initialize('2025-11-25');
  expect((await proxy.rpc.request('tools/list')).tools).toHaveLength(1);
  await proxy.close();
});

it('a modern server that a legacy one replaces is found to be legacy', async () => {
  let serve = modernServer();
  const server = await open(startScripted('/mcp', (seen, res) => serve(seen, res)));
  const proxy = startProxy(server.url);
  expect((await proxy.rpc.modern('tools/list')).tools).toHaveLength(1);
  serve = goServer();
  await expect(proxy.rpc.modern('tools/list')).rejects.toMatchObject({ code: NO_COMMON_VERSION });
  expect((await proxy.rpc.modern('tools/list')).tools).toHaveLength(1);
  serve = modernServer();
  expect((await proxy.rpc.modern('tools/list')).tools).toHaveLength(1);
  await proxy.close();
});

it.each([
  ['an older legacy revision, which its own error tells', ['2025-03-26'], -32022],
  ['2026-07-28 alone', [MODERN], NO_COMMON_VERSION],
])('an initialize is refused by a server that speaks %s', async (_, supported, code) => {
  const server = await open(
    startScripted('/mcp', (seen, res) =>
      answer(res, 400, 'application/json', rpcErrorBody(-32022, 'no', { supported }, rpc(seen).id)),
    ),
  );
  const proxy = startProxy(server.url);
  await expect(proxy.rpc.initialize('2025-11-25')).rejects.toMatchObject({ code, data: { supported } });
  await proxy.close();
  // The proxy sends `server/discover` to a server that speaks 2026-07-28.
  expect(server.lines).toEqual(['POST initialize', ...(code === NO_COMMON_VERSION ? ['POST server/discover'] : [])]);
});

it.each([-32020, -32021])('a legacy server may use %i for something of its own', async (code) => {
  const server = await open(
    startScripted('/mcp', (seen, res) => {
      const body = rpcErrorBody(rpc(seen).method === 'initialize' ? code : -32601, 'no room', undefined, rpc(seen).id);
      answer(res, 400, 'application/json', body);
    }),
  );
  const proxy = startProxy(server.url);
  await expect(proxy.rpc.initialize('2025-11-25')).rejects.toMatchObject({ code, message: 'no room' });
  await proxy.close();
  expect(server.lines).toEqual(['POST initialize', 'POST server/discover']);
});

it.each(['null', '"2026-07-28"', '[]', '[null,7]', undefined])(
  'a discover result that names %s counts as naming none',
  async (found) => {
    const member = found === undefined ? '' : `"supportedVersions":${found},`;
    const server = await open(
      startScripted('/mcp', legacyServer({ 'server/discover': `{${member}"capabilities":{}}` })),
    );
    const proxy = startProxy(server.url);
    expect((await proxy.rpc.modern('server/discover')).supportedVersions).toEqual([MODERN]);
    await proxy.close();
  },
);

it('the revisions that a server names are shown without control characters', async () => {
  let serve = modernServer();
  const server = await open(startScripted('/mcp', (seen, res) => serve(seen, res)));
  const proxy = startProxy(server.url, ['--log-level', 'debug']);
  await proxy.rpc.modern('server/discover');
  serve = goServer(['2025-11-25', '\u001b[31mred\u001b[0m', 'x'.repeat(9_000)]);
  const { message } = await proxy.rpc.exchange('server/discover', modernParams());
  expect(message.error?.data.supported).toEqual(['2025-11-25', '[31mred [0m', `${'x'.repeat(20)}…`]);
  await proxy.close();
  expect(proxy.stderr).not.toContain('\u001b');
});
