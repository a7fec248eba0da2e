// A client that negotiates its revision gets the newest one that the proxy can serve. In front of a server of older
// revisions, that is 2026-07-28 over Streamable HTTP too, because the proxy bridges it.
import {
  Client,
  type ClientOptions,
  StreamableHTTPClientTransport as Http,
  SSEClientTransport as Sse,
} from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../peers/listen.ts';
import { type Deployment, startDeployment } from '../replicas/deployment.ts';
import { EVERYTHING_HTTP, EVERYTHING_SSE } from '../stdio/everything-servers.ts';
import { V1_STATEFUL, V1_STATELESS, V2_DUAL, V2_MODERN } from '../stdio/feature-servers.ts';
import type { Contender } from '../stdio/suite.ts';

type Negotiation = NonNullable<ClientOptions['versionNegotiation']>;
const AUTO: Negotiation = { mode: 'auto' };
const PINNED: Negotiation = { mode: { pin: '2026-07-28' } };

const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

async function connected(transport: Http | Sse, versionNegotiation: Negotiation): Promise<Client> {
  const client = new Client({ name: 'negotiating', version: '1.0.0' }, { versionNegotiation });
  clients.push(client);
  await client.connect(transport, { timeout: 60_000 });
  return client;
}

/** Starts a server and the program in front of it for all tests of a describe. */
function before({ start }: Contender, flags: string[] = []): () => string {
  let peer: Peer;
  let deployment: Deployment;
  beforeAll(async () => {
    peer = await start();
    deployment = await startDeployment(peer.url, flags);
  });
  afterAll(async () => {
    await deployment?.stop();
    await peer?.close();
  });
  return () => deployment.url;
}

const MODES = [
  ['per-client', []],
  ['shared', ['--upstream-session', 'shared']],
] as const;

for (const [mode, flags] of MODES) {
  describe.each([V2_DUAL, V2_MODERN])(`$name, ${mode}`, (contender) => {
    const url = before(contender, [...flags]);

    it.each([
      ['finds 2026-07-28', AUTO],
      ['gets the 2026-07-28 it insists on', PINNED],
    ])('a client %s', async (_, negotiation) => {
      const client = await connected(new Http(new URL(`${url()}/mcp`)), negotiation);
      expect(client.getProtocolEra()).toBe('modern');
      expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
      const { content } = await client.callTool({ name: 'echo', arguments: { a: 1 } });
      expect(content).toEqual([{ type: 'text', text: '{"a":1}' }]);
    });
  });

  describe.each([V1_STATEFUL, V1_STATELESS, EVERYTHING_HTTP, EVERYTHING_SSE])(`$name, ${mode}`, (contender) => {
    const url = before(contender, [...flags]);

    it.each([
      ['may fall back', AUTO],
      ['insists on 2026-07-28', PINNED],
    ])('a client that %s is served in it', async (_, negotiation) => {
      const client = await connected(new Http(new URL(`${url()}/mcp`)), negotiation);
      expect(client.getProtocolEra()).toBe('modern');
      expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toContain('echo');
      const { content } = await client.callTool({ name: 'echo', arguments: { message: 'x' } });
      expect(JSON.stringify(content)).toContain('x');
    });
  });
}

describe.each([V2_DUAL, V1_STATEFUL, EVERYTHING_SSE])('$name', (contender) => {
  const url = before(contender);

  it('a client that finds out over HTTP+SSE is served too', async () => {
    const client = await connected(new Sse(new URL(`${url()}/sse`)), AUTO);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('echo');
    const { content } = await client.callTool({ name: 'echo', arguments: { message: 'x' } });
    expect(JSON.stringify(content)).toContain('x');
  });
});
