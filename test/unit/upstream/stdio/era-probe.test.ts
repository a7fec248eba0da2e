// A process that is silent for longer than the first request waits, as one that is still being downloaded.
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { encode } from '../../../../src/core/json.ts';
import type { Call } from '../../../../src/core/jsonrpc.ts';
import { Child } from '../../../../src/upstream/stdio/child.ts';
import { EraProbe } from '../../../../src/upstream/stdio/era-probe.ts';
import { onLines } from '../../../peers/local/piped-child.ts';
import { modernParams, type RpcMessage } from '../../../peers/rpc.ts';
import { Watched } from '../../../peers/watched.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const DISCOVER: Call = { method: 'server/discover', params: encode(modernParams()) };
const LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** No system has such a process. */
const NO_PROCESS = 2 ** 30;
const UNKNOWN = { error: { code: -32_601, message: 'Method not found' } };

/** A process that says nothing unless the test does. */
function silentProcess() {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const program = Object.assign(new EventEmitter(), { pid: NO_PROCESS, stdin, stdout, stderr });
  const child = new Child(program as unknown as ConstructorParameters<typeof Child>[0], {
    name: 'local',
    log: LOG,
    stderr: LOG,
    room: () => undefined,
    request: () => Promise.reject(new Error('it asks nothing')),
    notify: () => {},
  });
  const messages = new Watched<RpcMessage>('messages');
  onLines(stdin, (line) => void messages.add(JSON.parse(line)));
  return {
    child,
    close: () => void stdout.end(),
    methods: () => messages.all.map(({ method }) => method),
    sent: (method: string, nth = 1) => messages.nth(nth, (message) => message.method === method),
    answer: (outcome: object, ...to: RpcMessage[]): void => {
      for (const { id } of to) stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...outcome })}\n`);
    },
  };
}

/** A process for which the first request has waited in vain, and a second one that waits now. */
async function askedAgain() {
  const process = silentProcess();
  const probe = new EraProbe();
  const first = probe.ask(process.child, DISCOVER).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(5_000);
  const initialize = await process.sent('initialize');
  await vi.advanceTimersByTimeAsync(45_000);
  expect(await first).toMatchObject({ code: 'timeout' });
  expect(probe.unheard).toBe(false);
  const second = probe.ask(process.child, DISCOVER);
  const discover = await process.sent('server/discover', 2);
  await vi.advanceTimersByTimeAsync(40_000);
  return { ...process, probe, second, initialize, discover };
}

it('a server of 2026-07-28 answers a later request, after it has refused the initialize', async () => {
  const { answer, second, probe, initialize, discover, methods } = await askedAgain();
  answer(UNKNOWN, initialize);
  await vi.advanceTimersByTimeAsync(1_000);
  answer({ result: { supportedVersions: ['2026-07-28'] } }, discover);
  const reply = await second;
  expect(reply && 'result' in reply && JSON.parse(reply.result.toString())).toEqual({
    supportedVersions: ['2026-07-28'],
  });
  expect(probe.unheard).toBe(false);
  expect(methods()).toEqual(['server/discover', 'initialize', 'server/discover']);
});

it('an older server that opens its session late has not heard the question', async () => {
  const { answer, second, probe, child, initialize, methods } = await askedAgain();
  answer({ result: { protocolVersion: '2025-11-25' } }, initialize);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await second).toBeUndefined();
  expect(probe.unheard).toBe(true);
  expect(child.probed?.reply).toMatchObject({ result: encode({ protocolVersion: '2025-11-25' }) });
  expect(methods()).toEqual(['server/discover', 'initialize', 'server/discover']);
});

it('a process that ends meanwhile leaves no timer behind', async () => {
  const { close, second, child } = await askedAgain();
  close();
  await vi.advanceTimersByTimeAsync(1_000);
  await child.ended;
  expect(await second).toBeUndefined();
  // Only the end of the process itself still has one.
  expect(vi.getTimerCount()).toBe(1);
});
