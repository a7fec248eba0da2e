// The server forgets all its sessions, as after a restart: the clients do not notice, no call runs twice, and each
// client goes on getting what it subscribed to, and nothing else.
import { afterEach, expect, it } from 'vitest';
import { closeCounting, startCounting } from '../../peers/http/counting-server.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { closeProxies } from '../../peers/proxy.ts';
import { start, type Workload } from './actions.ts';
import { nobody, oneSession, ownSessions, startLoad } from './load.ts';

afterEach(closeServings);
afterEach(closeProxies);
afterEach(closeCounting);

const CLIENTS = 20;

it.each([
  { mode: 'per-client', refuses: nobody, hearers: ownSessions, sessions: CLIENTS },
  { mode: 'shared', refuses: () => true, hearers: oneSession(true), sessions: 1 },
])('$mode sessions', { timeout: 120_000 }, async ({ mode, sessions, ...more }) => {
  const { url, ledger, sessions: open } = await startCounting('streamable');
  const { url: origin } = await startServing(url, ['--upstream-session', mode, '--transport', 'http-only']);
  const interlude = async (workload: Workload): Promise<void> => {
    workload.expectations.announcedUnasked = true;
    for (const session of [...open.values()]) session.forget();
    // All clients at the same time: if they share a session, they find out together.
    await Promise.all(workload.actors.map((actor) => start(actor, workload, 'echo', {}).pending.answer));
  };
  const work = { clients: CLIENTS, calls: 8, seed: 31, cancelledEnds: true, interlude };
  const { faults, close } = await startLoad({ origin, kinds: ['streamable', 'sse'], ledger, ...work, ...more });
  expect(faults()).toEqual([]);
  expect(ledger.sessionsOpened).toBe(2 * sessions);
  await close();
});
