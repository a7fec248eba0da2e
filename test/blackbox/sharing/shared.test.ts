// 50 clients with the same ids and the same progress tokens that share one session at the server: a message that
// belongs to one client reaches that one only, and a message that belongs to none reaches those that asked for it.
import { afterEach, expect, it } from 'vitest';
import { closeCounting, type Form, startCounting } from '../../peers/http/counting-server.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { closeProxies } from '../../peers/proxy.ts';
import type { Actor, Kind } from './actor.ts';
import { oneSession, startLoad } from './load.ts';

afterEach(closeServings);
afterEach(closeProxies);
afterEach(closeCounting);

/** A shared session has no single client that could be asked; a request to a server of 2026-07-28 brings the answers itself. */
const refusing =
  (form: Form) =>
  ({ kind }: Actor): boolean =>
    kind !== 'modern' || form !== 'dual';

it.each<[Form, Kind[], number]>([
  ['streamable', ['streamable', 'sse'], 21],
  ['streamable', ['streamable', 'sse', 'modern'], 24],
  ['sse', ['streamable', 'sse'], 22],
  ['dual', ['streamable', 'sse', 'modern'], 23],
])('in front of a server of the form %s: %s', { timeout: 120_000 }, async (form, kinds, seed) => {
  const { url, ledger } = await startCounting(form);
  const transport = form === 'sse' ? 'sse-only' : 'http-only';
  const serving = await startServing(url, ['--upstream-session', 'shared', '--transport', transport]);
  // One stream for everything does not say what belongs to which call.
  const hearers = oneSession(form !== 'sse');
  const more = { clients: 50, calls: 20, seed, refuses: refusing(form), hearers, cancelledEnds: true };
  const { faults, close } = await startLoad({ origin: serving.url, kinds, ledger, ...more });
  expect(faults()).toEqual([]);

  expect(ledger.sessionsOpened).toBe(1);
  await close();
  await ledger.until('the calls to be over', ({ callsOpen, streamsOpen }) => callsOpen === 0 && streamsOpen <= 1);
  expect(faults()).toEqual([]);
  expect(await serving.stop()).toEqual({ code: 0, signal: null });
  await ledger.until('the session to be closed', ({ sessionsOpen, streamsOpen }) => sessionsOpen + streamsOpen === 0);
  expect(ledger.sessionsOpened).toBe(1);
  if (form !== 'sse') expect(ledger.deletes).toBe(1);
});
