// The server forgets all its sessions, as it does when it is restarted: the clients do not notice, no call runs twice,
// and whoever had subscribed or asked for a level goes on hearing what is for it, and nothing else.
import { afterEach, expect, it } from 'vitest';
import { closeCounting, startCounting } from '../../peers/http/counting-server.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { closeProxies } from '../../peers/proxy.ts';
import { bringTogether, nobody, oneSession, ownSessions } from './company.ts';
import { type Stage, start } from './work.ts';

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
  const interlude = async (stage: Stage): Promise<void> => {
    stage.book.announcedUnasked = true;
    for (const session of [...open.values()]) session.forget();
    // All at the same time: where they have one session, they find out together.
    await Promise.all(stage.actors.map((actor) => start(actor, stage, 'echo', {}).pending.answer));
  };
  const work = { clients: CLIENTS, calls: 8, seed: 31, cancelledEnds: true, interlude };
  const { verdict, close } = await bringTogether({ origin, kinds: ['streamable', 'sse'], ledger, ...work, ...more });
  expect(verdict()).toEqual([]);
  expect(ledger.sessionsOpened).toBe(2 * sessions);
  await close();
});
