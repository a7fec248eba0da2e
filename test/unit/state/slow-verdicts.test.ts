// Verdicts on another machine, which is slow and sometimes fails.
import { expect, it, vi } from 'vitest';
import { sseServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { type InProcess, startStdio } from './slow-proxies.ts';
import { type Remote, startRemote } from './slow-state.ts';

const open = opened();

/** Runs one whole session; returns its first request, and what was logged. */
async function session(server: ScriptedPeer, remote: Remote): Promise<{ first: string | undefined } & InProcess> {
  const since = server.lines.length;
  const proxy = await open(startStdio(server.url, remote));
  await proxy.rpc.initialize('2025-06-18');
  await proxy.rpc.request('ping');
  await proxy.close();
  return { ...proxy, first: server.lines[since] };
}

it('the transport that one proxy found out is the first that another one tries', async () => {
  const server = await open(startScripted('/sse', sseServer()));
  const remote = startRemote();
  expect((await session(server, remote)).first).toBe('POST initialize');
  expect((await session(server, remote)).first).toBe('GET');
  expect(server.lines.filter((line) => line === 'POST ping')).toHaveLength(2);
});

it('requests that come while the verdict is on its way are sent once each, in their order', async () => {
  const server = await open(startScripted('/sse', sseServer()));
  const remote = startRemote();
  await session(server, remote);
  const since = server.lines.length;
  const { rpc, close } = await open(startStdio(server.url, remote));
  const clientInfo = { name: 'eager', version: '1' };
  const answers = [
    rpc.exchange('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }),
    rpc.exchange('ping'),
    rpc.exchange('tools/list'),
  ];
  for (const { message } of await Promise.all(answers)) expect(message.result).toBeDefined();
  await close();
  expect(server.lines.slice(since)).toEqual(['GET', 'POST initialize', 'POST ping', 'POST tools/list']);
});

it.each([1, 2])('with every call number %d failing, the transport is found out anew', async (every) => {
  const server = await open(startScripted('/sse', sseServer()));
  const remote = startRemote(every);
  const proxies = [await session(server, remote), await session(server, remote)];
  expect(server.lines.filter((line) => line === 'POST ping')).toHaveLength(2);
  await vi.waitFor(() => expect(remote.failures).toBeGreaterThan(0));
  for (const { lines } of proxies) {
    expect([...new Set(lines)]).toEqual(lines);
    expect(lines).toContainEqual(expect.stringMatching(/transport.*the connection was reset/));
  }
});
