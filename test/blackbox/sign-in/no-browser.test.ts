// Where no browser can be opened, the page of a sign-in is printed once, and calls that need it name it in their error:
// on every front, for clients of both eras.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies, type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { modernParams, type RpcMessage } from '../../peers/rpc.ts';

const open = opened();
afterEach(closeServings);
afterEach(closeProxies);

const PAGE = /http:\/\/\S+\/authorize\?[^\s"\\]+/g;
const CALL = { name: 'whoami', arguments: {} };
const SSH = { SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' };

interface Machine {
  readonly env: Record<string, string>;
  readonly wasOpened: () => boolean;
}

/** A machine with `xdg-open`, which notes that it was started. */
async function withOpener(env: Record<string, string>): Promise<Machine> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'no-browser-'));
  await open({ close: async () => rmSync(folder, { recursive: true, force: true }) });
  const note = path.join(folder, 'opened');
  writeFileSync(path.join(folder, 'xdg-open'), `#!/bin/sh\necho "$1" >'${note}'\n`, { mode: 0o755 });
  // What is empty counts as not set.
  return { env: { PATH: `${folder}:${process.env.PATH}`, BROWSER: '', ...env }, wasOpened: () => existsSync(note) };
}

interface Front {
  readonly name: string;
  /** Connects, and makes calls that need the sign-in; returns their answers. */
  ask(url: string, env: Record<string, string>): Promise<{ proxy: ProxyProcess; answers: RpcMessage[] }>;
}

const THRICE = [1, 2, 3];

const FRONTS: Front[] = [
  {
    name: 'a host of older revisions',
    async ask(url, env) {
      const proxy = startProxy(url, [], { env });
      await proxy.rpc.initialize();
      const answers = await Promise.all(THRICE.map(() => proxy.rpc.exchange('tools/call', CALL)));
      return { proxy, answers: answers.map(({ message }) => message) };
    },
  },
  {
    name: 'a host of 2026-07-28',
    async ask(url, env) {
      const proxy = startProxy(url, [], { env });
      await proxy.rpc.modern('server/discover');
      const answers = await Promise.all(THRICE.map(() => proxy.rpc.exchange('tools/call', modernParams(CALL))));
      return { proxy, answers: answers.map(({ message }) => message) };
    },
  },
  {
    name: 'clients of HTTP mode',
    async ask(url, env) {
      const serving = await startServing(url, [], { env });
      const clients = [
        new StreamableClient(`${serving.url}/mcp`),
        new SseClient(`${serving.url}/sse`),
        new ModernClient(`${serving.url}/mcp`),
      ] as const;
      await clients[1].open();
      for (const client of clients.slice(0, 2)) await (client as StreamableClient).initialize();
      const answers = await Promise.all(clients.map((client) => client.call('tools/call', CALL)));
      for (const client of clients) client.vanish();
      return { proxy: serving.proxy, answers: answers.map(({ message }) => message) };
    },
  },
];

const MACHINES: [string, Record<string, string>, boolean][] = [
  ['without a screen', {}, false],
  ['over SSH, with X forwarded', { ...SSH, DISPLAY: 'localhost:10.0' }, false],
  ['over SSH, without a screen', SSH, false],
  // Otherwise the other cases would prove nothing.
  ['with a screen', { DISPLAY: ':0' }, true],
];

// Other systems have other openers, which are not found in PATH.
describe.runIf(process.platform === 'linux').each(MACHINES)('%s', (_, variables, opens) => {
  it.each(FRONTS)('$name: the page is printed once, and is in every error', async ({ ask }) => {
    const authorizationServer = await open(startAuthorizationServer());
    const server = await open(startProtectedServer({ authorizationServer }));
    const { env, wasOpened } = await withOpener(variables);
    const { proxy, answers } = await ask(server.url, env);
    if (opens) await vi.waitFor(() => expect(wasOpened()).toBe(true), 60_000);
    await proxy.stderrMatching(/\/authorize\?/);
    proxy.kill();
    await proxy.exit();
    const [page, ...more] = proxy.stderr.match(PAGE) ?? [];
    expect([page, more], proxy.stderr).toEqual([expect.stringContaining(authorizationServer.issuer), []]);
    const pages = answers.map(({ error }) => [error?.code, error?.message.match(PAGE)?.[0]]);
    expect(new Set(pages.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(pages[0]).toEqual([-31004, page]);
    expect(wasOpened()).toBe(opens);
    expect(authorizationServer.count('register')).toBe(1);
  });
});
