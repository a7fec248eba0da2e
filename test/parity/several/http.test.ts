// A client over HTTP, of twelve servers that are joined, sees of one of them what it sees of that server alone, while
// fifty other clients use the other servers through the same proxy.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigFile } from '../../peers/several/config-file.ts';
import { type Deployment, REPLICAS, startDeployment } from '../replicas/deployment.ts';
import { V1_STATEFUL, V1_STDIO, V2_MODERN, V2_STDIO } from '../stdio/feature-servers.ts';
import { type ClientKind, connect, type Subject } from '../stdio/subject.ts';
import type { Contender, ServerPeer } from '../stdio/suite.ts';
import { compare, settle } from './observed.ts';
import { type OtherClients, startOtherClients } from './other-clients.ts';
import { type OtherServers, startOtherServers } from './other-servers.ts';

/**
 * Over HTTP, headers must mirror the arguments of this tool, and the client learns that from a first error; a client on
 * stdio has no headers.
 */
const NO_HEADERS = ['arguments mirrored into headers, with a value that needs encoding'];

interface Connection {
  readonly client: ClientKind;
  readonly endpoint: '/mcp' | '/sse';
}

const MODERN: Connection[] = [{ client: 'SDK v2 modern', endpoint: '/mcp' }];
/** Each client on each endpoint, and each with a remote and with a local server. */
const SERVERS: { contender: Contender; connections: Connection[]; without?: readonly string[] }[] = [
  {
    contender: V1_STATEFUL,
    connections: [
      { client: 'SDK v1', endpoint: '/mcp' },
      { client: 'SDK v2 legacy', endpoint: '/sse' },
    ],
  },
  {
    contender: V1_STDIO,
    connections: [
      { client: 'SDK v1', endpoint: '/sse' },
      { client: 'SDK v2 legacy', endpoint: '/mcp' },
    ],
  },
  { contender: V2_MODERN, connections: MODERN },
  { contender: V2_STDIO, connections: MODERN, without: NO_HEADERS },
];

let others: OtherServers;
beforeAll(async () => {
  others = await startOtherServers();
});
afterAll(() => others?.close());

describe.each(SERVERS)('$contender.name among others', ({ contender, connections, without }) => {
  let peer: ServerPeer;
  let file: ConfigFile;
  let deployment: Deployment;
  let clients: OtherClients;
  let rounds: number[] | undefined;

  beforeAll(async () => {
    peer = await contender.start();
    file = others.fileWith(peer, connections === MODERN);
    deployment = await startDeployment(undefined, ['--config', file.path], { env: others.env });
    clients = await startOtherClients(deployment.url);
  });
  afterAll(async () => {
    if (!rounds) await clients?.stop().catch(() => {});
    await deployment?.stop();
    await peer?.close();
    await file?.close();
  });

  describe.each(connections)('$client on $endpoint', ({ client, endpoint }) => {
    let direct: Subject;
    let joined: Subject;
    beforeAll(async () => {
      direct = await connect(client, contender.direct, peer.command ?? peer.url);
      joined = await connect(client, endpoint === '/sse' ? 'sse' : 'http', `${deployment.url}${endpoint}`);
      await settle(contender, direct, joined);
    });
    afterAll(async () => {
      await direct?.close();
      await joined?.close();
    });

    const isUnordered = REPLICAS > 1 && contender === V1_STDIO && endpoint === '/mcp';
    compare(() => ({ direct, joined, meanwhile: clients.failed }), without, isUnordered);
  });

  it('the other clients got their own answers, and nothing else', async () => {
    rounds = await clients.stop();
    expect(Math.min(...rounds)).toBeGreaterThan(0);
    expect(others.misdelivered()).toEqual([]);
  });
});
