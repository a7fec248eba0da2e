// Calls that wait for their users, in the built program: many at once, on stdio and in HTTP mode, and what happens to
// them when the client leaves.
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type AskingServer, startAskingServer } from '../../peers/asking-server.ts';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { modernParams, type RpcMessage } from '../../peers/rpc.ts';
import { memoryOf, PROBE_ARGS } from '../sharing/memory.ts';

const open = opened();
afterEach(closeServings);

type Ask = (method: string, params: object) => Promise<RpcMessage['result']>;
const CAPABILITIES = { elicitation: { form: {} } };

const stdio = (proxy: ProxyProcess): Ask => {
  return (method, params) => proxy.rpc.modern(method, params, CAPABILITIES);
};

async function http(url: string): Promise<Ask> {
  const client = new ModernClient(`${url}/mcp`);
  client.capabilities = CAPABILITIES;
  await open({ close: async () => client.vanish() });
  return async (method, params) => (await client.call(method, params)).message.result;
}

const callOf = (n: number) => ({ name: `tool-${n}`, arguments: { n } });
const accepted = (n: number) => ({ action: 'accept', content: { n } });

/** Begins calls until their questions are there; returns the rounds. */
async function begin(ask: Ask, count: number): Promise<RpcMessage['result'][]> {
  const rounds = await Promise.all(Array.from({ length: count }, (_, n) => ask('tools/call', callOf(n))));
  for (const round of rounds) expect(round.resultType).toBe('input_required');
  return rounds;
}

/** Answers each call with its own number, in another order, and expects that number back. */
async function finish(ask: Ask, rounds: RpcMessage['result'][]): Promise<void> {
  const retries = rounds.map(async ({ requestState, inputRequests }, n) => {
    const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, accepted(n)]));
    const result = await ask('tools/call', { ...callOf(n), inputResponses, requestState });
    expect(result.content[0].text).toBe(JSON.stringify(accepted(n)));
  });
  await Promise.all(retries.reverse());
}

function count(server: AskingServer, method: string): number {
  return server.lines.filter((line) => line === `POST ${method}`).length;
}

it('500 calls wait at once, in 32 KiB each, and each gets its own answer', async () => {
  const server = await open(startAskingServer());
  const proxy = startProxy(server.url, [], { nodeArgs: PROBE_ARGS });
  const ask = stdio(proxy);
  await ask('server/discover', {});
  // Everything is loaded, and the pool has been used.
  await finish(ask, await begin(ask, 20));
  const before = await memoryOf(proxy);
  const rounds = await begin(ask, 500);
  const waiting = await memoryOf(proxy);
  if (before && waiting) {
    const each = ((waiting.held - before.held) * 1_024) / rounds.length;
    expect(each, `${JSON.stringify(before)} → ${JSON.stringify(waiting)}`).toBeLessThan(32);
  }
  await finish(ask, rounds);
  expect(count(server, 'tools/call')).toBe(520);
  expect(count(server, 'initialize')).toBe(1);
  expect(server.cancelled).toEqual([]);
  await proxy.close();
});

it('500 calls whose client does not come back within ten minutes all end, at the server too', async () => {
  const server = await open(startAskingServer());
  const proxy = startProxy(server.url, [], {
    nodeArgs: ['--require', fileURLToPath(new URL('../../peers/local/movable-clock.cjs', import.meta.url))],
    env: { CLOCK_STEP: String(10 * 60_000) },
  });
  const rounds = await begin(stdio(proxy), 500);
  proxy.kill('SIGUSR1');
  await server.until(() => server.cancelled.length === 500 && server.answers.size === 500);
  expect(new Set(server.cancelled).size).toBe(500);
  for (const answer of server.answers.values()) expect(answer).toEqual({ action: 'cancel' });
  const { requestState } = rounds[0];
  const params = modernParams({ ...callOf(0), requestState, inputResponses: { r1: accepted(0) } }, CAPABILITIES);
  const { message } = await proxy.rpc.exchange('tools/call', params);
  expect(message.error).toMatchObject({ code: -32602, data: { reason: 'expired' } });
  await proxy.close();
});

it('calls of several HTTP clients can wait at the same time', async () => {
  const server = await open(startAskingServer());
  const { url } = await startServing(server.url);
  const clients = await Promise.all([http(url), http(url)]);
  const rounds = await Promise.all(clients.map((ask) => begin(ask, 20)));
  await Promise.all(clients.map((ask, n) => finish(ask, rounds[n] as RpcMessage['result'][])));
  expect(server.cancelled).toEqual([]);
});

describe('a client that goes', () => {
  it('on stdio ends its calls: the server is told, and gets an answer to each question', async () => {
    const server = await open(startAskingServer());
    const proxy = startProxy(server.url);
    await begin(stdio(proxy), 3);
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    await server.until(() => server.cancelled.length === 3 && server.answers.size === 3);
    expect([...server.answers.values()]).toEqual([1, 2, 3].map(() => ({ action: 'cancel' })));
    expect([...server.cancelled].sort()).toEqual(['tool-0', 'tool-1', 'tool-2']);
    expect(server.lines.at(-1)).toBe('DELETE');
  });

  it('in HTTP mode cancels the call by closing the request that answered a question', async () => {
    const server = await open(startAskingServer(false));
    const { url } = await startServing(server.url);
    const [round] = await begin(await http(url), 1);
    const client = new ModernClient(`${url}/mcp`);
    client.capabilities = CAPABILITIES;
    const inputResponses = { r1: accepted(0) };
    const retry = client.begin('tools/call', { ...callOf(0), requestState: round.requestState, inputResponses });
    retry.answer.catch(() => {});
    retry.response.catch(() => {});
    await server.until(() => server.answers.size === 1);
    client.vanish();
    await server.until(() => server.cancelled.length === 1);
    expect(server.answers.get('tool-0')).toEqual(accepted(0));
  });
});
