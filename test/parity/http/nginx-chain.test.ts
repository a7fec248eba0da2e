// The whole set-up of a team: a host with the program on stdio, TLS to nginx, the program in HTTP mode behind it, and
// the server. Every behaviour is that of a direct connection.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../peers/listen.ts';
import { observe } from '../stdio/behaviour.ts';
import { V1_STATEFUL, V2_DUAL } from '../stdio/feature-servers.ts';
import { normalise } from '../stdio/normalise.ts';
import { type ClientKind, connect, type Subject } from '../stdio/subject.ts';
import type { Contender } from '../stdio/suite.ts';
import { type Front, startFront, TOKEN } from './front.ts';

const CASES: [ClientKind, string, Contender][] = [
  ['SDK v1', V1_STATEFUL.name, V1_STATEFUL],
  ['SDK v2 modern', V2_DUAL.name, V2_DUAL],
];

describe.each(CASES)('%s with %s', (kind, _, contender) => {
  const server = contender.clients[kind] ?? { streams: false };
  let peer: Peer;
  let front: Front;
  let direct: Subject;
  let chained: Subject;
  beforeAll(async () => {
    peer = await contender.start();
    front = await startFront(peer.url);
    direct = await connect(kind, contender.direct, peer.url);
    const flags = ['--ca', front.caFile, '--header', `Authorization: Bearer ${TOKEN}`];
    chained = await connect(kind, 'proxy', `${front.url}/mcp`, flags);
    await contender.settle(direct, server);
    await contender.settle(chained, server);
  });
  afterAll(async () => {
    await direct?.close();
    await chained?.close();
    await front?.stop();
    await peer?.close();
  });

  it('the opening', () => {
    expect(normalise(chained.opening)).toEqual(normalise(direct.opening));
  });

  for (const behaviour of contender.behaviours) {
    it(behaviour.name, async () => {
      const expected = await observe(behaviour, direct, server);
      const actual = await observe(behaviour, chained, server);
      expect(actual).toEqual(expected);
    });
  }
});
