// Params, results and ids are text to the proxy on its HTTP side too: what a client that is no SDK sends arrives at real
// servers to the byte, and so does what they answer.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Arrival } from '../../peers/http/arrivals.ts';
import { ModernClient, mirrored } from '../../peers/http/modern-client.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import type { Peer } from '../../peers/listen.ts';
import { type Recorder, startRecorder } from '../../peers/recorder.ts';
import { type Deployment, startDeployment } from '../replicas/deployment.ts';
import { V1_STATEFUL, V1_STATELESS, V2_DUAL, V2_MODERN } from '../stdio/feature-servers.ts';
import type { Contender } from '../stdio/suite.ts';

const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},' +
  '"io.modelcontextprotocol/clientInfo":{"name":"byte-client","version":"1"}}';

// Integers beyond 2^53, keys out of order and twice, escapes a serializer would change, a separator that is no line
// end here, and odd spaces.
const ARGUMENTS =
  '{ "z":12345678901234567890,"a" : [ 9007199254740993 , -0, 1.0, 1E+2 ],"é\\u00e9":"\\/\\u0041\\ud83e\\uddea🧪\u2028","a":1 ,"n":null}';

type Client = StreamableClient | SseClient | ModernClient;

async function open(deployment: Deployment, face: Face): Promise<Client> {
  if (face === 'modern') return new ModernClient(`${deployment.url}/mcp`);
  if (face === '/mcp') {
    const client = new StreamableClient(`${deployment.url}/mcp`);
    await client.initialize('2025-11-25');
    return client;
  }
  const client = new SseClient(`${deployment.url}/sse`);
  await client.open();
  await client.initialize('2025-11-25');
  return client;
}

type Face = '/mcp' | '/sse' | 'modern';
const SERVERS: [Contender, Face[]][] = [
  [V1_STATEFUL, ['/mcp', '/sse']],
  [V1_STATELESS, ['/mcp', '/sse']],
  [V2_DUAL, ['modern']],
  [V2_MODERN, ['modern']],
];
const CASES = ['per-client', 'shared'].flatMap((mode) =>
  SERVERS.flatMap(([contender, faces]) =>
    faces.map((face): [string, Face, string, Contender] => [contender.name, face, mode, contender]),
  ),
);

describe.each(CASES)('%s, %s, %s', (_, face, mode, { start }) => {
  let peer: Peer;
  let recorder: Recorder;
  let deployment: Deployment;
  let client: Client;
  beforeAll(async () => {
    peer = await start();
    recorder = await startRecorder(peer.url);
    deployment = await startDeployment(recorder.url, ['--upstream-session', mode]);
    client = await open(deployment, face);
  });
  afterAll(async () => {
    client?.vanish();
    await deployment?.stop();
    await recorder?.close();
    await peer?.close();
  });
  afterEach(() => {
    expect(client.garbage).toEqual([]);
    expect(client.refusals).toEqual([]);
  });

  const params = (name: string, args: string): string =>
    `{"name":"${name}", "arguments":${args}${face === 'modern' ? `,${META}` : ''}}`;

  /** Calls with a body as it stands; `id` is JSON. */
  async function call(id: string, name: string, args: string): Promise<Arrival> {
    const headers = face === 'modern' ? mirrored('tools/call', { name }) : {};
    const answer = client.arrivals.next(({ message, text }) => !message.method && text.includes(`"id":${id}`));
    client.post(`{"params":${params(name, args)},"method":"tools/call","id":${id},"jsonrpc":"2.0"}`, headers);
    return answer;
  }

  it('params', async () => {
    const { text } = await call('"a \\"string\\" id"', 'echo', ARGUMENTS);
    expect(text).toContain('"result"');
    const sent = recorder.requests.find(({ body }) => body.includes('"echo"'))?.body;
    expect(sent).toContain(params('echo', ARGUMENTS));
  });

  it('results', async () => {
    const { text } = await call('4711', 'big-integer', '{}');
    expect(text).toContain('"n":12345678901234567890');
    expect(text).toContain('[9007199254740993]');
    const answered = recorder.requests.find(({ body }) => body.includes('"big-integer"'))?.responseBody ?? '';
    // The result is the last or the only member beside "jsonrpc" and "id", whichever way the SDK writes it.
    const result = /"result":(\{.*\})(?=,"jsonrpc"|,"id"|\})/.exec(answered)?.[1] ?? 'no result';
    expect(text).toContain(result.replace(/\}$/, ''));
  });

  it.each(['0', '-1', '"0"', '""', '9007199254740993', '1.50', '"\\u00e9🧪"'])('the id %s', async (id) => {
    expect((await call(id, 'echo', '{}')).text).toContain('"result"');
  });
});
