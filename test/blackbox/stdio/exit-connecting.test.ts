// How the program ends while it is still connecting. The tests run side by side, because most of their time is waiting.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { closeHostiles, closeLater } from '../../peers/hostile.ts';
import { ENDINGS, exitAfter, SOON } from '../../peers/hostile-endings.ts';
import type { Peer } from '../../peers/listen.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';

afterAll(closeProxies);
afterAll(closeHostiles);

/** Accepts connections and sends nothing. */
async function startSilent(scheme: string): Promise<Peer & { connected: Promise<void> }> {
  const sockets = new Set<Socket>();
  let onConnection = (): void => {};
  const connected = new Promise<void>((resolve) => {
    onConnection = resolve;
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return closeLater({
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    connected,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  });
}

describe.concurrent.each(['http', 'https'])('while it connects to an %s server that never answers', (scheme) => {
  const opening = [
    [
      'initialize',
      JSON.stringify({ protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } }),
    ],
    ['server/discover', '{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}'],
  ] as const;
  const cases = opening.flatMap(([method, params]) => ENDINGS.map(([way, end]) => ({ method, params, way, end })));

  it.each(cases)('$way during $method gives an error, and ends the program', async ({ method, params, end }) => {
    const server = await startSilent(scheme);
    const proxy = startProxy(server.url);
    proxy.rpc.raw(`{"jsonrpc":"2.0","id":0,"method":"${method}","params":${params}}`);
    const answer = proxy.rpc.response(0);
    await server.connected;
    const { code, ms } = await exitAfter(proxy, () => end(proxy));
    expect(code).toBe(0);
    expect(ms).toBeLessThan(SOON);
    expect([-31001, -31002, -31003]).toContain((await answer).message.error?.code);
    expect(proxy.lines).toHaveLength(1);
  });
});
