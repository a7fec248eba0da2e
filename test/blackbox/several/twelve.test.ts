// Twelve servers of every kind in one file, from one client on stdio and from fifty clients over HTTP: of each era and
// transport, protected ones, local ones, one that is dead, one that never answers, one that asks, several with the same
// tools.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startAskingServer } from '../../peers/asking-server.ts';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import type { Peer } from '../../peers/listen.ts';
import { startSdkV1Stdio, startSdkV2Stdio } from '../../peers/local/sdk-servers.ts';
import { legacyServer, sseServer } from '../../peers/minimal-server.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { privateHome, startProxy } from '../../peers/proxy.ts';
import { startRecorder } from '../../peers/recorder.ts';
import type { RpcClient } from '../../peers/rpc.ts';
import { startScripted } from '../../peers/scripted.ts';
import { startSdkV1Sse } from '../../peers/sdk-v1-sse.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV1Stateless } from '../../peers/sdk-v1-stateless.ts';
import { startSdkV2Dual } from '../../peers/sdk-v2-dual.ts';
import { startSdkV2Modern } from '../../peers/sdk-v2-modern.ts';
import { configFile, entryOf } from '../../peers/several/config-file.ts';

const open = opened();
afterEach(closeServings);

/** The servers that have the tools of the feature definition. */
const FEATURES = ['stateful', 'stateless', 'sse', 'dual', 'modern', 'local-legacy', 'local-modern'];

async function twelve() {
  const as = await open(startAuthorizationServer());
  const browser = await open(startBrowser('approve'));
  const asking = await open(startAskingServer());
  const silent = await open(startScripted('/mcp', () => {}));
  const servers = {
    silent: entryOf(silent),
    dead: { url: 'http://127.0.0.1:9/mcp' },
    stateful: entryOf(await open(startSdkV1Stateful())),
    stateless: entryOf(await open(startSdkV1Stateless())),
    sse: entryOf(await open(startSdkV1Sse())),
    dual: entryOf(await open(startSdkV2Dual())),
    modern: entryOf(await open(startSdkV2Modern())),
    'local-legacy': entryOf(await open(startSdkV1Stdio())),
    'local-modern': entryOf(await open(startSdkV2Stdio())),
    protected: entryOf(await open(startProtectedServer({ authorizationServer: as }))),
    locked: entryOf(await open(startProtectedServer({ authorizationServer: await open(startAuthorizationServer()) }))),
    asking: entryOf(asking),
  };
  const file = await open(configFile(servers));
  return { file, env: { BROWSER: browser.command }, browser };
}

interface Listed {
  readonly tools: readonly { readonly name: string }[];
}

const namesIn = ({ tools }: Listed): string[] => tools.map(({ name }) => name);

it('serves a client on stdio everything that its servers have', async () => {
  const { file, env } = await twelve();
  const { rpc } = startProxy(undefined, ['--config', file.path], { env });
  rpc.on('elicitation/create', () => ({ action: 'accept', content: { n: 7 } }));
  await rpc.initialize('2025-11-25', { elicitation: {} });
  const wanted = [...FEATURES.map((name) => `${name}__echo`), 'asking__echo'];
  const isWhole = (names: string[]): boolean =>
    wanted.every((name) => names.includes(name)) && names.filter((name) => name.endsWith('__whoami')).length === 2;
  let names = namesIn(await rpc.request('tools/list'));
  // Each server is there as soon as it answers; the protected ones when their user has signed in.
  while (!isWhole(names)) {
    await rpc.next('notifications/tools/list_changed');
    names = namesIn(await rpc.request('tools/list'));
  }
  expect(new Set(names).size).toBe(names.length);
  for (const name of FEATURES) {
    const { content } = await rpc.request('tools/call', { name: `${name}__echo`, arguments: { to: name } });
    expect(content).toEqual([{ type: 'text', text: JSON.stringify({ to: name }) }]);
  }
  const asked = await rpc.request('tools/call', { name: 'asking__echo', arguments: {} });
  expect(JSON.parse(asked.content[0].text)).toEqual({ action: 'accept', content: { n: 7 } });
  for (const name of ['protected', 'locked']) {
    expect((await rpc.request('tools/call', { name: `${name}__whoami`, arguments: {} })).content[0].text).toBeTruthy();
  }
  const dead = await rpc.exchange('tools/call', { name: 'dead__echo', arguments: {} });
  expect(dead.message.error?.code).toBe(-31001);
});

it('serves fifty clients over HTTP at the same time, each its own answers', async () => {
  const { file, env } = await twelve();
  const serving = await startServing(undefined, ['--config', file.path], { env });
  const client = async (number: number): Promise<void> => {
    const conversation = await connected(serving.url, number);
    const wanted = FEATURES.map((name) => `${name}__echo`);
    let names: string[] = [];
    while (!wanted.every((name) => names.includes(name))) {
      names = namesIn((await conversation.request('tools/list')) as Listed);
    }
    // A process for each client of an older revision would be many.
    const called = number % 10 === 0 ? FEATURES : FEATURES.filter((name) => name !== 'local-legacy');
    for (const name of called) {
      const { content } = (await conversation.request('tools/call', {
        name: `${name}__echo`,
        arguments: { client: number, to: name },
      })) as { content: { text: string }[] };
      expect(JSON.parse(content[0]?.text ?? '')).toEqual({ client: number, to: name });
    }
    await conversation.leave();
  };
  await Promise.all(Array.from({ length: 50 }, (_, number) => client(number)));
});

it('answers the first lists from memory: no process is started, and no request is sent', async () => {
  const home = privateHome();
  const behindRecorder = async (server: Peer) => open(startRecorder((await open(Promise.resolve(server))).url));
  const remote = {
    stateful: await behindRecorder(await startSdkV1Stateful()),
    stateless: await behindRecorder(await startSdkV1Stateless()),
    sse: await behindRecorder(await startSdkV1Sse()),
    dual: await behindRecorder(await startSdkV2Dual()),
    modern: await behindRecorder(await startSdkV2Modern()),
    asking: await open(startAskingServer()),
    protected: await open(startProtectedServer({ authorizationServer: await open(startAuthorizationServer()) })),
    gone: await startScripted('/mcp', legacyServer({ 'tools/list': '{"tools":[{"name":"gone","inputSchema":{}}]}' })),
    plain: await open(startScripted('/mcp', legacyServer())),
    'plain-sse': await open(startScripted('/sse', sseServer())),
  };
  const browser = await open(startBrowser('approve'));
  const locals = [await open(startSdkV1Stdio()), await open(startSdkV2Stdio())];
  const starts = path.join(home, 'starts');
  // Node writes a line at each start, before it runs the server.
  const note = `import fs from 'node:fs'; fs.appendFileSync(${JSON.stringify(starts)}, 'started\\n');`;
  const [legacy, modern] = locals.map(({ command: [program, ...args] }) => {
    return { command: program, args: ['--import', `data:text/javascript,${encodeURIComponent(note)}`, ...args] };
  });
  const entries = Object.fromEntries(Object.entries(remote).map(([name, server]) => [name, entryOf(server)]));
  const file = await open(configFile({ ...entries, 'local-legacy': legacy, 'local-modern': modern }));
  const start = async () => {
    const proxy = startProxy(undefined, ['--config', file.path], { home, env: { BROWSER: browser.command } });
    await proxy.rpc.initialize();
    return proxy;
  };
  const lists = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'] as const;
  const listed = async ({ rpc }: ReturnType<typeof startProxy>): Promise<Set<string>[]> => {
    const results = await Promise.all(lists.map((method) => everything(rpc, method)));
    return results.map((names) => new Set(names));
  };

  const first = await start();
  const wanted = [...Object.keys(remote), 'local-legacy', 'local-modern'].map((name) => {
    if (name === 'gone') return name;
    return name === 'protected' ? 'whoami' : `${name}__echo`;
  });
  let before = await listed(first);
  while (!wanted.every((name) => before[0]?.has(name))) before = await listed(first);
  // Lists that have come meanwhile.
  before = await listed(first);
  await first.close();
  const requests = (): number[] => Object.values(remote).map((server) => server.requests.length);
  // A server that its user has signed in to meanwhile introduces itself at the next start, or at the one after it if
  // that start ends before it could.
  for (let tries = 0, known = -1; tries < 3 && known !== remote.protected.requests.length; tries++) {
    known = remote.protected.requests.length;
    await (await start()).close();
  }
  await remote.gone.close();
  const seen = requests();
  expect(readFileSync(starts, 'utf8').split('\n').filter(Boolean).length).toBeGreaterThan(1);
  rmSync(starts);

  const second = await start();
  expect(await listed(second)).toEqual(before);
  expect(requests()).toEqual(seen);
  expect(existsSync(starts)).toBe(false);
  await second.close();
  rmSync(home, { recursive: true, force: true });
});

/** The names or URIs in all pages of a list. */
async function everything(rpc: RpcClient, method: string): Promise<string[]> {
  const all: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await rpc.request(method, cursor === undefined ? {} : { cursor });
    const entries = Object.values(page).find(Array.isArray) as Record<string, string>[];
    all.push(...entries.map(({ name, uri, uriTemplate }) => uri ?? uriTemplate ?? name ?? ''));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return all;
}

/** A client of one kind after the other. */
async function connected(url: string, number: number) {
  if (number % 3 === 0) {
    const client = new ModernClient(`${url}/mcp`);
    return {
      request: (method: string, params?: object) => client.request(method, params),
      leave: async () => client.vanish(),
    };
  }
  if (number % 3 === 1) {
    const client = new StreamableClient(`${url}/mcp`);
    await client.initialize();
    return {
      request: (method: string, params?: object) => client.request(method, params),
      leave: () => client.close(),
    };
  }
  const client = new SseClient(`${url}/sse`);
  await client.open();
  await client.initialize('2024-11-05');
  return {
    request: (method: string, params?: object) => client.request(method, params),
    leave: async () => client.vanish(),
  };
}
