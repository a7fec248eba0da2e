// A mistake in the program itself: it ends, and until then stdout has nothing but the protocol, and every request its
// answer.
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { closeHostiles } from '../../peers/hostile.ts';
import { answersTo } from '../../peers/hostile-eras.ts';
import { closeProxies } from '../../peers/proxy.ts';
import { closeUpstreams, UPSTREAMS } from '../../peers/upstreams.ts';

// Hooks run from the last one to the first.
afterEach(closeUpstreams);
afterEach(closeHostiles);
afterEach(closeProxies);

/** The mistakes that `mistakes.cjs` makes at SIGUSR2. */
const MISTAKES: [string, string][] = [
  ['an error that nobody catches', 'thrown'],
  ['a rejection that nobody handles', 'rejected'],
  ['a value that is no error', 'no-error'],
  ['a text as a rejection', 'text'],
];
const MAKER = fileURLToPath(new URL('../../peers/mistakes.cjs', import.meta.url));
const CALL = { name: 'echo', arguments: {} };

describe.each(UPSTREAMS)('$name', ({ era, start }) => {
  it.each(MISTAKES)('%s', async (_, mistake) => {
    const { proxy, got } = await start([], { nodeArgs: ['--require', MAKER], env: { MISTAKE: mistake } });
    const calls = ['one', 'two'].map((id) => {
      proxy.rpc.raw(era.line(id, 'tools/call', CALL));
      return proxy.rpc.response(id);
    });
    await got('tools/call', 2);
    proxy.kill('SIGUSR2');
    expect(await proxy.exit()).toEqual({ code: 1, signal: null });
    for (const call of calls) expect((await call).message.error).toMatchObject({ code: -31003 });
    for (const id of ['one', 'two']) expect(answersTo(proxy, id)).toHaveLength(1);
    expect(proxy.rpc.garbage).toEqual([]);
    const errors = proxy.stderr.split('\n').filter((line) => line.includes(' error: '));
    expect(errors, proxy.stderr).toHaveLength(1);
    for (const line of proxy.stderr.trimEnd().split('\n')) expect(line).toMatch(/^mcp-proxy: (?:info|warn|error): /);
  });
});
