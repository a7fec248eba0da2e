// A client of 2026-07-28 cancels a call at a server of an older revision, over each wire that leads to one.
import { afterEach, expect, it } from 'vitest';
import { closeHostiles } from '../../peers/hostile.ts';
import { LEGACY, MODERN_ERA } from '../../peers/hostile-eras.ts';
import { closeProxies } from '../../peers/proxy.ts';
import { modernParams } from '../../peers/rpc.ts';
import { closeUpstreams, UPSTREAMS } from '../../peers/upstreams.ts';

// Hooks run from the last one to the first.
afterEach(closeUpstreams);
afterEach(closeHostiles);
afterEach(closeProxies);

const CALL = { name: 'echo', arguments: {} };
const LOUD = { 'io.modelcontextprotocol/logLevel': 'info' };

it.each(UPSTREAMS.filter(({ era }) => era === LEGACY))(
  '$name: the server gets what the client says, without what only 2026-07-28 has',
  async ({ start }) => {
    const { proxy, got } = await start();
    await proxy.rpc.modern('server/discover');
    const notes = [
      [{ reason: 'enough', _meta: { ...LOUD, 'example.com/why': 7 } }, { _meta: { 'example.com/why': 7 } }],
      [{ reason: 'enough', _meta: LOUD }, {}],
    ] as const;
    for (const [n, [said, kept]] of notes.entries()) {
      const requestId = proxy.rpc.freshId();
      proxy.rpc.raw(MODERN_ERA.line(requestId, 'tools/call', CALL));
      const call = await got('tools/call', n + 1);
      proxy.rpc.notify('notifications/cancelled', modernParams({ requestId, ...said }));
      const { message } = await got('notifications/cancelled', n + 1);
      expect(message.params).toEqual({ requestId: call.message.id, reason: 'enough', ...kept });
    }
  },
);
