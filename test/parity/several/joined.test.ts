// A client on stdio, of twelve servers that are joined, sees of one of them what it sees of that server alone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigFile } from '../../peers/several/config-file.ts';
import { V1_STATEFUL, V1_STDIO, V2_DUAL, V2_MODERN, V2_STDIO } from '../stdio/feature-servers.ts';
import { type ClientKind, connect, type Subject } from '../stdio/subject.ts';
import type { ServerPeer } from '../stdio/suite.ts';
import { compare, settle } from './observed.ts';
import { type OtherServers, startOtherServers } from './other-servers.ts';

const PAIRS = [
  ...(['SDK v1', 'SDK v2 legacy'] as const).flatMap((client) =>
    [V1_STATEFUL, V1_STDIO].map((contender) => ({ client, contender })),
  ),
  ...[V2_DUAL, V2_MODERN, V2_STDIO].map((contender) => ({ client: 'SDK v2 modern' as ClientKind, contender })),
];

let others: OtherServers;
beforeAll(async () => {
  others = await startOtherServers();
});
afterAll(() => others?.close());

describe.each(PAIRS)('$client with $contender.name among others', ({ client, contender }) => {
  let peer: ServerPeer;
  let file: ConfigFile;
  let direct: Subject;
  let joined: Subject;

  beforeAll(async () => {
    peer = await contender.start();
    file = others.fileWith(peer, client === 'SDK v2 modern');
    direct = await connect(client, contender.direct, peer.command ?? peer.url);
    joined = await connect(client, 'proxy', '', ['--config', file.path], others.env);
    await settle(contender, direct, joined);
  });
  afterAll(async () => {
    await direct?.close();
    await joined?.close();
    await peer?.close();
    await file?.close();
  });

  compare(() => ({ direct, joined }));
});

it('nothing reached another server with the same features', () => {
  expect(others.misdelivered()).toEqual([]);
});
