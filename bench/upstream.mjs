// The server every contestant talks to: raw node:http, as little work a call as
// possible, so that what is measured is the program in between. It speaks the
// revisions with sessions and 2026-07-28, and keeps a log of what arrived before
// the first `tools/call`. At /modern it speaks only 2026-07-28, and at /legacy only
// the others.
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { MODERN, resultOf } from './methods.mjs';

const sessions = new Set();
const beforeFirstCall = [];
let called = false;

function record(request, method) {
  called ||= method === 'tools/call';
  if (!called) beforeFirstCall.push(method ? `${request.method} ${method}` : `${request.method} ${request.url}`);
}

function fail(response, status, message, id = null) {
  const body = JSON.stringify({ jsonrpc: '2.0', id, error: { code: status === 200 ? -32601 : -32000, message } });
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

function unsupported(response, { id = null, params }) {
  const data = { supported: [MODERN], requested: params?.protocolVersion };
  const error = { code: -32022, message: 'unsupported version', data };
  response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, error }));
}

function answer(message, result, response, headers) {
  const head = `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":`;
  const sse = message.params?.arguments?.sse === true;
  const parts = sse ? [`event: message\ndata: ${head}`, result, '}\n\n'] : [head, result, '}'];
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  // A stream's length is not known in advance on a real server, so none is announced.
  response.writeHead(
    200,
    sse
      ? { ...headers, 'content-type': 'text/event-stream' }
      : { ...headers, 'content-type': 'application/json', 'content-length': body.length },
  );
  response.end(body);
}

const PATHS = ['/mcp', '/modern', '/legacy'];

function post(request, response, message) {
  const modern = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] === MODERN;
  if (modern && request.url === '/legacy') return fail(response, 400, 'no session id', message.id);
  if (!modern && request.url === '/modern') return unsupported(response, message);
  const headers = {};
  if (message.method === 'initialize') {
    headers['mcp-session-id'] = randomUUID();
    sessions.add(headers['mcp-session-id']);
  } else if (!modern && message.method !== 'server/discover') {
    const session = request.headers['mcp-session-id'];
    if (session === undefined) return fail(response, 400, 'no session id', message.id);
    if (!sessions.has(session)) return fail(response, 404, 'unknown session', message.id);
  }
  if (message.id === undefined) return void response.writeHead(202).end();
  const result = resultOf(message, modern);
  if (result === undefined) return fail(response, 200, 'unknown method', message.id);
  answer(message, result, response, headers);
}

const server = http.createServer((request, response) => {
  if (request.method !== 'POST' || !PATHS.includes(request.url)) {
    record(request);
    request.resume();
    if (!PATHS.includes(request.url)) response.writeHead(404).end();
    else if (request.method !== 'DELETE') response.writeHead(405, { allow: 'POST, DELETE' }).end();
    else response.writeHead(sessions.delete(request.headers['mcp-session-id']) ? 200 : 404).end();
    return;
  }
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const message = JSON.parse(Buffer.concat(chunks).toString());
    record(request, message.method);
    post(request, response, message);
  });
});

// Sockets idle while another contestant has its turn; closing them then would
// measure reconnection.
server.keepAliveTimeout = 0;
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}/mcp`;
  if (process.send) process.send({ url });
  else process.stdout.write(`${url}\n`);
});
process.on('message', () => process.send({ beforeFirstCall }));
process.on('disconnect', () => process.exit(0));
