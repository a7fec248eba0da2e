// A client of an older revision, through the proxy in front of a server of 2026-07-28, sees what it sees when it is
// connected directly to a server of its own revision that has the same features.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { observe } from './behaviour.ts';
import { BRIDGED_BEHAVIOURS } from './bridged-behaviours.ts';
import { V1_STATEFUL, V2_DUAL, V2_MODERN, V2_STDIO } from './feature-servers.ts';
import { connect, type Subject } from './subject.ts';
import type { ServerPeer } from './suite.ts';

const STREAMS = { streams: true };

const PAIRS = (['SDK v1', 'SDK v2 legacy'] as const).flatMap((client) =>
  [V2_MODERN, V2_DUAL, V2_STDIO].map((server) => ({ client, server })),
);

describe.each(PAIRS)('$client with $server.name', ({ client, server }) => {
  let peers: ServerPeer[];
  let direct: Subject;
  let bridged: Subject;

  beforeAll(async () => {
    peers = await Promise.all([V1_STATEFUL.start(), server.start()]);
    const [legacy, modern] = peers as [ServerPeer, ServerPeer];
    direct = await connect(client, 'http', legacy.url);
    bridged = await connect(client, 'proxy', modern.command ?? modern.url);
    await V1_STATEFUL.settle(direct, STREAMS);
  });
  afterAll(async () => {
    await direct?.close();
    await bridged?.close();
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
