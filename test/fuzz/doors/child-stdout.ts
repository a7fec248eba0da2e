// Bytes of any kind on the stdout of a local server, during a call.
import type net from 'node:net';
import { onLines, startPiped } from '../../peers/local/piped-child.ts';
import { startProxy } from '../../peers/proxy.ts';
import type { RpcMessage } from '../../peers/rpc.ts';
import { cut } from '../mutations.ts';
import { type Door, damaged, filled } from './door.ts';
import { SERVER_MESSAGES } from './messages.ts';

const CORPUS = [...SERVER_MESSAGES.map((line) => `${line}\n`), 'a line of a log\n\n'];

/** Answers as a server would, and lets `during` write first, with the id of each call. */
function serve(socket: net.Socket, during: (id: string) => void): void {
  const results: Record<string, object> = {
    initialize: {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'fuzz', version: '1' },
    },
    'tools/list': { tools: [] },
    'tools/call': { content: [] },
  };
  socket.on('error', () => {});
  onLines(socket, (line) => {
    const { id, method = '' } = JSON.parse(line) as RpcMessage;
    if (id === undefined || method === '') return;
    if (method === 'tools/call') during(JSON.stringify(id));
    const outcome = results[method] ? { result: results[method] } : { error: { code: -32601, message: 'no' } };
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...outcome })}\n`);
  });
}

export const childStdout: Door = {
  name: 'stdout of a local server',
  few: 300,
  async open() {
    let next: Buffer[] | undefined;
    const piped = await startPiped((socket) =>
      serve(socket, (id) => {
        for (const chunk of next ?? []) socket.write(filled(chunk, { ID: id }));
        if (next) socket.write('\n');
        next = undefined;
      }),
    );
    const proxy = startProxy(undefined, ['--timeout', '5', '--', ...piped.command]);
    const { rpc } = proxy;
    await rpc.initialize('2025-11-25');
    let calls = 0;
    const call = async (): Promise<RpcMessage> => {
      calls += 1;
      return (await rpc.exchange('tools/call', { name: 'a', arguments: {} }, `call-${calls}`)).message;
    };
    return {
      proxy,
      async feed(random) {
        next = cut(damaged(CORPUS, random), random);
        await call();
      },
      async works() {
        const { error } = await call();
        if (error) throw new Error(`a right call: ${JSON.stringify(error)}`);
        if (rpc.garbage.length > 0) throw new Error(`on stdout: ${rpc.garbage[0]}`);
        const answers = rpc.received.filter(({ message }) => String(message.id).startsWith('call-'));
        if (answers.length !== calls) throw new Error(`${calls} calls, ${answers.length} answers`);
      },
      async close() {
        await proxy.close();
        await piped.close();
      },
    };
  },
};
