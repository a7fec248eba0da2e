// Each entry in the documents connects a client to a server when it is started as a host would start it.
import { expect, it } from 'vitest';
import { legacyServer } from '../peers/minimal-server.ts';
import { opened } from '../peers/opened.ts';
import { startProxy } from '../peers/proxy.ts';
import { startScripted } from '../peers/scripted.ts';
import { at, BLOCKS } from './blocks.ts';
import { dataOf, type Entry, entriesIn, isStarting, ownArguments } from './entries.ts';

const open = opened();

/** Those of docs/providers.md need their providers: providers-page.test.ts checks them. */
const ENTRIES = BLOCKS.filter(
  ({ document, language }) => /^(json|toml)$/.test(language) && document !== 'docs/providers.md',
).flatMap((block) =>
  entriesIn(dataOf(block))
    .filter(isStarting)
    .map((entry): [string, Entry] => [at(block), entry]),
);

it('finds entries for all hosts', () => {
  const places = ENTRIES.map(([place]) => place);
  expect(places.filter((place) => place.startsWith('docs/hosts.md')).length).toBeGreaterThan(11);
  expect(places.filter((place) => place.startsWith('README.md')).length).toBeGreaterThan(1);
});

it.each(ENTRIES)('%s', async (_, { command, env }) => {
  const server = await open(startScripted('/mcp', legacyServer()));
  const args = (ownArguments(command) ?? []).map((word) =>
    /^https:\/\/[\w.]+\.(example|example\.com)\/mcp$/.test(word) ? server.url : word,
  );
  expect(args).toContain(server.url);
  const proxy = startProxy(undefined, args, { env });
  await proxy.rpc.initialize('2025-11-25');
  expect((await proxy.rpc.request('tools/list')).tools).toHaveLength(1);
  expect(await proxy.close()).toEqual({ code: 0, signal: null });

  // The server gets the headers or variables that the entry has for it.
  const [name = ''] = Object.keys(env);
  if (name !== '') expect(server.requests.map(({ headers }) => headers.authorization)).toContain(`Bearer ${env[name]}`);
});
