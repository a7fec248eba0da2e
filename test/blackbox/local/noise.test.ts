// What a local server writes on stdout besides its messages changes nothing for the calls in flight.
import { expect, it } from 'vitest';
import { scripted } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';

const open = opened();

it.each([
  ['a log line with an id of its own and a result', '{"id":"a1","result":"log"}'],
  ['a log line with the id of the call and the text of an error', '{"id":ID,"error":"log"}'],
  ['a log line with the id of the call', '{"id":ID,"msg":"x"}'],
  ['a request of JSON-RPC 1.0', '{"jsonrpc":"1.0","id":ID,"method":"ping"}'],
  ['a log line with a method', '{"method":"GET","path":"/"}'],
  ['a line that is half JSON, with the id of the call', '{"id":ID,"msg":oops}'],
  ['an answer to a request that never was, of an unknown version', '{"id":99999,"result":{}}'],
  ['a batch of such lines', '[{"id":ID,"msg":"x"},{"id":99999,"result":{}}]'],
])('the true answer arrives after %s', async (_, line) => {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  const { content } = await proxy.rpc.request('tools/call', { name: 'say', arguments: { lines: [line] } });
  expect(content).toEqual([{ type: 'text', text: 'the answer' }]);
  await proxy.stderrMatching(/such lines are skipped/);
  await proxy.close();
  expect(proxy.rpc.received.filter(({ message }) => message.method !== undefined)).toEqual([]);
});

it.each([
  ['an answer to a request that never was', '{"jsonrpc":"2.0","id":99999,"result":{}}'],
  ['an error for a request that never was', '{"jsonrpc":"2.0","id":"x","error":{"code":-32000,"message":"stray"}}'],
  ['an error without an id', '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}'],
])('no call of several is ended by %s', async (_, line) => {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  const other = proxy.rpc.request('tools/call', { name: 'hangs' }).catch((error: Error) => error);
  await proxy.stderrMatching(/the call hangs/);
  const { content } = await proxy.rpc.request('tools/call', { name: 'say', arguments: { lines: [line] } });
  expect(content).toEqual([{ type: 'text', text: 'the answer' }]);
  await proxy.stderrMatching(/such lines are skipped/);
  await proxy.close();
  // The other one went on until the end.
  expect(await other).toMatchObject({ code: -31003 });
});

it('an answer can spell the id of its call as a string', async () => {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  const lines = ['{"jsonrpc":"2.0","id":"ID","result":{"content":[]}}'];
  const { content } = await proxy.rpc.request('tools/call', { name: 'say', arguments: { lines } });
  expect(content).toEqual([]);
});
