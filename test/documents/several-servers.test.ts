// The configuration file of docs/several-servers.md, as a user starts it.
import { expect, it } from 'vitest';
import { scripted } from '../peers/local/scripted.ts';
import { legacyServer } from '../peers/minimal-server.ts';
import { opened } from '../peers/opened.ts';
import { startProxy } from '../peers/proxy.ts';
import { startScripted } from '../peers/scripted.ts';
import { configFile } from '../peers/several/config-file.ts';
import { at, BLOCKS } from './blocks.ts';

const open = opened();
const EXAMPLES = BLOCKS.filter(
  ({ document, language }) => document === 'docs/several-servers.md' && language === 'jsonc',
);

it('has one example', () => {
  expect(EXAMPLES).toHaveLength(1);
});

it.each(EXAMPLES.map((block) => [at(block), block.text]))('%s connects to its servers', async (_, text) => {
  const tools =
    '{"tools":[{"name":"find","inputSchema":{"type":"object"}},{"name":"admin_reset","inputSchema":{"type":"object"}}]}';
  const search = await open(startScripted('/mcp', legacyServer({ 'tools/list': tools })));
  const files = await open(scripted());
  const [program, ...args] = files.command;
  const local = text
    .replace('https://search.example/mcp', search.url)
    .replace('"npx"', JSON.stringify(program))
    .replace('["-y", "some-server", "/srv/files"]', JSON.stringify(args));
  const file = await open(configFile(local));
  const { rpc } = startProxy(undefined, ['--config', file.path], { env: { SEARCH_TOKEN: 'a-token' } });
  await rpc.initialize();
  let names: string[] = [];
  const isWhole = (): boolean => names.includes('echo') && names.includes('find');
  while (!isWhole()) {
    names = (await rpc.request('tools/list')).tools.map(({ name }: { name: string }) => name);
    if (!isWhole()) await rpc.next('notifications/tools/list_changed');
  }
  // The server that is turned off has none, and the filter hides one.
  expect(names.sort()).toEqual(['echo', 'find']);
  expect(search.requests[0]?.headers.authorization).toBe('Bearer a-token');
});
