// Clients and servers that share no revision: what the proxy bridges, and where it refuses clearly and stays usable.

import { rmSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../peers/listen.ts';
import { closeProxies, PROGRAM, privateHome, proxyEnvironment, startProxy } from '../../peers/proxy.ts';
import { MODERN } from '../../peers/rpc.ts';
import { EVERYTHING_HTTP, EVERYTHING_SSE } from './everything-servers.ts';
import { V1_STATEFUL, V1_STATELESS, V2_MODERN } from './feature-servers.ts';
import { connect } from './subject.ts';

// With a subclass, the SDK sends its probe to this very process; the base class starts a second one that it throws
// away.
class InPlaceStdio extends StdioClientTransport {}

afterEach(closeProxies);

describe.each([V1_STATEFUL, V1_STATELESS, EVERYTHING_HTTP, EVERYTHING_SSE])(
  'a modern client with $name',
  ({ start }) => {
    let peer: Peer;
    beforeAll(async () => {
      peer = await start();
    });
    afterAll(() => peer.close());

    it('is served in its own era, and the same process still serves initialize', async () => {
      const { rpc, close } = startProxy(peer.url);
      const discovered = await rpc.modern('server/discover');
      expect(discovered).toMatchObject({ resultType: 'complete', supportedVersions: [MODERN] });
      expect(discovered.capabilities).not.toHaveProperty('tasks');
      const listed = await rpc.modern('tools/list');
      expect(listed).toMatchObject({ resultType: 'complete', ttlMs: 0, cacheScope: 'private' });
      expect(listed.tools.length).toBeGreaterThan(0);
      const { capabilities } = await rpc.initialize('2025-11-25');
      expect(capabilities.tools).toBeDefined();
      expect((await rpc.request('tools/list')).tools.length).toBeGreaterThan(0);
      expect(await close()).toEqual({ code: 0, signal: null });
    });

    it('that insists on its revision connects', async () => {
      const client = await connect('SDK v2 modern', 'proxy', peer.url);
      expect(client.opening).toMatchObject({ version: MODERN, era: 'modern' });
      await client.close();
    });

    it.each([
      ['on the same process', InPlaceStdio],
      ['on a second process', StdioClientTransport],
    ])('that may fall back does not need to, when it asks %s', async (_, Stdio) => {
      const home = privateHome();
      const client = new Client({ name: 'fallback', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
      const env = proxyEnvironment(home);
      const [command, ...script] = PROGRAM;
      await client.connect(new Stdio({ command, args: [...script, peer.url], env, stderr: 'pipe' }));
      expect(client.getProtocolEra()).toBe('modern');
      expect((await client.listTools()).tools.length).toBeGreaterThan(0);
      await client.close();
      rmSync(home, { recursive: true, force: true });
    });
  },
);

describe(`a legacy client with ${V2_MODERN.name}`, () => {
  let peer: Peer;
  beforeAll(async () => {
    peer = await V2_MODERN.start();
  });
  afterAll(() => peer.close());

  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
    'of revision %s gets that revision',
    async (version) => {
      const { rpc, close } = startProxy(peer.url);
      expect(await rpc.initialize(version)).toMatchObject({ protocolVersion: version });
      expect((await rpc.request('tools/list')).tools.length).toBeGreaterThan(0);
      expect(await close()).toEqual({ code: 0, signal: null });
    },
  );

  it('of a revision that the proxy does not know gets the newest one that it knows', async () => {
    const { rpc, close } = startProxy(peer.url);
    expect(await rpc.initialize('2031-01-01')).toMatchObject({ protocolVersion: '2025-11-25' });
    expect(await close()).toEqual({ code: 0, signal: null });
  });
});
