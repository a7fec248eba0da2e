// Several messages as one array (revision 2025-03-26), between a client and a local server.
import { expect, it } from 'vitest';
import { scripted } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';

const open = opened();

async function start(revision: string): Promise<ProxyProcess> {
  const server = await open(scripted());
  const proxy = startProxy(undefined, ['--', ...server.command]);
  await proxy.rpc.initialize(revision);
  return proxy;
}

const call = (id: number | string, name: string, args: object): object => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});
const text = (said: string): object => ({ content: [{ type: 'text', text: said }] });

it('of the client are answered as one array', async () => {
  const proxy = await start('2025-03-26');
  const note = { jsonrpc: '2.0', method: 'notifications/roots/list_changed' };
  const batch = [call('a', 'echo', { text: 'one' }), note, call(1, 'echo', { text: 'two' })];
  proxy.rpc.raw(JSON.stringify(batch));
  const { line } = await proxy.rpc.next((_message, written) => written.startsWith('['));
  const answers = JSON.parse(line) as { id: unknown; result: unknown }[];
  expect(new Map(answers.map(({ id, result }) => [id, result]))).toEqual(
    new Map<unknown, unknown>([
      ['a', text('one')],
      [1, text('two')],
    ]),
  );
  expect((await proxy.rpc.request('tools/call', { name: 'heard' })).content).toEqual([{ type: 'text', text: '2' }]);
  await proxy.close();
});

it('of the client are refused in another revision', async () => {
  const proxy = await start('2025-06-18');
  proxy.rpc.raw(JSON.stringify([call('a', 'echo', { text: 'one' })]));
  const { message } = await proxy.rpc.next(({ id }) => id === null);
  expect(message.error?.code).toBe(-32600);
  await proxy.close();
});

it('of the server answer the calls that they name, and reach the client', async () => {
  const proxy = await start('2025-03-26');
  const first = proxy.rpc.request('tools/call', { name: 'hangs' });
  await proxy.stderrMatching(/the call hangs/);
  // `initialize` had the id 1 at the server.
  const messages = [
    { jsonrpc: '2.0', id: 3, result: text('second') },
    { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'between' } },
    { jsonrpc: '2.0', id: 2, result: text('first') },
  ];
  const second = proxy.rpc.request('tools/call', { name: 'print', arguments: { lines: [JSON.stringify(messages)] } });
  expect(await Promise.all([first, second])).toEqual([text('first'), text('second')]);
  const { message } = await proxy.rpc.next('notifications/message');
  expect(message.params).toEqual({ level: 'info', data: 'between' });
  await proxy.close();
});
