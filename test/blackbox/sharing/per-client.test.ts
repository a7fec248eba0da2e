// 50 clients with the same ids and the same progress tokens, each with a session of its own at the server: every
// message reaches the client it belongs to, and no other.
import { afterEach, expect, it } from 'vitest';
import { closeCounting, type Form, startCounting } from '../../peers/http/counting-server.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { closeProxies } from '../../peers/proxy.ts';
import type { Kind } from './actor.ts';
import { nobody, ownSessions, startLoad } from './load.ts';

afterEach(closeServings);
afterEach(closeProxies);
afterEach(closeCounting);

it.each<[Form, Kind[], number]>([
  ['streamable', ['streamable', 'sse'], 11],
  ['sse', ['streamable', 'sse'], 12],
  ['modern', ['modern'], 13],
  ['dual', ['streamable', 'sse', 'modern'], 14],
])('in front of a server of the form %s: %s', { timeout: 120_000 }, async (form, kinds, seed) => {
  const { url, ledger } = await startCounting(form);
  const serving = await startServing(url, ['--transport', form === 'sse' ? 'sse-only' : 'http-only']);
  const more = { clients: 50, calls: 20, seed, refuses: nobody, hearers: ownSessions, cancelledEnds: true };
  const { actors, faults, close } = await startLoad({ origin: serving.url, kinds, ledger, ...more });
  expect(faults()).toEqual([]);

  const withSession = actors.filter(({ kind }) => kind !== 'modern').length;
  expect(ledger.sessionsOpened).toBe(withSession);
  expect(ledger.sessionsOpen).toBe(withSession);
  await close();
  await ledger.until('everything to be closed', ({ sessionsOpen, streamsOpen, callsOpen }) => {
    return sessionsOpen === 0 && streamsOpen === 0 && callsOpen === 0;
  });
  if (form !== 'sse') expect(ledger.deletes).toBe(withSession);
  expect(faults()).toEqual([]);
  expect(await serving.stop()).toEqual({ code: 0, signal: null });
});
