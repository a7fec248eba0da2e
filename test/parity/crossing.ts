// Runs the behaviours for a client in front of a server of the other era, through the proxy, and compares them with what
// the client gets from a server of its own era with the same features.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../peers/listen.ts';
import { type Behaviour, observe, type Server } from './stdio/behaviour.ts';
import { BEHAVIOURS } from './stdio/behaviours.ts';
import type { Subject } from './stdio/subject.ts';

export interface Crossing {
  readonly name: string;
  /** A server of the client's own era. */
  startOwn(): Promise<Peer>;
  connectOwn(url: string): Promise<Subject>;
  /** The server of the other era. */
  startOther(): Promise<Peer>;
  /** Connects to it through the proxy. */
  connectOther(url: string): Promise<Subject>;
  readonly server: Server;
  /** Behaviours that the servers do not have in common, by name. */
  readonly without: readonly string[];
  /** Behaviours with the same outcomes, but over other messages. */
  readonly otherMessages?: readonly string[];
}

export function crossing(pair: Crossing): void {
  describe(pair.name, () => {
    let peers: Peer[] = [];
    let own: Subject;
    let other: Subject;
    beforeAll(async () => {
      peers = await Promise.all([pair.startOwn(), pair.startOther()]);
      const [ownPeer, otherPeer] = peers as [Peer, Peer];
      own = await pair.connectOwn(ownPeer.url);
      other = await pair.connectOther(otherPeer.url);
    });
    afterAll(async () => {
      await own?.close();
      await other?.close();
      await Promise.all(peers.map((peer) => peer.close()));
    });

    it('every exception occurs', () => {
      const names = BEHAVIOURS.map(({ name }) => name);
      expect([...pair.without, ...(pair.otherMessages ?? [])].filter((name) => !names.includes(name))).toEqual([]);
    });

    for (const behaviour of BEHAVIOURS.filter(({ name }) => !pair.without.includes(name))) {
      it(behaviour.name, async () => {
        const actual = await observed(behaviour, other, pair.server);
        const expected = await observed(behaviour, own, pair.server);
        if (pair.otherMessages?.includes(behaviour.name)) expect(actual.outcomes).toEqual(expected.outcomes);
        else expect(actual).toEqual(expected);
      });
    }
  });
}

async function observed(behaviour: Behaviour, subject: Subject, server: Server): Promise<{ outcomes: unknown }> {
  return withoutNames(await observe(behaviour, subject, server)) as { outcomes: unknown };
}

/** Without what each server calls as it likes: the keys of its questions, and its notes to itself. */
function withoutNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNames);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([key, inner]) => {
        if (key === 'requestState') return [key, 'a state'];
        // Sorted by their text, of which the names were a part.
        if (key === 'apart') return [key, (inner as unknown[]).map((one) => JSON.stringify(withoutNames(one))).sort()];
        if (key === 'inputRequests') return [key, Object.values(inner as object).map(withoutNames)];
        return [key, withoutNames(inner)];
      }),
  );
}
