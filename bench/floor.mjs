// The floor: the least a program between a stdio client and an HTTP server can
// do. Every ratio of the benchmark is taken against it, so it has no features.
import http from 'node:http';

const url = new URL(process.argv[2]);
const agent = new http.Agent({ keepAlive: true });
const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
let answered = false;

function deliver(response, body) {
  if (!answered) {
    answered = true;
    const session = response.headers['mcp-session-id'];
    const version = /"protocolVersion":"([^"]+)"/.exec(body.toString())?.[1];
    if (session) headers['mcp-session-id'] = session;
    if (version) headers['mcp-protocol-version'] = version;
  }
  if (body.length === 0) return;
  // Latin-1 is bytes as they are: decoding UTF-8 would cost more than the hop.
  const text = body.toString('latin1');
  const stream = response.headers['content-type'].startsWith('text/event-stream');
  if (!stream) process.stdout.write(`${text}\n`, 'latin1');
  else
    for (const line of text.split('\n'))
      if (line.startsWith('data: ')) process.stdout.write(`${line.slice(6)}\n`, 'latin1');
}

function forward(line) {
  const length = Buffer.byteLength(line);
  const request = http.request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': length } });
  request.on('response', (response) => {
    const chunks = [];
    response.on('data', (chunk) => chunks.push(chunk));
    response.on('end', () => deliver(response, Buffer.concat(chunks)));
  });
  request.end(line);
}

let rest = '';
process.stdin.setEncoding('utf8').on('data', (chunk) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop();
  for (const line of lines) forward(line);
});
