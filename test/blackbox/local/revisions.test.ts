// The era of a local server that refuses a version and names its revisions, as servers on the Go SDK do.
import { expect, it } from 'vitest';
import { onLines, startPiped } from '../../peers/local/piped-child.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { MODERN, type RpcMessage } from '../../peers/rpc.ts';

const open = opened();

const RESULTS: Record<string, (params: RpcMessage['params']) => object> = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'local', version: '1' },
  }),
  'tools/list': () => ({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] }),
};

/** A legacy server that refuses every request of 2026-07-28; and the methods that it was asked. */
async function refusing(supported: unknown) {
  const asked: string[] = [];
  const children = await open(
    startPiped((socket) => {
      socket.on('error', () => {});
      onLines(socket, (text) => {
        const { id, method = '', params } = JSON.parse(text) as RpcMessage;
        if (id === undefined) return;
        const isModern = text.includes(MODERN);
        asked.push(isModern ? `${method} of ${MODERN}` : method);
        const refused = { code: -32022, message: 'unsupported', data: { supported, requested: MODERN } };
        const result = RESULTS[method]?.(params);
        const answer =
          isModern || !result ? { error: isModern ? refused : { code: -32601, message: 'no' } } : { result };
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`);
      });
    }),
  );
  return { asked, proxy: startProxy(undefined, ['--', ...children.command]) };
}

it.each([
  ['legacy revisions', ['2025-11-25', '2025-06-18']],
  ['no revisions', undefined],
  ['null', null],
])('a local server that refuses 2026-07-28 and names %s is a legacy server', async (_, supported) => {
  for (const first of ['server/discover', 'tools/list']) {
    const { asked, proxy } = await refusing(supported);
    const answer = await proxy.rpc.modern(first);
    if (first === 'server/discover') expect(answer.supportedVersions).toEqual([MODERN]);
    for (let time = 1; time <= 2; time++) expect((await proxy.rpc.modern('tools/list')).tools).toHaveLength(1);
    await proxy.rpc.initialize('2025-11-25');
    expect((await proxy.rpc.request('tools/list')).tools).toHaveLength(1);
    // Its era is known from the first answer on.
    expect(asked.filter((method) => method.includes(MODERN))).toEqual([`server/discover of ${MODERN}`]);
    await proxy.close();
  }
});
