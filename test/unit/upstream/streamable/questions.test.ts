import { expect, it } from 'vitest';
import type { Peer } from '../../../../src/core/exchange.ts';
import { errorCode, type Reply } from '../../../../src/core/jsonrpc.ts';
import { Questions } from '../../../../src/upstream/streamable/questions.ts';

const MIB = 1_048_576;
const OK: Reply = { result: Buffer.from('{}') };

/** A client that answers when the test says so. */
function client() {
  const waiting: ((reply: Reply) => void)[] = [];
  const peer: Peer = {
    notify: () => undefined,
    ask: () => new Promise((resolve) => waiting.push(resolve)),
    room: () => undefined,
  };
  return { peer, waiting };
}

it('questions that wait are bounded in bytes, and what is answered makes room', async () => {
  const { peer, waiting } = client();
  const delivered: [string, number | undefined][] = [];
  const questions = new Questions(async (id, reply) => void delivered.push([id, errorCode(reply)]));
  const put = (id: string, size: number): void =>
    void questions.put(id, { method: 'sampling/createMessage', params: Buffer.alloc(size) }, peer);

  put('1', 100 * MIB);
  put('2', 1);
  expect(waiting).toHaveLength(1);
  expect(delivered).toEqual([['2', -31008]]);

  waiting[0]?.(OK);
  await new Promise(setImmediate);
  expect(delivered.at(-1)).toEqual(['1', undefined]);
  for (let i = 0; i < 64; i++) put(`3${i}`, MIB);
  expect(waiting).toHaveLength(65);
  put('4', 1);
  expect(delivered.at(-1)).toEqual(['4', -31008]);
});
