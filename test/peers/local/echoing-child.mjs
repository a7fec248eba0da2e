// A local server of 2025-11-25 that answers every request with the lines it got, as they were. Before it answers
// `tasks/get`, it tells the client of a task, and asks about one of the client's own.
import { createInterface } from 'node:readline';

const CAPABILITIES = { tools: {}, resources: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } };
const write = (line) => process.stdout.write(`${line}\n`);
const answer = (id, result) => write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`);
const seen = (...lines) => `{ "f":1.0, "n":12345678901234567890,"seen":${JSON.stringify(lines)} }`;
let waiting;

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') {
    const { protocolVersion } = params;
    answer(
      id,
      JSON.stringify({ protocolVersion, capabilities: CAPABILITIES, serverInfo: { name: 'e', version: '1' } }),
    );
  } else if (method === 'server/discover') {
    write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32601,"message":"Method not found"}}`);
  } else if (method === 'tasks/get') {
    waiting = { id, line };
    write('{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{ "taskId":"t","f":1.0}}');
    write('{"jsonrpc":"2.0","id":"own","method":"tasks/get","params":{ "taskId":"c","f":1.0}}');
  } else if (id === 'own') {
    answer(waiting.id, seen(waiting.line, line));
  } else if (id !== undefined) {
    answer(id, seen(line));
  }
});
