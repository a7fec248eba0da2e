// The same 50 clients in front of servers of the other era, and of local servers: every message reaches the client it
// belongs to, and no other, also where the proxy holds sessions that several clients share.
import { afterEach, describe, expect, it } from 'vitest';
import { closeCounting, type Form, startCounting } from '../../peers/http/counting-server.ts';
import type { Ledger } from '../../peers/http/ledger.ts';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, type Serving, startServing } from '../../peers/http/serving.ts';
import { startLocalCounting } from '../../peers/local/counting-local.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies } from '../../peers/proxy.ts';
import type { Hearers } from './actions.ts';
import type { Actor, Kind } from './actor.ts';
import { nobody, oneSession, ownSessions, startLoad } from './load.ts';

const open = opened();
afterEach(closeServings);
afterEach(closeProxies);
afterEach(closeCounting);

type Server = Form | 'local';
type Mode = 'per-client' | 'shared';
const ALL: Kind[] = ['streamable', 'sse', 'modern'];

async function serve(form: Server, mode: Mode): Promise<{ ledger: Ledger; serving: Serving }> {
  const flags = ['--upstream-session', mode];
  if (form === 'local') {
    const { command, ledger } = await open(startLocalCounting());
    return { ledger, serving: await startServing(undefined, [...flags, '--max-children', '100', '--', ...command]) };
  }
  const { url, ledger } = await startCounting(form);
  return { ledger, serving: await startServing(url, flags) };
}

const isModern = ({ kind }: Actor): boolean => kind === 'modern';
const isLegacy = (actor: Actor): boolean => !isModern(actor);
const everybody = (): boolean => true;

/**
 * Who hears what a server of 2026-07-28 logs: everything belongs to a call, and there is nothing without a level. The
 * level of a session that is shared is the lowest one of its clients.
 */
const hearersOfModern = (mode: Mode): Hearers =>
  mode === 'shared' ? ownSessions() : (owner, level) => new Set(owner.wants(level) ? [owner] : []);

async function meet(form: Server, mode: Mode, kinds: Kind[], seed: number): Promise<void> {
  const { ledger, serving } = await serve(form, mode);
  // Over HTTP+SSE and on stdout, a server does not say to which call of a session something belongs.
  const tells = form !== 'sse' && form !== 'local';
  const isShared = mode === 'shared';
  const sessionHearers = isShared ? oneSession(tells) : ownSessions;
  const { faults, close } = await startLoad({
    origin: serving.url,
    ledger,
    kinds,
    clients: 50,
    calls: 20,
    seed,
    cancelledEnds: true,
    // A session of an older revision that all clients share cannot tell whom a question is for, of whichever revision.
    refuses: isShared ? (form === 'modern' ? isLegacy : everybody) : nobody,
    hearers: (actors) => (form === 'modern' ? hearersOfModern(mode) : sessionHearers(actors)),
    // In a shared session, the bridge refuses the call instead of the question.
    asks: (actor) => (form === 'modern' && isShared ? isModern(actor) : tells || isLegacy(actor)),
    logs: (actor) => tells || isLegacy(actor),
  });
  expect(faults()).toEqual([]);
  // Of a local server, a process that a client of 2026-07-28 meets first only shows its era.
  if (isShared && form !== 'modern') expect(ledger.sessionsOpened).toBeLessThanOrEqual(form === 'local' ? 2 : 1);
  await close();
  await ledger.until('the calls to be over', ({ callsOpen }) => callsOpen === 0);
  expect(faults()).toEqual([]);
  expect(await serving.stop()).toEqual({ code: 0, signal: null });
  await ledger.until('everything to be closed', ({ sessionsOpen, streamsOpen }) => sessionsOpen + streamsOpen === 0);
}

describe('in front of a server of the other era', () => {
  it.each<[Form, Mode, Kind[], number]>([
    ['streamable', 'per-client', ['modern'], 31],
    ['streamable', 'per-client', ALL, 32],
    ['streamable', 'shared', ALL, 33],
    ['sse', 'per-client', ALL, 34],
    ['sse', 'shared', ALL, 35],
    ['modern', 'per-client', ALL, 36],
    ['modern', 'shared', ALL, 37],
  ])('of the form %s, sessions %s: %s', { timeout: 120_000 }, meet);
});

describe('in front of a local server', () => {
  it.each<[Mode, Kind[], number]>([
    ['per-client', ALL, 41],
    ['shared', ALL, 42],
  ])('sessions %s: %s', { timeout: 120_000 }, (mode, kinds, seed) => meet('local', mode, kinds, seed));
});

describe('a log message that does not say to which call it belongs', () => {
  it.each<Server>(['sse', 'local'])(
    'reaches no client of 2026-07-28 with another call, from a server of the form %s',
    async (form) => {
      const { ledger, serving } = await serve(form, 'per-client');
      const [one, two] = [new ModernClient(`${serving.url}/mcp`), new ModernClient(`${serving.url}/mcp`)];
      const call = (name: string, nonce: string) => ({
        name,
        arguments: { nonce, level: 'error' },
        _meta: { progressToken: nonce, 'io.modelcontextprotocol/logLevel': 'debug' },
      });
      // It is there before and after the one that logs.
      const waiting = one.begin('tools/call', call('wait', 'waits'));
      await one.arrivals.next('notifications/progress');
      expect((await two.request('tools/call', call('log', 'logged'))).content[0].text).toBe('logged');
      const later = one.begin('tools/call', call('wait', 'waits longer'));
      await one.arrivals.next('notifications/progress');
      expect((await two.request('tools/call', call('log', 'logged again'))).content[0].text).toBe('logged again');
      expect(one.arrivals.of('notifications/message')).toEqual([]);
      for (const pending of [waiting, later]) pending.abandon();
      await ledger.until('both calls to be cancelled', ({ cancels }) => cancels.size === 2);
      // Nobody else can be meant.
      await two.request('tools/call', call('log', 'alone'));
      expect(two.arrivals.of('notifications/message').map(({ message }) => message.params.data)).toEqual(['alone']);
      for (const client of [one, two]) client.vanish();
    },
  );
});
