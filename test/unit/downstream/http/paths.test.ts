import { describe, expect, it } from 'vitest';
import {
  forwardedPrefix,
  isWellKnown,
  knownPath,
  pathOf,
  transportPath,
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

describe('transportPath', () => {
  const EVENTS = { accept: 'text/event-stream' };
  it.each<[string, string, Record<string, string>, string]>([
    ['POST', '/mcp', {}, '/mcp'],
    ['POST', '/sse', {}, '/mcp'],
    ['DELETE', '/sse', {}, '/mcp'],
    ['GET', '/sse', EVENTS, '/sse'],
    ['GET', '/sse', {}, '/sse'],
    ['GET', '/sse', { ...EVENTS, 'mcp-protocol-version': '2024-11-05' }, '/sse'],
    ['GET', '/sse', { ...EVENTS, 'mcp-session-id': 'x' }, '/mcp'],
    ['GET', '/mcp', EVENTS, '/sse'],
    ['GET', '/mcp', { accept: 'Text/Event-Stream; q=1, */*' }, '/sse'],
    ['GET', '/mcp', { accept: '*/*' }, '/mcp'],
    ['GET', '/mcp', {}, '/mcp'],
    ['GET', '/mcp', { ...EVENTS, 'mcp-session-id': 'x' }, '/mcp'],
    ['GET', '/mcp', { ...EVENTS, 'mcp-protocol-version': '2025-11-25' }, '/mcp'],
    ['POST', '/message', EVENTS, '/message'],
    ['GET', '/metrics', EVENTS, '/metrics'],
  ])('%s %s with %j: %s', (method, path, headers, served) => {
    expect(transportPath(path, method, headers)).toBe(served);
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
