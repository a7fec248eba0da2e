// A body that is JSON-RPC, but no answer to the request: the error shows what arrived.
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { ERAS } from '../../peers/hostile-eras.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const SECRET = 'secret-of-the-header';

describe.each(ERAS)('to a $name client', (era) => {
  it.each([
    ['another id', `{"jsonrpc":"2.0","id":"other","result":{"echo":"${SECRET}","long":"${'x'.repeat(4_000)}"}}`],
    ['an empty batch', '[]'],
    ['a notification alone', '{"jsonrpc":"2.0","method":"notifications/x"}'],
  ])('%s', async (_, body) => {
    const server = await startHostile();
    const proxy = startProxy(server.url, ['-H', `Authorization: Bearer ${SECRET}`]);
    await era.open(proxy);
    server.once('tools/call', a.json(body));
    const { message, line } = await era.ask(proxy, 'tools/call', { name: 'echo', arguments: {} });
    expect(message.error).toMatchObject({ code: -31003, data: { httpStatus: 200, outcome: 'unknown' } });
    const shown = message.error?.data.body as string;
    expect(shown).toBe(body.replace(SECRET, '***').slice(0, 200));
    expect(line).not.toContain(SECRET);
    expect((await era.ask(proxy, 'tools/list')).message.result).toBeDefined();
  });
});
