// What a local server writes on stdout beside its answers: it changes nothing for the calls in flight.
import { expect, it } from 'vitest';
import { scripted } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';

const open = opened();

it.each([
  ['a log line with the id of the call and a result', '{"id":ID,"result":"log"}'],
  ['a log line with the id of the call', '{"id":ID,"msg":"x"}'],
  ['a message of JSON-RPC 1.0', '{"jsonrpc":"1.0","id":ID,"result":{}}'],
  ['a log line with a method', '{"method":"GET","path":"/"}'],
  ['a line that is half JSON, with the id of the call', '{"id":ID,"msg":oops}'],
  ['an answer to a request that never was', '{"jsonrpc":"2.0","id":99999,"result":{}}'],
  ['an error for a request that never was', '{"jsonrpc":"2.0","id":"x","error":{"code":-32000,"message":"stray"}}'],
  ['an error without an id', '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}'],
  ['a batch of such lines', '[{"id":ID,"result":"log"},{"jsonrpc":"2.0","id":99999,"result":{}}]'],
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

it('an answer may spell the id of its call as a string', async () => {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize();
  const lines = ['{"jsonrpc":"2.0","id":"ID","result":{"content":[]}}'];
  const { content } = await proxy.rpc.request('tools/call', { name: 'say', arguments: { lines } });
  expect(content).toEqual([]);
});
