import { expect, it } from 'vitest';
import { offeredTools } from '../../../src/layers/offered-tools.ts';
import { behind, exchangeOf, result } from './exchanges.ts';

it('notes every page of the list of tools, changes nothing, and notes nothing else', async () => {
  const noted: [string | undefined, string][] = [];
  const layer = offeredTools((call, page) => noted.push([call.params?.toString(), String(page)]));
  const page = result('{"tools":[]}');
  const refused = { error: Buffer.from('{"code":-32601}') };
  expect(await behind(layer, async () => page)(exchangeOf('tools/list', '{"cursor":"2"}').exchange)).toBe(page);
  expect(await behind(layer, async () => refused)(exchangeOf('tools/list').exchange)).toBe(refused);
  expect(await behind(layer, async () => page)(exchangeOf('prompts/list').exchange)).toBe(page);
  await expect(
    behind(layer, () => Promise.reject(new Error('failed')))(exchangeOf('tools/list').exchange),
  ).rejects.toThrow('failed');
  expect(noted).toEqual([['{"cursor":"2"}', '{"tools":[]}']]);
});
