// The short form of `npm run soak`.
import { afterEach, expect, it } from 'vitest';
import { closeCounting } from '../peers/http/counting-server.ts';
import { closeServings } from '../peers/http/serving.ts';
import { closeProxies } from '../peers/proxy.ts';
import { soak } from './soak.ts';

afterEach(closeServings);
afterEach(closeProxies);
afterEach(closeCounting);

it('50 clients that come, work and vanish', { timeout: 300_000 }, async () => {
  const lines: string[] = [];
  const { lives, calls, wrong } = await soak({
    minutes: 1.5,
    clients: 50,
    seed: 1,
    report: (line) => void lines.push(line),
  });
  expect(wrong, lines.join('\n')).toEqual([]);
  // Otherwise no client has worked.
  expect(lives).toBeGreaterThan(100);
  expect(calls).toBeGreaterThan(500);
});
