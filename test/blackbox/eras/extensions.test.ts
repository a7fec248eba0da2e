// Tasks, Skills and Apps in front of a server of the client's own era: every byte passes, over every transport. Across
// the eras, what both have passes.
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { legacyServer, modernServer, type Results, rpc, sseServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { MODERN, type RpcClient } from '../../peers/rpc.ts';
import { type ScriptedPeer, startScripted } from '../../peers/scripted.ts';

const open = opened();
const clients: { vanish(): void }[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.vanish();
  await closeServings();
});

const CHILD = fileURLToPath(new URL('../../peers/local/echoing-child.mjs', import.meta.url));
/** Bytes that a parser would write differently. */
const ODD = '"f":1.0, "n":12345678901234567890 ,"s":"\\u00e9"';
const META = 'io.modelcontextprotocol/';
const ENVELOPE = `"_meta":{"${META}protocolVersion":"${MODERN}","${META}clientCapabilities":{"extensions":{"${META}tasks":{},"${META}skills":{},"${META}ui":{}}}}`;

const SKILLS_AND_APPS: readonly (readonly [method: string, params: string])[] = [
  ['skills/list', `{ ${ODD}`],
  ['skills/read', `{ "name":"a/b",${ODD}`],
  ['resources/directory/read', `{ "uri":"skill://a",${ODD}`],
  ['resources/read', `{ "uri":"ui://app/main.html",${ODD}`],
];
const LEGACY_TASKS: typeof SKILLS_AND_APPS = [
  ['tools/call', `{ "name":"echo","arguments":{},"task":{ "ttl":60000 },${ODD}`],
  ['tasks/result', `{ "taskId":"t",${ODD}`],
  ['tasks/list', `{ "cursor":"c",${ODD}`],
  ['tasks/cancel', `{ "taskId":"t",${ODD}`],
  ['tasks/get', `{ "taskId":"t",${ODD}`],
];
const MODERN_TASKS: typeof SKILLS_AND_APPS = [
  ['tools/call', `{ "name":"echo","arguments":{},${ODD}`],
  ['tasks/get', `{ "taskId":"t",${ODD}`],
  ['tasks/update', `{ "taskId":"t","inputResponses":{ },${ODD}`],
  ['tasks/cancel', `{ "taskId":"t",${ODD}`],
];

const resultOf = (method: string): string =>
  `{ "resultType":"${method === 'tools/call' ? 'task' : 'complete'}" ,"taskId":"t","mimeType":"text/html;profile=mcp-app",${ODD}}`;
const RESULTS: Results = Object.fromEntries(
  [...SKILLS_AND_APPS, ...LEGACY_TASKS, ...MODERN_TASKS].map(([method]) => [method, resultOf(method)]),
);

/** Sends a request as it stands, and returns the line of the answer. */
async function exchanged(client: RpcClient, method: string, params: string): Promise<string> {
  const id = client.freshId();
  client.raw(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`);
  return (await client.response(id, method)).line;
}

const lastBody = (server: ScriptedPeer, method: string): string =>
  server.requests.filter((seen) => rpc(seen).method === method).at(-1)?.body ?? '';

describe('over stdio', () => {
  it.each([
    ['Streamable HTTP', '/mcp', legacyServer(RESULTS)],
    ['HTTP+SSE', '/sse', sseServer(RESULTS)],
  ] as const)('a client and a server of 2025-11-25, %s', async (_, path, script) => {
    const server = await open(startScripted(path, script));
    const { rpc: client } = await open(startProxy(server.url));
    await client.initialize();
    for (const [method, start] of [...SKILLS_AND_APPS, ...LEGACY_TASKS]) {
      expect(await exchanged(client, method, `${start}}`)).toContain(`"result":${resultOf(method)}`);
      expect(lastBody(server, method)).toContain(`"params":${start}}`);
    }
  });

  it('a client and a server of 2026-07-28', async () => {
    const server = await open(startScripted('/mcp', modernServer(RESULTS)));
    const { rpc: client } = await open(startProxy(server.url));
    for (const [method, start] of [...SKILLS_AND_APPS, ...MODERN_TASKS]) {
      const params = `${start},${ENVELOPE}}`;
      expect(await exchanged(client, method, params)).toContain(`"result":${resultOf(method)}`);
      expect(lastBody(server, method)).toContain(`"params":${params}`);
    }
    const named = server.requests.filter((seen) => rpc(seen).method?.startsWith('tasks/'));
    expect(named.map(({ headers }) => headers['mcp-name'])).toEqual(['t', 't', 't']);
  });

  it('a client and a local server of 2025-11-25, and what that asks about the tasks of its client', async () => {
    const { rpc: client } = await open(startProxy(undefined, ['--', process.execPath, CHILD]));
    const capabilities = {
      tasks: { list: {}, cancel: {}, requests: { sampling: { createMessage: {} } } },
      sampling: {},
    };
    const { capabilities: offered } = await client.initialize('2025-11-25', capabilities);
    expect(offered.tasks).toEqual({ list: {}, cancel: {}, requests: { tools: { call: {} } } });
    for (const [method, start] of [...SKILLS_AND_APPS, ...LEGACY_TASKS.slice(0, -1)]) {
      const line = await exchanged(client, method, `${start}}`);
      expect(line).toContain('"result":{ "f":1.0, "n":12345678901234567890,"seen":[');
      expect(JSON.parse(line).result.seen[0]).toContain(`"params":${start}}`);
    }
    client.raw('{"jsonrpc":"2.0","id":"get","method":"tasks/get","params":{"taskId":"t"}}');
    const status = await client.next('notifications/tasks/status');
    expect(status.line).toContain('"params":{ "taskId":"t","f":1.0}');
    const asked = await client.next('tasks/get');
    expect(asked.line).toContain('"params":{ "taskId":"c","f":1.0}');
    client.raw(`{"jsonrpc":"2.0","id":${JSON.stringify(asked.message.id)},"result":{ "status":"working",${ODD}}}`);
    const { message } = await client.response('get');
    expect(message.result.seen[1]).toContain(`"result":{ "status":"working",${ODD}}`);
  });
});

describe('over HTTP', () => {
  const values = (text: string): object => JSON.parse(text) as object;

  it('a client and a server of 2025-11-25, Streamable HTTP and HTTP+SSE', async () => {
    const server = await open(startScripted('/mcp', legacyServer(RESULTS)));
    const { url } = await startServing(server.url);
    const streamable = new StreamableClient(`${url}/mcp`);
    const sse = new SseClient(`${url}/sse`);
    clients.push(streamable, sse);
    await sse.open();
    for (const client of [streamable, sse]) {
      await client.initialize();
      for (const [method, start] of [...SKILLS_AND_APPS, ...LEGACY_TASKS]) {
        const { message } = await client.call(method, values(`${start}}`));
        expect(message).toMatchObject({ result: values(resultOf(method)) });
        expect(rpc({ body: lastBody(server, method) } as never).params).toEqual(values(`${start}}`));
      }
    }
  });

  it('a client and a server of 2026-07-28', async () => {
    const server = await open(startScripted('/mcp', modernServer(RESULTS)));
    const { url } = await startServing(server.url);
    const client = new ModernClient(`${url}/mcp`);
    clients.push(client);
    for (const [method, start] of [...SKILLS_AND_APPS, ...MODERN_TASKS]) {
      const { message } = await client.call(method, values(`${start}}`));
      expect(message).toMatchObject({ result: values(resultOf(method)) });
      expect(rpc({ body: lastBody(server, method) } as never).params).toMatchObject(values(`${start}}`));
    }
  });
});

describe('across the eras', () => {
  it.each(SKILLS_AND_APPS)('%s of a client of 2025-11-25', async (method, start) => {
    const server = await open(startScripted('/mcp', modernServer(RESULTS)));
    const { rpc: client } = await open(startProxy(server.url));
    await client.initialize();
    const line = await exchanged(client, method, `${start}}`);
    expect(line).toContain(`"result":{"taskId":"t","mimeType":"text/html;profile=mcp-app",${ODD.replace(/\s/g, '')}}`);
    expect(lastBody(server, method)).toContain(`"params":${start},"_meta":{`);
  });

  it.each(SKILLS_AND_APPS)('%s of a client of 2026-07-28', async (method, start) => {
    const server = await open(startScripted('/mcp', legacyServer({ [method]: `{ ${ODD}}` })));
    const { rpc: client } = await open(startProxy(server.url));
    await client.modern('server/discover');
    const line = await exchanged(client, method, `${start},${ENVELOPE}}`);
    expect(line).toContain(ODD);
    expect(JSON.parse(line).result.resultType).toBe('complete');
    expect(JSON.parse(lastBody(server, method)).params).toEqual(values(`${start}}`));
  });

  const values = (text: string): object => JSON.parse(text) as object;
});
