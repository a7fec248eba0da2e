import { describe, expect, it } from 'vitest';
import { pageFor } from '../../../../../src/layers/join/lists/pages.ts';

const entries = Array.from({ length: 2_500 }, (_, at) => Buffer.from(`{"name":"tool-${at}"}`));
const options = { modern: false, id: 'proxy' };

function page(cursor?: unknown, of = entries, more = options) {
  const params = cursor === undefined ? {} : { params: Buffer.from(JSON.stringify({ cursor })) };
  const reply = pageFor({ method: 'tools/list', ...params }, of, more);
  return JSON.parse(('result' in reply ? reply.result : reply.error).toString());
}

describe('pages', () => {
  it('hold every entry once', () => {
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const { tools, nextCursor } = page(cursor);
      names.push(...tools.map(({ name }: { name: string }) => name));
      cursor = nextCursor;
    } while (cursor !== undefined);
    expect(names).toEqual(entries.map((_, at) => `tool-${at}`));
  });

  it('are one where there is little', () => {
    expect(page(undefined, entries.slice(0, 2))).toEqual({ tools: [{ name: 'tool-0' }, { name: 'tool-1' }] });
    expect(page(null, [])).toEqual({ tools: [] });
  });

  it('are no larger than a client can take, but hold at least one entry', () => {
    const large = Array.from({ length: 3 }, () => Buffer.from(JSON.stringify({ name: 'x'.repeat(3_000_000) })));
    expect(page(undefined, large).tools).toHaveLength(1);
  });

  it.each([['nowhere'], ['other.2500.1000'], ['proxy.2499.1000'], ['proxy.2500.-1'], ['proxy.2500.99999'], [7]])(
    'of the cursor %j do not exist',
    (cursor) => {
      expect(page(cursor)).toMatchObject({ code: -32602, data: { hint: expect.stringContaining('without a cursor') } });
    },
  );

  it('say for a modern client that they are stale at once', () => {
    expect(page(undefined, [], { ...options, modern: true })).toEqual({
      resultType: 'complete',
      ttlMs: 0,
      cacheScope: 'private',
      tools: [],
    });
  });
});
