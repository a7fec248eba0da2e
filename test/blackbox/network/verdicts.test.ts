// The next start knows what one start has found out about the transport of a URL, and a wrong memory does no harm.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { legacyServer, sseServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { privateHome, startProxy } from '../../peers/proxy.ts';
import { answer, type Script, type ScriptedPeer, startScripted } from '../../peers/scripted.ts';

const HTTP_OPENING = ['POST initialize', 'POST notifications/initialized', 'GET', 'DELETE'];
const SSE_OPENING = ['GET', 'POST initialize', 'POST notifications/initialized'];

const open = opened();
let home: string;
beforeEach(() => {
  home = privateHome();
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const CACHES: Partial<Record<NodeJS.Platform, string[]>> = { darwin: ['Library', 'Caches'], win32: ['local'] };
const cache = (): string => path.join(home, ...(CACHES[process.platform] ?? ['.cache']), 'mcp-proxy');

/** Everything the program keeps, folders included. */
function kept(): string[] {
  return readdirSync(cache(), { recursive: true }).map((name) => path.join(cache(), String(name)));
}

const isFile = (name: string): boolean => statSync(name).isFile();

/** Runs one whole session; returns its requests, `streams` of them a GET. */
async function session(server: ScriptedPeer, args: string[] = [], url = server.url, streams = 1): Promise<string[]> {
  const before = server.requests.length;
  const proxy = startProxy(url, args, { home });
  await proxy.rpc.initialize('2025-06-18');
  await proxy.rpc.request('ping');
  const gets = (): string[] => server.lines.slice(before).filter((line) => line === 'GET');
  await vi.waitFor(() => expect(gets()).toHaveLength(streams), 60_000);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  // The stream of a session and its first request are sent at the same time, so their order means nothing.
  return server.lines.slice(before).filter((line) => line !== 'POST ping');
}

/** A server that can be replaced by another one at the same URL. */
async function changing(first: Script): Promise<{ server: ScriptedPeer; become(script: Script): void }> {
  let now = first;
  const server = await open(startScripted('/mcp', (seen, res) => now(seen, res)));
  return {
    server,
    become: (script) => {
      now = script;
    },
  };
}

it('an HTTP+SSE server is found by the first start and known to the second', async () => {
  const server = await open(startScripted('/sse', sseServer()));
  expect(await session(server)).toEqual(['POST initialize', ...SSE_OPENING]);
  expect(await session(server)).toEqual(SSE_OPENING);
});

it('with sse-first, a Streamable HTTP server is found by the first start and known to the second', async () => {
  const server = await open(startScripted('/mcp', legacyServer()));
  expect(await session(server, ['--transport', 'sse-first'], server.url, 2)).toEqual(['GET', ...HTTP_OPENING]);
  expect(await session(server, ['--transport', 'sse-first'])).toEqual(HTTP_OPENING);
});

it('a server that changes its transport is found again, and known again', async () => {
  const { server, become } = await changing(sseServer());
  await session(server);
  become(legacyServer());
  expect(await session(server, [], server.url, 2)).toEqual(['GET', ...HTTP_OPENING]);
  expect(await session(server)).toEqual(HTTP_OPENING);
  become(sseServer());
  expect(await session(server)).toEqual(['POST initialize', ...SSE_OPENING]);
  expect(await session(server)).toEqual(SSE_OPENING);
});

it('a remembered verdict never overrules a strategy that allows one transport', async () => {
  const { server, become } = await changing(sseServer());
  await session(server);
  become(legacyServer());
  expect(await session(server, ['--transport', 'http-only'])).toEqual(HTTP_OPENING);
});

it('a URL with another query counts as another server', async () => {
  const server = await open(startScripted('/sse', sseServer()));
  await session(server, [], `${server.url}?tenant=one`);
  expect(await session(server, [], `${server.url}?tenant=two`)).toEqual(['POST initialize', ...SSE_OPENING]);
});

it.each([401, 403, 404, 500])('nothing is remembered of a server that answers %i', async (status) => {
  const { server, become } = await changing((_, res) => answer(res, status, 'text/plain', 'no'));
  const proxy = startProxy(server.url, [], { home });
  await expect(proxy.rpc.initialize()).rejects.toThrow();
  await proxy.close();
  become(sseServer());
  expect(await session(server)).toEqual(['POST initialize', ...SSE_OPENING]);
});

it('files and folders are for their owner alone, and hold no secret of the URL', async () => {
  const server = await open(startScripted('/sse', sseServer()));
  const secret = 'query-secret-value';
  const url = `${server.url}?key=${secret}`;
  await session(
    server,
    ['-H', 'Authorization: Bearer header-secret-value'],
    url.replace('//', '//user:password-secret@'),
  );
  const files = kept().filter(isFile);
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    expect(`${file}\n${readFileSync(file, 'utf8')}`).not.toMatch(/secret-value|password-secret/);
    if (process.platform !== 'win32') expect([file, (statSync(file).mode & 0o777).toString(8)]).toEqual([file, '600']);
  }
  if (process.platform === 'win32') return;
  for (const folder of [cache(), ...kept().filter((name) => !isFile(name))]) {
    expect([folder, (statSync(folder).mode & 0o777).toString(8)]).toEqual([folder, '700']);
  }
});

describe('a memory that is broken', () => {
  it.each([
    ['empty', ''],
    ['cut short', '{"transport":"ss'],
    ['not an object', 'null'],
    ['of a transport nobody knows', '{"transport":"carrier-pigeon","checkedAt":4102444800000}'],
    ['without a time', '{"transport":"http"}'],
    ['from the future', '{"transport":"http","checkedAt":4102444800000}'],
    ['of another kind', '[1,2,3]'],
    ['binary', '\u0000\uffff'],
  ])('with a file that is %s counts as empty, and is repaired', async (_, text) => {
    const server = await open(startScripted('/sse', sseServer()));
    await session(server);
    for (const file of kept().filter(isFile)) writeFileSync(file, text);
    expect(await session(server)).toEqual(['POST initialize', ...SSE_OPENING]);
    expect(await session(server)).toEqual(SSE_OPENING);
  });

  const quiet = async (): Promise<void> => {
    const server = await open(startScripted('/sse', sseServer()));
    const proxy = startProxy(server.url, [], { home });
    await proxy.rpc.initialize('2024-11-05');
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
    expect(proxy.stderr.split('\n').filter(Boolean).length).toBeLessThanOrEqual(3);
  };

  it('because its folder cannot be made does not stop the session', async () => {
    mkdirSync(path.dirname(cache()), { recursive: true });
    writeFileSync(cache(), 'a file where the folder should be');
    await quiet();
  });

  it('because its folder is read-only does not stop the session', async () => {
    mkdirSync(cache(), { recursive: true });
    chmodSync(cache(), 0o500);
    await quiet();
    chmodSync(cache(), 0o700);
  });

  it('because a folder is where a file should be does not stop the session', async () => {
    const server = await open(startScripted('/sse', sseServer()));
    await session(server);
    for (const file of kept().filter(isFile)) {
      rmSync(file);
      mkdirSync(file);
    }
    expect(await session(server)).toEqual(['POST initialize', ...SSE_OPENING]);
  });
});
