// Legacy servers that answer requests of 2026-07-28 as if they were requests of a session: the first request of a
// client may run there, and must not run again.
import { expect, it } from 'vitest';
import { startAskingServer } from '../../peers/asking-server.ts';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { MODERN, modernParams } from '../../peers/rpc.ts';
import { startScripted } from '../../peers/scripted.ts';

const open = opened();
const CALL = { name: 'echo', arguments: {} };

it('a call runs once, and later calls use a session', async () => {
  const server = await open(startScripted('/mcp', legacyServer()));
  const proxy = startProxy(server.url);
  for (let time = 0; time < 3; time++) {
    const result = await proxy.rpc.modern('tools/call', CALL);
    expect(result).toMatchObject({ resultType: 'complete', content: [{ text: 'called' }] });
  }
  await proxy.close();
  const calls = server.requests.filter(({ body }) => body.includes('"tools/call"'));
  expect(calls.map(({ body }) => body.includes(MODERN))).toEqual([true, false, false]);
  expect(server.lines.filter((line) => line === 'POST initialize')).toHaveLength(1);
});

it('a list is requested again in a session', async () => {
  const server = await open(startScripted('/mcp', legacyServer()));
  const proxy = startProxy(server.url);
  expect(await proxy.rpc.modern('tools/list')).toMatchObject({ resultType: 'complete', ttlMs: 0 });
  await proxy.close();
  const lines = server.lines.filter((line) => line.startsWith('POST') && !line.includes('notifications'));
  expect(lines).toEqual(['POST tools/list', 'POST server/discover', 'POST initialize', 'POST tools/list']);
});

it.each([
  ['takes the refusal', 'never', { result: { content: [{ text: expect.stringContaining('-32601') }] } }],
  ['does not take it', 'for answers', { error: { code: -31003, data: { outcome: 'unknown' } } }],
] as const)(
  'a question during the first call is refused, and a server that %s gets later requests in a session',
  async (_, needs, first) => {
    const server = await open(startAskingServer(true, needs));
    const proxy = startProxy(server.url);
    const elicitation = { elicitation: {} };
    const { message } = await proxy.rpc.exchange('tools/call', modernParams(CALL, elicitation));
    expect(message).toMatchObject(first);
    expect(await proxy.rpc.modern('tools/call', CALL, elicitation)).toMatchObject({ resultType: 'input_required' });
    expect(server.lines.filter((line) => line === 'POST tools/call')).toHaveLength(2);
    await proxy.close();
  },
);
