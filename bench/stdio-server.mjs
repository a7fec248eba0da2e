// The same server over stdio, for the programs that can only put such a server
// behind HTTP. It is no part of what is measured, so it does as little as it can.
import { MODERN, resultOf } from './methods.mjs';

function answer(line) {
  const message = JSON.parse(line);
  if (message.id === undefined) return '';
  const modern = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] === MODERN;
  const result = resultOf(message, modern);
  const rest = result === undefined ? '"error":{"code":-32601,"message":"unknown method"}' : `"result":${result}`;
  return `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},${rest}}\n`;
}

let rest = '';
process.stdin.setEncoding('utf8').on('data', (chunk) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop();
  const answers = lines.map(answer).join('');
  if (answers) process.stdout.write(answers);
});
