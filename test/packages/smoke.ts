// What every form in which the program is given to users must do: the same for the build of the source, an installed
// package, an executable and the files of an image. It leads through each kind of code that is loaded on demand.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { run, whoami } from '../blackbox/sign-in/command.ts';
import { startServing } from '../peers/http/serving.ts';
import { StreamableClient } from '../peers/http/streamable-client.ts';
import { startAuthorizationServer } from '../peers/oauth/authorization-server.ts';
import { startBrowser } from '../peers/oauth/browser.ts';
import { startProtectedServer } from '../peers/oauth/protected-server.ts';
import type { opened } from '../peers/opened.ts';
import { type PROGRAM, startProxy } from '../peers/proxy.ts';
import { startSdkV1Stateful } from '../peers/sdk-v1-stateful.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Registers the tests of one form. @param program the words that start it, known once its tests run */
export function smokeTests(program: () => typeof PROGRAM, open: ReturnType<typeof opened>): void {
  it('says its version', async () => {
    const { code, out, err } = await run('--version', [], { program: program() });
    expect({ code, out, err }).toEqual({ code: 0, out: [version], err: '' });
  });

  it('shows its help, and explains a mistake', async () => {
    const help = await run('--help', [], { program: program() });
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out.join('\n')).toContain('--listen');
    const mistake = await run('https://server.example/mcp', ['--listn', ':8080'], { program: program() });
    expect(mistake.code).toBe(2);
    expect(mistake.err).toContain('--listen');
  });

  it('connects a client on stdio to a server', async () => {
    const server = await open(startSdkV1Stateful());
    const proxy = startProxy(server.url, [], { program: program() });
    await proxy.rpc.initialize('2025-11-25');
    const { content } = await proxy.rpc.request('tools/call', { name: 'echo', arguments: { a: 1 } });
    expect(content[0].text).toBe('{"a":1}');
    expect(await proxy.close()).toEqual({ code: 0, signal: null });
  });

  it('serves HTTP clients until SIGTERM', async () => {
    const server = await open(startSdkV1Stateful());
    const serving = await startServing(server.url, [], { program: program() });
    const client = new StreamableClient(`${serving.url}/mcp`);
    await client.initialize();
    const { content } = await client.request('tools/call', { name: 'echo', arguments: { a: 1 } });
    expect(content[0].text).toBe('{"a":1}');
    await client.close();
    expect((await fetch(`${serving.url}/healthz`)).status).toBe(200);
    const { code } = await serving.stop();
    // Windows has no signals: it ends the process.
    expect(code).toBe(process.platform === 'win32' ? null : 0);
  });

  it('signs in, and starts itself again to refresh the tokens', async () => {
    const authorizationServer = await open(startAuthorizationServer());
    const server = await open(startProtectedServer({ authorizationServer }));
    const browser = await open(startBrowser('approve'));
    const proxy = startProxy(server.url, [], { program: program(), env: { BROWSER: browser.command } });
    await proxy.rpc.initialize('2025-11-25');
    await proxy.rpc.request('tools/list');
    authorizationServer.expireAccessTokens();
    expect(await whoami(proxy)).toBe('ada');
    expect(authorizationServer.tokenRequests('refresh_token')).toHaveLength(1);
    expect(browser.opened).toHaveLength(1);
    await proxy.close();
  });

  it('has the client of the store for replicas', async () => {
    const store = ['--state', 'redis://127.0.0.1:1', '--state-key', 'k'.repeat(32)];
    const { code, err } = await run('accept', ['https://server.example/mcp', ...store], { program: program() });
    expect(code).toBe(1);
    expect(err).toMatch(/^mcp-proxy: the store redis:\/\/127\.0\.0\.1:1 cannot be used: connect ECONNREFUSED/m);
  });

  it('says that the keychain is a package of its own', async () => {
    const { code, err } = await run('status', ['--credential-store', 'keychain'], { program: program() });
    expect(code).toBe(2);
    expect(err).toMatch(/needs the package @napi-rs\/keyring, which (is not installed|cannot be loaded)/);
  });
}
