import { describe, expect, it } from 'vitest';
import {
  CLIENT_PATHS,
  type ClientService,
  ENDPOINTS,
  endpointAt,
  forwardedPrefix,
  isWellKnown,
  knownPath,
  pathOf,
  serviceFor,
} from '../../../../src/downstream/http/paths.ts';

describe('pathOf', () => {
  it.each([
    ['/mcp', '/mcp'],
    ['/mcp/', '/mcp'],
    ['/mcp/?x=/', '/mcp'],
    ['/mcp?x=1/', '/mcp'],
    ['/mcp//', '/mcp/'],
    ['/', '/'],
    ['', ''],
    [undefined, ''],
  ])('%j is %j', (url, path) => {
    expect(pathOf(url)).toBe(path);
  });

  it('is what is counted, where something is served', () => {
    expect(['/sse/', '/healthz?x', '/x', '/'].map(knownPath)).toEqual(['/sse', '/healthz', 'other', 'other']);
  });
});

describe('the table of endpoints', () => {
  it('has each path and each service once, and finds it', () => {
    expect(new Set(ENDPOINTS.map(({ path }) => path)).size).toBe(ENDPOINTS.length);
    expect(new Set(ENDPOINTS.map(({ service }) => service)).size).toBe(ENDPOINTS.length);
    for (const endpoint of ENDPOINTS) expect(endpointAt(endpoint.path)).toBe(endpoint);
    expect(['', '/x', '/mcp/', '/MCP', '__proto__', 'constructor'].map(endpointAt)).toEqual(Array(6).fill(undefined));
  });

  it('tells clients of the paths where it serves them', () => {
    const forClients = ENDPOINTS.filter(({ audience }) => audience === 'clients');
    expect(Object.fromEntries(forClients.map(({ service, path }) => [service, path]))).toEqual(CLIENT_PATHS);
  });
});

describe('serviceFor', () => {
  const EVENTS = { accept: 'text/event-stream' };
  it.each<[string, ClientService, Record<string, string>, ClientService]>([
    ['POST', 'streamable', {}, 'streamable'],
    ['POST', 'sse', {}, 'streamable'],
    ['DELETE', 'sse', {}, 'streamable'],
    ['GET', 'sse', EVENTS, 'sse'],
    ['GET', 'sse', {}, 'sse'],
    ['GET', 'sse', { ...EVENTS, 'mcp-protocol-version': '2024-11-05' }, 'sse'],
    ['GET', 'sse', { ...EVENTS, 'mcp-session-id': 'x' }, 'streamable'],
    ['GET', 'streamable', EVENTS, 'sse'],
    ['GET', 'streamable', { accept: 'Text/Event-Stream; q=1, */*' }, 'sse'],
    ['GET', 'streamable', { accept: '*/*' }, 'streamable'],
    ['GET', 'streamable', {}, 'streamable'],
    ['GET', 'streamable', { ...EVENTS, 'mcp-session-id': 'x' }, 'streamable'],
    ['GET', 'streamable', { ...EVENTS, 'mcp-protocol-version': '2025-11-25' }, 'streamable'],
    ['POST', 'message', EVENTS, 'message'],
  ])('%s %s with %j: %s', (method, asked, headers, service) => {
    expect(serviceFor(asked, method, headers)).toBe(service);
  });
});

describe('forwardedPrefix', () => {
  it.each([
    ['/tools', '/tools'],
    ['/tools/', '/tools'],
    ['/a/b-c/d.e~f_1', '/a/b-c/d.e~f_1'],
  ])('%s is %s', (header, prefix) => {
    expect(forwardedPrefix({ 'x-forwarded-prefix': header })).toBe(prefix);
  });

  it.each([
    '',
    '/',
    '//',
    '//evil.example',
    '/a//evil.example',
    '/\\evil.example',
    'tools',
    'https://evil.example',
    '/..',
    '/a/../b',
    '/.',
    '/%2e%2e',
    '/a b',
    '/a?b',
    '/a#b',
    '/a@b',
    '/a:b',
    '/a, /b',
    '/a\r\ndata: x',
    '/a\n',
    '/ä',
    `/${'a'.repeat(256)}`,
  ])('%j counts as none', (header) => {
    expect(forwardedPrefix({ 'x-forwarded-prefix': header })).toBe('');
  });
});

it.each([
  ['/.well-known/oauth-protected-resource', true],
  ['/.well-known/oauth-authorization-server/mcp', true],
  ['/mcp/.well-known/openid-configuration', true],
  ['/.well-known', false],
  ['/well-known/x', false],
  ['/mcp', false],
])('%s is well known: %s', (path, known) => {
  expect(isWellKnown(path)).toBe(known);
});
