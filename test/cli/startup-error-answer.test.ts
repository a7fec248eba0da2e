// A mistake in a host's configuration: the user of the host sees neither stderr nor the exit status, so the answer must
// say it.
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterEach, describe, expect, it } from 'vitest';
import { sharedHome } from '../blackbox/sign-in/command.ts';
import { opened } from '../peers/opened.ts';
import { closeProxies, PROGRAM, proxyEnvironment, startProxy } from '../peers/proxy.ts';

const open = opened();
afterEach(closeProxies);

const URL_OF_A_SERVER = 'https://server.test/mcp';
const INITIALIZE =
  '{"jsonrpc":"2.0","id":"first","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}\n';
const TYPO = ['--frobnicate'];

/** Starts the program with a mistake, writes the text, and leaves its stdin open, as a host does. */
function started(args: string[], text: string) {
  const proxy = startProxy(URL_OF_A_SERVER, args);
  proxy.stdin.write(text);
  return proxy;
}

function answersIn(lines: readonly string[]): unknown[] {
  return lines.map((line) => JSON.parse(line));
}

describe('a mistake in the config of a host', () => {
  it.each([
    ['an unknown flag', TYPO, 'unknown flag "--frobnicate"', 'mcp-proxy --help lists all flags'],
    ['a flag of another program', ['--debug'], 'unknown flag "--debug"', '--log-level debug'],
    [
      'a missing variable',
      ['-H', 'Authorization: Bearer ${NO_SUCH_TOKEN}'],
      '--header Authorization uses ${NO_SUCH_TOKEN}, which is not set',
      'set NO_SUCH_TOKEN in the environment, or under "env" in the host\'s config',
    ],
    [
      'a certificate that is not there',
      ['--ca', '/no/such/ca.pem'],
      '--ca: the file "/no/such/ca.pem" does not exist',
      'give the whole path: a host may start this program in any folder',
    ],
  ])('%s is the answer to the first request, and on stderr', async (_, args, message, hint) => {
    const proxy = started(args, INITIALIZE);
    expect(await proxy.exit()).toEqual({ code: 2, signal: null });
    expect(answersIn(proxy.lines)).toEqual([
      { jsonrpc: '2.0', id: 'first', error: { code: -32603, message: `${message} (${hint})`, data: { hint } } },
    ]);
    expect(proxy.stderr).toBe(`mcp-proxy: ${message}\nhint: ${hint}\n`);
  });

  it('a keychain without its package is the answer to the first request, too', async () => {
    const proxy = started(['--credential-store', 'keychain'], INITIALIZE);
    expect((await proxy.exit()).code).toBe(2);
    expect(answersIn(proxy.lines)).toMatchObject([
      { id: 'first', error: { message: expect.stringMatching(/@napi-rs\/keyring/) } },
    ]);
  });
});

describe('what comes before the first request', () => {
  it.each([
    ['garbage', 'no JSON at all\n{"broken\n[1,\n'],
    ['a notification', '{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}\n'],
    ['the answer to something else', '{"jsonrpc":"2.0","id":1,"result":{}}\n'],
    ['empty lines', '\r\n\n'],
  ])('%s is skipped', async (_, text) => {
    const proxy = started(TYPO, text + INITIALIZE);
    expect((await proxy.exit()).code).toBe(2);
    expect(answersIn(proxy.lines)).toMatchObject([{ id: 'first', error: { code: -32603 } }]);
  });

  it.each([
    ['nothing', ''],
    ['nothing but garbage', 'no JSON at all\n'],
  ])('with %s, the end of stdin ends the program without output on stdout', async (_, text) => {
    const proxy = started(TYPO, text);
    expect((await proxy.close()).code).toBe(2);
    expect(proxy.lines).toEqual([]);
    expect(proxy.stderr).toMatch(/^mcp-proxy: unknown flag/);
  });

  it('a last line without a newline is a request', async () => {
    const proxy = started(TYPO, INITIALIZE.trimEnd());
    expect((await proxy.close()).code).toBe(2);
    expect(answersIn(proxy.lines)).toMatchObject([{ id: 'first', error: { code: -32603 } }]);
  });
});

describe('no request', () => {
  it('makes the program wait for two seconds at most', async () => {
    const proxy = started(TYPO, '');
    expect(await proxy.exit()).toEqual({ code: 2, signal: null });
    expect(proxy.lines).toEqual([]);
  });

  it.each([['--listen', ':8080'], ['--listen=:8080'], ['-l', ':8080']])(
    'is expected in HTTP mode: %s',
    async (...listen) => {
      const proxy = started([...TYPO, ...listen], INITIALIZE);
      expect((await proxy.exit()).code).toBe(2);
      expect(proxy.lines).toEqual([]);
    },
  );

  it('is expected by another command', async () => {
    const proxy = startProxy('login', [URL_OF_A_SERVER, ...TYPO]);
    proxy.stdin.write(INITIALIZE);
    expect((await proxy.exit()).code).toBe(2);
    expect(proxy.lines).toEqual([]);
  });
});

it('a client that sends server/discover first gets the error, and again for its initialize', async () => {
  const proxy = started(TYPO, `{"jsonrpc":"2.0","id":0,"method":"server/discover","params":{}}\n${INITIALIZE}`);
  expect((await proxy.exit()).code).toBe(2);
  const error = { code: -32603, message: expect.stringMatching(/^unknown flag "--frobnicate"/) };
  expect(answersIn(proxy.lines)).toMatchObject([
    { id: 0, error },
    { id: 'first', error },
  ]);
});

// With a subclass, SDK v2 sends its probe to this very process instead of to a second one that it throws away.
class InPlaceStdio extends StdioV2 {}
const INFO = { name: 'client', version: '1' };
const MODERN = { versionNegotiation: { mode: 'auto' } } as const;

it.each([
  ['SDK v1', StdioV1, () => new ClientV1(INFO)],
  ['SDK v2', StdioV2, () => new ClientV2(INFO)],
  ['SDK v2 that asks for the revision first', StdioV2, () => new ClientV2(INFO, MODERN)],
  ['SDK v2 that asks for the revision on the same process', InPlaceStdio, () => new ClientV2(INFO, MODERN)],
] as const)('the user of %s sees the mistake and the hint', async (_, Transport, client) => {
  const { home } = await open(sharedHome());
  const [command, ...script] = PROGRAM;
  const transport = new Transport({
    command,
    args: [...script, URL_OF_A_SERVER, ...TYPO],
    env: proxyEnvironment(home),
    stderr: 'ignore',
  });
  // The two SDKs do not share their types.
  const connecting = (client() as { connect(t: unknown): Promise<void> }).connect(transport);
  await expect(connecting).rejects.toThrow(/unknown flag "--frobnicate" \(mcp-proxy --help lists all flags\)/);
  await transport.close();
});
