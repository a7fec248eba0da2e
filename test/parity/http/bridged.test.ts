// Clients of older revisions on both endpoints of HTTP mode, in front of a server of 2026-07-28, see what they see when
// they are connected directly to a server of their own revision that has the same features.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../peers/listen.ts';
import { type Deployment, startDeployment } from '../replicas/deployment.ts';
import { observe } from '../stdio/behaviour.ts';
import { BRIDGED_BEHAVIOURS } from '../stdio/bridged-behaviours.ts';
import { V1_STATEFUL, V2_MODERN } from '../stdio/feature-servers.ts';
import { connect, type Subject } from '../stdio/subject.ts';

const STREAMS = { streams: true };

const PAIRS = (['SDK v1', 'SDK v2 legacy'] as const).flatMap((client) =>
  (
    [
      ['/mcp', 'http'],
      ['/sse', 'sse'],
    ] as const
  ).map(([endpoint, via]) => ({ client, endpoint, via })),
);

describe.each(PAIRS)('$client on $endpoint', ({ client, endpoint, via }) => {
  let peers: Peer[];
  let deployment: Deployment;
  let direct: Subject;
  let bridged: Subject;

  beforeAll(async () => {
    peers = await Promise.all([V1_STATEFUL.start(), V2_MODERN.start()]);
    const [legacy, modern] = peers as [Peer, Peer];
    deployment = await startDeployment(modern.url);
    direct = await connect(client, 'http', legacy.url);
    bridged = await connect(client, via, `${deployment.url}${endpoint}`);
    await V1_STATEFUL.settle(direct, STREAMS);
  });
  afterAll(async () => {
    await direct?.close();
    await bridged?.close();
    await deployment?.stop();
    for (const peer of peers) await peer.close();
  });

  it('the opening', () => {
    expect(bridged.opening).toEqual(direct.opening);
  });

  for (const behaviour of BRIDGED_BEHAVIOURS) {
    it(behaviour.name, async () => {
      const expected = await observe(behaviour, direct, STREAMS);
      const actual = await observe(behaviour, bridged, STREAMS);
      expect(actual).toEqual(expected);
    });
  }
});
