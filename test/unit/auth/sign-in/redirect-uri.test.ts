// The redirect URI, and the ports on which the program listens for it, in order.
import { describe, expect, it } from 'vitest';
import { addressOf, mayUse, portsOf, redirectOf, redirectUriAt } from '../../../../src/auth/sign-in/redirect-uri.ts';
import type { ClientRecord } from '../../../../src/auth/vault/credentials.ts';

const SERVER = new URL('https://mcp.acme.example/mcp');
const FLAGS = { redirectHost: 'localhost', callbackPath: '/callback', callbackPort: undefined };
const WITH_PORT = { ...FLAGS, callbackPort: 4321 };

const client = (source: ClientRecord['source'], redirectUri?: string): ClientRecord => ({
  source,
  clientId: 'known',
  authMethod: 'none',
  ...(redirectUri !== undefined && { redirectUri }),
});
const own = (redirectUri: string): ClientRecord => client('static', redirectUri);

/** The port that every sign-in at the server prefers. */
const USUAL = redirectOf(FLAGS, undefined, SERVER).port;

it("the usual port is the same each time, differs between servers, and is outside of the system's own range", () => {
  expect(redirectOf(FLAGS, undefined, SERVER).port).toBe(USUAL);
  expect(redirectOf(FLAGS, undefined, new URL('https://mcp.acme.example/other')).port).not.toBe(USUAL);
  expect(USUAL).toBeGreaterThanOrEqual(14_000);
  expect(USUAL).toBeLessThan(32_000);
});

describe.each<[string, ClientRecord | undefined, typeof FLAGS | typeof WITH_PORT, string, readonly number[]]>([
  ['a new client', undefined, FLAGS, 'http://localhost:5555/callback', [USUAL, 0]],
  ['a new client, with --callback-port', undefined, WITH_PORT, 'http://localhost:4321/callback', [4321]],
  [
    'a client that was registered automatically',
    client('registered', 'http://localhost:1111/callback'),
    FLAGS,
    'http://localhost:5555/callback',
    [1111, 0],
  ],
  [
    'the same, with --callback-port',
    client('registered', 'http://localhost:1111/callback'),
    WITH_PORT,
    'http://localhost:4321/callback',
    [4321],
  ],
  ['a client of a metadata document', client('document'), FLAGS, 'http://localhost:5555/callback', [USUAL, 0]],
  ["the user's client without a redirect URI", client('static'), FLAGS, 'http://localhost:5555/callback', [USUAL, 0]],
  ["the user's client with text", own('nowhere'), FLAGS, 'http://localhost:5555/callback', [USUAL, 0]],
  ["the user's client at a port", own('http://[::1]:2222/c?d=e'), FLAGS, 'http://[::1]:2222/c?d=e', [2222]],
  [
    'the same, where --callback-port leads to that port',
    own('http://[::1]:2222/c?d=e'),
    WITH_PORT,
    'http://[::1]:2222/c?d=e',
    [4321],
  ],
  ["the user's client at any port", own('http://127.0.0.1/other'), FLAGS, 'http://127.0.0.1:5555/other', [USUAL, 0]],
  ['the same, with --callback-port', own('http://127.0.0.1/other'), WITH_PORT, 'http://127.0.0.1:4321/other', [4321]],
  ["the user's client behind a relay", own('https://relay.example/deep'), FLAGS, 'https://relay.example/deep', [USUAL]],
  [
    'the same, with --callback-port',
    own('https://relay.example/deep'),
    WITH_PORT,
    'https://relay.example/deep',
    [4321],
  ],
])('%s', (_, known, flags, uri, ports) => {
  const redirect = redirectOf(flags, known, SERVER);

  it('listens on the ports in order', () => {
    expect(portsOf(redirect)).toEqual(ports);
  });

  it('sends the redirect URI, with the port that was free where any will do', () => {
    expect(redirectUriAt(redirect, 5555)).toBe(uri);
  });
});

describe('the listener', () => {
  it.each<[string, ClientRecord | undefined, object]>([
    ['follows the flags', undefined, { host: 'localhost', path: '/callback' }],
    ['follows the URI of the user', own('http://127.0.0.1:1/a/b'), { host: '127.0.0.1', path: '/a/b' }],
    [
      'takes the path of the flags behind a relay',
      own('https://relay.example/x'),
      { host: 'relay.example', path: '/callback' },
    ],
  ])('%s', (_, known, address) => {
    expect(redirectOf(FLAGS, known, SERVER)).toMatchObject(address);
  });

  it('is found again by the redirect URI of a sign-in that another process has begun', () => {
    expect(addressOf('http://127.0.0.1:7/a/b?c=d', FLAGS)).toEqual({ host: '127.0.0.1', path: '/a/b' });
    expect(addressOf('https://relay.example/x', FLAGS)).toEqual({ host: 'relay.example', path: '/callback' });
  });
});

it('a client that was registered automatically keeps to its redirect URI', () => {
  expect(mayUse(client('registered', 'http://localhost:1/c'), 'http://localhost:1/c')).toBe(true);
  expect(mayUse(client('registered', 'http://localhost:1/c'), 'http://localhost:2/c')).toBe(false);
  expect(mayUse(own('http://localhost/c'), 'http://localhost:2/c')).toBe(true);
  expect(mayUse(client('document'), 'http://localhost:2/c')).toBe(true);
});
