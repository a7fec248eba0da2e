// What is known of one of several servers: when its lists are read again.
import { expect, it } from 'vitest';
import { encode } from '../../../../src/core/json.ts';
import type { Call } from '../../../../src/core/jsonrpc.ts';
import { Catalog } from '../../../../src/layers/join/catalog.ts';
import type { Source } from '../../../../src/layers/join/lists/whole-list.ts';

const LIST = 'tools/list';
const LOG = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

function catalogOf(): Catalog {
  const memory = { recall: async () => undefined, remember: async () => {} };
  return new Catalog({ changes: { count: 0 }, memory, provisional: () => false, log: LOG, now: () => 0 });
}

/** A server with two pages; `during` runs while it answers the n-th request, from 1. */
function sourceOf(during: (n: number) => void): Source & { readonly cursors: (string | undefined)[] } {
  const cursors: (string | undefined)[] = [];
  return {
    cursors,
    first: (method) => ({ method, params: encode({}) }),
    ask: async ({ params }: Call) => {
      const { cursor } = JSON.parse(String(params)) as { cursor?: string };
      const n = cursors.push(cursor);
      await Promise.resolve();
      during(n);
      const tools = [{ name: cursor === undefined ? `first-${n}` : `second-${n}` }];
      return { result: encode({ tools, ...(cursor === undefined && { nextCursor: 'next' }) }) };
    },
  };
}

it('a list that changes while its first page is read is read once more', async () => {
  const catalog = catalogOf();
  const source = sourceOf((n) => n === 1 && catalog.stale(LIST));
  await catalog.load(LIST, source);
  expect(source.cursors).toEqual([undefined, 'next', undefined, 'next']);
  expect(catalog.list(LIST)?.keys).toEqual(['first-3', 'second-4']);
  expect(catalog.unchecked).toEqual([]);
});

it('a list that changes all the time is left for the next client that wants it', async () => {
  const catalog = catalogOf();
  const source = sourceOf(() => catalog.stale(LIST));
  await catalog.load(LIST, source);
  expect(source.cursors).toHaveLength(4);
  expect(catalog.unchecked).toEqual([LIST]);
});
