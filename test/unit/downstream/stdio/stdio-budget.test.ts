// stdio: requests that wait for answers are counted in bytes, too.
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { StdioDownstream } from '../../../../src/downstream/stdio/stdio.ts';

const SILENT = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

it('refuses what would be more than 128 MiB of requests, and goes on with what is small', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const asked: string[] = [];
  const downstream = new StdioDownstream({ input, output }, SILENT);
  downstream.start({
    request: ({ call }) => {
      asked.push(call.method);
      return call.method === 'ping' ? Promise.resolve({ result: Buffer.from('{}') }) : new Promise(() => {});
    },
    notify: () => undefined,
  });
  const params = { x: 'x'.repeat(31 * 1_048_576) };
  for (const id of [1, 2, 3, 4, 5]) input.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'large', params })}\n`);
  input.write('{"jsonrpc":"2.0","id":6,"method":"ping"}\n');
  let text = '';
  for await (const chunk of output) {
    text += chunk;
    if (text.split('\n').length > 2) break;
  }
  const [refused, answered] = text.split('\n').map((line) => line && (JSON.parse(line) as object));
  expect(refused).toMatchObject({ id: 5, error: { code: -31008, message: expect.stringContaining('128 MiB') } });
  expect(answered).toMatchObject({ id: 6, result: {} });
  expect(asked).toEqual(['large', 'large', 'large', 'large', 'ping']);
});
