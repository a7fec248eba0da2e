// Optional members of the server's documents: one that is null, empty or of another type counts as absent. It ends
// nothing, and reaches the client unchanged.
import { expect, it } from 'vitest';
import { legacyServer, modernServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { MODERN } from '../../peers/rpc.ts';
import { startScripted } from '../../peers/scripted.ts';

const open = opened();
const UNUSABLE = ['null', '""', '[]', '{}', '7', 'true', '"\\u001b[31m"', '[null]', '{"a":null}', undefined];

type Document = Record<string, unknown>;

/** The document with the member at a path as JSON text, or without it. */
function bent(document: Document, path: string, text: string | undefined): string {
  const copy = structuredClone(document);
  const keys = path.split('.');
  const last = keys.pop() as string;
  const parent = keys.reduce((at, key) => {
    at[key] ??= {};
    return at[key] as Document;
  }, copy);
  if (text === undefined) delete parent[last];
  else parent[last] = JSON.parse(text);
  return JSON.stringify(copy);
}

const SERVER_INFO = { name: 'bent', version: '1' };
const TOOLS = { tools: [{ name: 'echo', description: 'x-mcp-header', inputSchema: { type: 'object' } }] };
const INITIALIZED = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: SERVER_INFO };
const DISCOVERED = {
  resultType: 'complete',
  supportedVersions: [MODERN],
  capabilities: {},
  ttlMs: 0,
  cacheScope: 'private',
};
const PAGE = { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...TOOLS };

const DOCUMENTS: [method: string, era: 'legacy' | 'modern', document: Document, members: string[]][] = [
  [
    'initialize',
    'legacy',
    INITIALIZED,
    [
      'protocolVersion',
      'capabilities',
      'capabilities.tools',
      'capabilities.tools.listChanged',
      'capabilities.logging',
      'capabilities.resources.subscribe',
      'capabilities.extensions',
      'serverInfo',
      'serverInfo.name',
      'instructions',
      '_meta',
    ],
  ],
  [
    'server/discover',
    'modern',
    DISCOVERED,
    [
      'resultType',
      'capabilities',
      'capabilities.tools',
      'instructions',
      'ttlMs',
      'cacheScope',
      'serverInfo',
      '_meta',
      '_meta.io',
    ],
  ],
  ...(['legacy', 'modern'] as const).map((era): (typeof DOCUMENTS)[number] => [
    'tools/list',
    era,
    PAGE,
    [
      'nextCursor',
      '_meta',
      'ttlMs',
      'cacheScope',
      'resultType',
      'tools',
      'tools.0',
      'tools.0.name',
      'tools.0.description',
      'tools.0.inputSchema',
      'tools.0.inputSchema.type',
      'tools.0.inputSchema.properties',
      'tools.0.outputSchema',
      'tools.0.annotations',
      'tools.0.execution',
      'tools.0._meta',
    ],
  ]),
];

const rows = DOCUMENTS.flatMap(([method, era, document, members]) =>
  members.map((member) => ({ method, era, document, member })),
);

it.each(rows)('$member of $method ($era)', async ({ method, era, document, member }) => {
  let text = JSON.stringify(document);
  const make = era === 'legacy' ? legacyServer : modernServer;
  const server = await open(startScripted('/mcp', make({ [method]: () => text })));
  const proxy = startProxy(server.url, ['--log-level', 'debug']);
  const ask = (name: string, params = {}) =>
    era === 'modern' ? proxy.rpc.modern(name, params) : proxy.rpc.request(name, params);
  if (era === 'legacy' && method !== 'initialize') await proxy.rpc.initialize('2025-11-25');
  for (const value of UNUSABLE) {
    text = bent(document, member, value);
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
    expect(await ask(method, method === 'initialize' ? params : {}), text).toEqual(JSON.parse(text));
    if (method === 'initialize') proxy.rpc.notify('notifications/initialized');
    expect((await ask('tools/call', { name: 'echo', arguments: {} })).content, text).toHaveLength(1);
  }
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  expect(proxy.stderr).not.toMatch(/internal error/);
  expect(proxy.stderr).not.toContain('\u001b');
});
