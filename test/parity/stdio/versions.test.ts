// Every revision with a handshake, against servers of both SDKs: the server's answer to the version is its own, and
// every later request carries it in a header.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../peers/listen.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import { type Recorder, rpcMethod, startRecorder } from '../../peers/recorder.ts';
import { V1_STATEFUL, V1_STATELESS } from './feature-servers.ts';

const VERSIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2031-01-01'];

/** What the server answers to a version when nothing stands in between. */
async function answeredDirectly(url: string, protocolVersion: string): Promise<unknown> {
  const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'line-client', version: '1.0.0' } };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  });
  const text = await response.text();
  const json = text
    .split('\n')
    .map((line) => line.replace(/^data: ?/, ''))
    .find((line) => line.startsWith('{'));
  return JSON.parse(json ?? 'null').result.protocolVersion;
}

afterEach(closeProxies);

describe.each([V1_STATEFUL, V1_STATELESS])('$name', ({ start }) => {
  let peer: Peer;
  let recorder: Recorder;
  beforeAll(async () => {
    peer = await start();
  });
  afterEach(() => recorder.close());
  afterAll(() => peer.close());

  it.each(VERSIONS)('a client of %s', async (version) => {
    const expected = await answeredDirectly(peer.url, version);
    recorder = await startRecorder(peer.url);
    const proxy = startProxy(recorder.url);
    const { protocolVersion } = await proxy.rpc.initialize(version);
    expect(protocolVersion).toBe(expected);
    const { tools } = await proxy.rpc.request('tools/list');
    expect(tools).toHaveLength(3);
    await proxy.rpc.request('ping');

    const sent = JSON.parse(recorder.withMethod('initialize')[0]?.body ?? 'null');
    expect(sent.params.protocolVersion).toBe(version);
    const later = recorder.requests.filter(
      ({ body }) => !['initialize', 'server/discover'].includes(rpcMethod(body) ?? ''),
    );
    expect(later.map(({ body }) => rpcMethod(body))).toEqual(
      expect.arrayContaining(['notifications/initialized', 'tools/list', 'ping']),
    );
    for (const { headers } of later) expect(headers['mcp-protocol-version']).toBe(expected);
    await proxy.close();
  });
});
