// What a large result needed is given back when the program has nothing to do. Under Node 20, V8 does that by itself.
import { afterEach, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { LEGACY } from '../../peers/hostile-eras.ts';
import { residentMemory } from '../../peers/hostile-memory.ts';
import { until } from '../../peers/local/scripted.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';

afterEach(closeProxies);
afterEach(closeHostiles);

const SIZE = 32 * 1_048_576;

// Only Linux tells how much memory another process has.
it.runIf(process.platform === 'linux')('a program at rest gives back what a large result needed', async () => {
  const server = await startHostile();
  const proxy = startProxy(server.url);
  await LEGACY.open(proxy);
  await LEGACY.ask(proxy, 'tools/call', { name: 'x' });
  const before = residentMemory(proxy.pid) ?? 0;
  server.once('tools/call', a.reply({ content: [{ type: 'text', text: 'a'.repeat(SIZE) }] }));
  const { line } = await LEGACY.ask(proxy, 'tools/call', { name: 'x' });
  expect(line.length).toBeGreaterThan(SIZE);
  const held = (): number => (residentMemory(proxy.pid) ?? 0) - before;
  expect(held()).toBeGreaterThan(1.5 * SIZE);
  // Not all: the pools of `malloc` keep some.
  await until(() => held() < 1.5 * SIZE, 'the program to give memory back');
});
