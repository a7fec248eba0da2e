// The server behind the proxy in server mode: it offers all that the suite's server scenarios ask for.
//   node main.mjs sessions     the revisions that open with initialize
//   node main.mjs stateless    2026-07-28
//   node main.mjs sessions stdio, node main.mjs stateless stdio    the same on stdin and stdout
// Says `listening on ORIGIN` on stderr, serves at /mcp, and ends with its stdin, so that it does not outlive whoever
// started it.
import http from 'node:http';
import { localhostHostValidation, localhostOriginValidation } from '@modelcontextprotocol/node';

const PATH = '/mcp';
const isLocalHost = localhostHostValidation();
const isLocalOrigin = localhostOriginValidation();

async function handlerOf(kind) {
  if (kind === 'sessions') return (await import('./sessions.mjs')).sessionsHandler();
  if (kind === 'stateless') return (await import('./stateless.mjs')).statelessHandler();
  throw new Error(`sessions or stateless, not ${kind}`);
}

async function bodyOf(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

const [, , kind, wire] = process.argv;
if (wire === 'stdio') {
  if (kind === 'sessions') await (await import('./sessions.mjs')).serveSessionsOnStdio();
  else await (await import('./stateless.mjs')).serveStatelessOnStdio();
} else {
  await listen();
}

async function listen() {
const handle = await handlerOf(kind);
const server = http.createServer(async (req, res) => {
  if (!isLocalHost(req, res) || !isLocalOrigin(req, res)) return;
  if (req.url !== PATH) return void res.writeHead(404).end();
  try {
    const body = req.method === 'POST' ? await bodyOf(req) : undefined;
    await handle(req, res, body);
  } catch (error) {
    console.error(error);
    if (res.headersSent) res.destroy();
    else res.writeHead(error instanceof SyntaxError ? 400 : 500).end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => console.error(`listening on http://127.0.0.1:${server.address().port}`));
process.stdin.resume().once('end', () => process.exit(0));
}
