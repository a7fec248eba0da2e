// Params and results are text to the proxy: what real servers, and a client without an SDK, send arrives byte for byte.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Peer } from '../../peers/listen.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { type Recorder, startRecorder } from '../../peers/recorder.ts';
import { V1_STATEFUL, V1_STATELESS, V2_DUAL, V2_MODERN } from './feature-servers.ts';
import type { Contender } from './suite.ts';

const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},' +
  '"io.modelcontextprotocol/clientInfo":{"name":"line-client","version":"1"}}';

// Integers beyond 2^53, keys out of order and twice, escapes a serializer would change, a separator that is no line
// end here, and odd spaces.
const ARGUMENTS =
  '{ "z":12345678901234567890,"a" : [ 9007199254740993 , -0, 1.0, 1E+2 ],"é\\u00e9":"\\/\\u0041\\ud83e\\uddea🧪\u2028","a":1 ,"n":null}';

const CASES: [string, Contender, boolean][] = [
  ['SDK v1 stateful', V1_STATEFUL, false],
  ['SDK v1 stateless', V1_STATELESS, false],
  ['SDK v2 dual-era, modern', V2_DUAL, true],
  ['SDK v2 modern-only', V2_MODERN, true],
];

describe.each(CASES)('%s', (_, { start }, modern) => {
  let peer: Peer;
  let recorder: Recorder;
  let proxy: ProxyProcess;
  beforeAll(async () => {
    peer = await start();
    recorder = await startRecorder(peer.url);
    proxy = startProxy(recorder.url);
    if (modern) await proxy.rpc.modern('server/discover');
    else await proxy.rpc.initialize('2025-11-25');
  });
  afterAll(async () => {
    await closeProxies();
    await recorder.close();
    await peer.close();
  });
  afterEach(() => expect(proxy.rpc.garbage).toEqual([]));

  const params = (name: string, args: string): string =>
    `{"name":"${name}", "arguments":${args}${modern ? `,${META}` : ''}}`;

  it('params', async () => {
    const sent = params('echo', ARGUMENTS);
    proxy.rpc.raw(`{"params":${sent},"method":"tools/call","id":"a \\"string\\" id","jsonrpc":"2.0"}`);
    const { line } = await proxy.rpc.response('a "string" id');
    expect(line).toContain('"result"');
    expect(recorder.requests.find(({ body }) => body.includes('"echo"'))?.body).toContain(sent);
  });

  it('results', async () => {
    const id = proxy.rpc.freshId();
    proxy.rpc.raw(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params('big-integer', '{}')}}`);
    const { line } = await proxy.rpc.response(id);
    expect(line).toContain('"n":12345678901234567890');
    expect(line).toContain('[9007199254740993]');
    const answered = recorder.requests.find(({ body }) => body.includes('"big-integer"'))?.responseBody ?? '';
    // The result is the last or the only member beside "jsonrpc" and "id", whichever way the SDK writes it.
    const result = /"result":(\{.*\})(?=,"jsonrpc"|,"id"|\})/.exec(answered)?.[1] ?? 'no result';
    expect(line).toContain(result.replace(/\}$/, ''));
  });

  it.each(['0', '-1', '"0"', '""', '9007199254740993', '1.50', '"\\u00e9🧪"'])('the id %s', async (id) => {
    proxy.rpc.raw(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params('echo', '{}')}}`);
    const { line } = await proxy.rpc.next(
      (message, text) => message.method === undefined && text.includes(`"id":${id}`),
    );
    expect(line).toContain('"result"');
  });
});
