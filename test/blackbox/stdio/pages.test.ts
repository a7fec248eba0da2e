// Lists that come in pages.
import { afterEach, expect, it } from 'vitest';
import { legacyServer } from '../../peers/minimal-server.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies, startProxy } from '../../peers/proxy.ts';
import { startScripted } from '../../peers/scripted.ts';

const open = opened();
afterEach(closeProxies);

const page = (name: string, next?: string): string =>
  JSON.stringify({
    tools: [{ name, inputSchema: { type: 'object' } }],
    ...(next !== undefined && { nextCursor: next }),
  });

/** Every tool, as a client collects them. */
async function collected(
  listed: (params: { cursor?: string }) => string,
): Promise<{ names: string[]; stderr: string }> {
  const server = await open(startScripted('/mcp', legacyServer({ 'tools/list': listed })));
  const proxy = startProxy(server.url);
  await proxy.rpc.initialize('2025-11-25');
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const result = await proxy.rpc.request('tools/list', cursor === undefined ? {} : { cursor });
    names.push(...(result.tools as { name: string }[]).map(({ name }) => name));
    cursor = result.nextCursor;
  } while (cursor !== undefined && names.length < 20);
  await proxy.close();
  return { names, stderr: proxy.stderr };
}

it('a client gets every page, by the cursors of the server', async () => {
  const next: Record<string, string> = { '': 'b', b: 'c c/é' };
  const { names, stderr } = await collected(({ cursor = '' }) => page(cursor || 'a', next[cursor]));
  expect(names).toEqual(['a', 'b', 'c c/é']);
  expect(stderr).not.toContain('page');
});

it('a server that ignores the cursor does not keep a client in a circle, and the log says so', async () => {
  const { names, stderr } = await collected(() => page('a', 'again'));
  expect(names).toEqual(['a']);
  expect(stderr).toContain('warn: the server answered tools/list with a page that leads to itself; the list ends here');
});

it('a list whose pages lead in a circle ends there, and the log says so', async () => {
  const next: Record<string, string> = { '': 'b', b: 'c', c: 'b' };
  const { names, stderr } = await collected(({ cursor = '' }) => page(cursor || 'a', next[cursor]));
  expect(names).toEqual(['a', 'b', 'c']);
  expect(stderr).toContain('with a page that leads to an earlier one; the list ends here');
});
