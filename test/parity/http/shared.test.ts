// One session at the server for all clients: everything that does not concern a single client behaves as in a direct
// connection. The server gets no client's capabilities, so it never asks a client anything.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../peers/listen.ts';
import { type StatefulPeer, startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { type Deployment, startDeployment } from '../replicas/deployment.ts';
import type { Behaviour } from '../stdio/behaviour.ts';
import { EVERYTHING_SSE } from '../stdio/everything-servers.ts';
import { V1_STATEFUL, V1_STATELESS, V2_DUAL } from '../stdio/feature-servers.ts';
import { CLIENTS, connect, type Subject } from '../stdio/subject.ts';
import { httpMatrix } from './suite.ts';

const SHARED = ['--upstream-session', 'shared'];

// A level that does not exist is refused by the proxy, in its own words: a lenient server could take it for all clients.
const NOT_SHARED = /sampling|elicitation|questions|roots|a log level that does not exist/;
const needsNoClient = ({ name }: Behaviour): boolean => !NOT_SHARED.test(name);

httpMatrix(V1_STATEFUL, { flags: SHARED, behaviours: needsNoClient });
for (const contender of [V1_STATELESS, V2_DUAL]) {
  httpMatrix(contender, {
    flags: SHARED,
    // These servers forget the level that a client sets; the proxy keeps it.
    behaviours: (behaviour) => needsNoClient(behaviour) && behaviour.name !== 'log messages by level',
  });
}

describe('what a server would ask a client for', () => {
  let peer: StatefulPeer;
  let deployment: Deployment;
  const clients: Subject[] = [];
  beforeAll(async () => {
    peer = await startSdkV1Stateful();
    deployment = await startDeployment(peer.url, SHARED);
    clients.push(await connect('SDK v1', 'http', `${deployment.url}/mcp`));
    clients.push(await connect('SDK v2 legacy', 'sse', `${deployment.url}/sse`));
  });
  afterAll(async () => {
    for (const client of clients) await client.close();
    await deployment.stop();
    expect(peer.sessions.size).toBe(0);
    await peer.close();
  });

  it.each([
    ['samples', { prompt: 'x' }, 'sampling'],
    ['elicits', { question: 'accept: x' }, 'elicitation'],
    ['roots', {}, 'roots'],
  ])('%s: the server knows that no client can answer', async (tool, args, capability) => {
    for (const client of clients) {
      const asked = client.wire.events.filter(({ kind }) => kind === 'request').length;
      await expect(client.tool(tool, args)).rejects.toMatchObject({
        code: -32600,
        message: expect.stringContaining(`This client did not declare ${capability}`),
      });
      expect(client.wire.events.filter(({ kind }) => kind === 'request')).toHaveLength(asked);
    }
  });

  it('costs the server one session for each process, however many clients there are', () => {
    expect(peer.sessions.size).toBeGreaterThan(0);
    expect(peer.sessions.size).toBeLessThanOrEqual(deployment.proxies.length);
  });
});

describe('clients of both eras at once', () => {
  it('share the process, not the session', async () => {
    const peer = await V2_DUAL.start();
    const deployment = await startDeployment(peer.url, SHARED);
    try {
      const clients = await Promise.all(CLIENTS.map((kind) => connect(kind, 'http', `${deployment.url}/mcp`)));
      const answers = await Promise.all(clients.map((client, at) => client.tool('echo', { at })));
      expect(answers.map((answer) => (answer as { content: unknown }).content)).toEqual(
        [0, 1, 2].map((at) => [{ type: 'text', text: `{"at":${at}}` }]),
      );
      for (const client of clients) await client.close();
    } finally {
      await deployment.stop();
      await peer.close();
    }
  });
});

describe(EVERYTHING_SSE.name, () => {
  let peer: Peer;
  let deployment: Deployment;
  let direct: Subject;
  let proxied: Subject;
  beforeAll(async () => {
    peer = await EVERYTHING_SSE.start();
    deployment = await startDeployment(peer.url, SHARED);
    direct = await connect('SDK v1', 'sse', peer.url);
    proxied = await connect('SDK v1', 'http', `${deployment.url}/mcp`);
  });
  afterAll(async () => {
    await direct?.close();
    await proxied?.close();
    await deployment?.stop();
    await peer?.close();
  });

  it('opens as it does directly, without the tasks that belong to one client', () => {
    const { capabilities, ...opening } = direct.opening as { capabilities: Record<string, unknown> };
    const { tasks, ...rest } = capabilities;
    expect(tasks).toBeDefined();
    expect(proxied.opening).toEqual({ ...opening, capabilities: rest });
  });

  it.each([
    ['resources/list', {}],
    ['resources/templates/list', {}],
    ['prompts/list', {}],
    ['prompts/get', { name: 'args-prompt', arguments: { city: 'Zürich' } }],
    ['tools/call', { name: 'get-sum', arguments: { a: 1e15, b: -0.25 } }],
    ['tools/call', { name: 'get-structured-content', arguments: { location: 'Chicago' } }],
  ])('%s %j', async (method, params) => {
    expect(await proxied.request(method, params)).toEqual(await direct.request(method, params));
  });

  it('has the tools that ask the client nothing', async () => {
    const names = async (subject: Subject) =>
      ((await subject.request('tools/list')) as { tools: { name: string }[] }).tools.map(({ name }) => name);
    const asking = /^(get-roots-list|trigger-(elicitation|url-elicitation|sampling)-request|trigger-url-elicitation)$/;
    expect(await names(proxied)).toEqual((await names(direct)).filter((name) => !asking.test(name)));
  });
});
