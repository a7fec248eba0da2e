// Every optional member of everything that a server says about itself is null, empty or of another type at the same
// time, on every wire, between the eras, and where several servers are joined: a client gets its lists, and calls work.
import { afterEach, describe, expect, it } from 'vitest';
import { closeServings } from '../../peers/http/serving.ts';
import type { Results } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { MODERN } from '../../peers/rpc.ts';
import { WIRES, type Wire } from '../policy/wires.ts';

const open = opened();
afterEach(closeServings);

const UNUSABLE = [null, '', 7, { a: null }];

type Members = Record<string, unknown>;

const all = (names: string, value: unknown): Members =>
  Object.fromEntries(names.split(' ').map((name) => [name, value]));

/** What says which kind of result it is must say it, or nothing: `null` and "" say nothing. */
const kind = (value: unknown): Members =>
  value === null || value === '' ? { resultType: value } : { resultType: 'complete' };

const inDescription = (value: unknown): Members => all('title description icons annotations _meta', value);

const capabilities = (value: unknown): Members => ({
  ...all('logging completions experimental extensions tasks', value),
  tools: all('listChanged', value),
  prompts: all('listChanged', value),
  resources: all('listChanged subscribe', value),
});

/** Everything that a server says about itself. */
function saying(value: unknown): Results {
  const page = (list: string, entry: Members): string =>
    JSON.stringify({
      ...kind(value),
      ...all('nextCursor _meta ttlMs cacheScope', value),
      [list]: [{ ...inDescription(value), ...entry }],
    });
  const about = { capabilities: capabilities(value), ...all('instructions _meta', value) };
  return {
    initialize: ({ protocolVersion }) =>
      JSON.stringify({ ...about, protocolVersion, serverInfo: all('name version title', value) }),
    'server/discover': JSON.stringify({
      ...kind(value),
      ...about,
      ...all('ttlMs cacheScope serverInfo', value),
      supportedVersions: [MODERN],
    }),
    'tools/list': page('tools', {
      name: 'echo',
      inputSchema: all('type properties required', value),
      ...all('outputSchema execution', value),
    }),
    'prompts/list': page('prompts', { name: 'p', arguments: value }),
    'resources/list': page('resources', { uri: 'a:1', ...all('name size mimeType', value) }),
    'resources/templates/list': page('resourceTemplates', { uriTemplate: 'a:{x}', ...all('name mimeType', value) }),
    'tools/call': JSON.stringify({
      ...kind(value),
      content: [{ type: 'text', text: 'called' }],
      ...all('isError structuredContent _meta', value),
    }),
  };
}

const LISTS = [
  ['tools/list', 'tools', 'name', 'echo'],
  ['prompts/list', 'prompts', 'name', 'p'],
  ['resources/list', 'resources', 'uri', 'a:1'],
  ['resources/templates/list', 'resourceTemplates', 'uriTemplate', 'a:{x}'],
] as const;

async function works(wire: Wire, results: Results): Promise<void> {
  const { initialize, 'server/discover': discover, ...others } = results;
  const opening = wire.isServerModern ? { 'server/discover': discover } : { initialize };
  const { server, client } = await wire.start({ ...opening, ...others } as Results, []);
  await open(server);
  for (const [method, list, key, name] of LISTS) {
    const { result, error } = await client.exchange(method);
    expect(error, method).toBeUndefined();
    expect(
      result[list].map((entry: Members) => entry[key]),
      method,
    ).toEqual([name]);
  }
  const { result, error } = await client.exchange('tools/call', { name: 'echo', arguments: {} });
  expect(error).toBeUndefined();
  expect(result.content).toEqual([{ type: 'text', text: 'called' }]);
  await client.close();
}

describe.each(WIRES)('$name', (wire) => {
  it.each(UNUSABLE)('%j in the place of every optional member', (value) => works(wire, saying(value)));

  // Of joined servers, the lists of those are read that say that they have them.
  if (!wire.isJoined)
    it.each(UNUSABLE)('%j in the place of the capabilities and of the name', (value) =>
      works(wire, {
        ...saying(undefined),
        initialize: ({ protocolVersion }) =>
          JSON.stringify({ protocolVersion, capabilities: value, serverInfo: value }),
        'server/discover': JSON.stringify({
          resultType: 'complete',
          supportedVersions: [MODERN],
          capabilities: value,
          serverInfo: value,
        }),
      }),
    );
});
