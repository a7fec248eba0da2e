// Sessions that open, call and vanish for an hour leave nothing behind.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { isAlive, until } from '../../peers/local/scripted.ts';
import { memoryOf, PROBE_ARGS } from '../sharing/memory.ts';
import { stateOf } from '../sharing/process-state.ts';

// Two thousand processes are started.
vi.setConfig({ testTimeout: 900_000 });
afterEach(closeServings);

const file = (name: string): string => fileURLToPath(new URL(`../../peers/local/${name}`, import.meta.url));
const SESSIONS = 2_000;
const AT_A_TIME = 25;
const HOUR = 3_600_000;
/** Chosen so that an hour passes while all of them come; `--child-idle` is shorter, `--session-idle` longer. */
const STEP = HOUR / (SESSIONS / AT_A_TIME);

it('2,000 sessions in an hour leave no process, no descriptor and no memory behind', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-sessions-'));
  const roll = path.join(folder, 'roll');
  const flags = ['--child-idle', '30', '--session-idle', '600'];
  const serving = await startServing(undefined, [...flags, '--', '/bin/sh', file('small-server.sh'), roll], {
    nodeArgs: [...PROBE_ARGS, '--require', file('movable-clock.cjs')],
    env: { CLOCK_STEP: String(STEP) },
  });
  const { proxy } = serving;
  let moves = 0;
  const pass = async (): Promise<void> => {
    moves += 1;
    proxy.kill('SIGUSR1');
    await proxy.stderrMatching(new RegExp(`^clock ${moves * STEP}$`, 'm'));
  };
  const pids = (): number[] => readFileSync(roll, 'utf8').split('\n').filter(Boolean).map(Number);

  const visit = async (): Promise<void> => {
    const client = new StreamableClient(`${serving.url}/mcp`);
    await client.initialize();
    const { message } = await client.call('tools/call', { name: 'pid' });
    expect(Number(message.result.content[0].text)).toBeGreaterThan(1);
    client.vanish();
  };
  const wave = async (): Promise<void> => {
    await Promise.all(Array.from({ length: AT_A_TIME }, visit));
    await pass();
    await until(() => !pids().some(isAlive), 'the end of the processes of the last wave');
  };

  // Memory that the first sessions need for loading and compiling stays.
  await wave();
  for (let n = 0; n < 20; n++) await pass();
  const before = { state: stateOf(proxy.pid), memory: await memoryOf(proxy) };
  for (let n = 1; n < SESSIONS / AT_A_TIME; n++) await wave();
  // The last sessions are idle for long enough, too.
  for (let n = 0; n < 20; n++) await pass();

  expect(pids()).toHaveLength(SESSIONS);
  const after = { state: stateOf(proxy.pid), memory: await memoryOf(proxy) };
  expect(after.state?.children).toBe(0);
  expect(after.state?.descriptors).toBeLessThanOrEqual((before.state?.descriptors ?? 0) + 3);
  // A session that was left behind would hold some 10 KiB.
  expect((after.memory?.held ?? 0) - (before.memory?.held ?? 0)).toBeLessThan(5);
  rmSync(folder, { recursive: true, force: true });
});
