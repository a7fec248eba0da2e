// A small MCP server over Streamable HTTP with sessions, made with the official
// SDK. `node examples/server.mjs [port]` runs it alone.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  localhostHostValidation,
  localhostOriginValidation,
  NodeStreamableHTTPServerTransport,
} from '@modelcontextprotocol/node';
import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

const STEP_MS = 150;

function buildServer() {
  const server = new McpServer({ name: 'example-server', version: '1.0.0' });

  server.registerTool(
    'greet',
    { description: 'Greets somebody by name', inputSchema: z.object({ name: z.string() }) },
    ({ name }) => text(`Hello, ${name}!`),
  );

  server.registerTool(
    'add',
    { description: 'Adds two numbers', inputSchema: z.object({ a: z.number(), b: z.number() }) },
    ({ a, b }) => text(String(a + b)),
  );

  server.registerTool(
    'count',
    { description: 'Counts up and reports each step', inputSchema: z.object({ to: z.number().int().min(1).max(100) }) },
    async ({ to }, ctx) => {
      const progressToken = ctx.mcpReq._meta?.progressToken;
      for (let step = 1; step <= to; step += 1) {
        await delay(STEP_MS, undefined, { signal: ctx.mcpReq.signal });
        if (progressToken === undefined) continue;
        const params = { progressToken, progress: step, total: to };
        await ctx.mcpReq.notify({ method: 'notifications/progress', params });
      }
      return text(`Counted to ${to}.`);
    },
  );

  return server;
}

/** @param {string} value */
function text(value) {
  return { content: [{ type: /** @type {const} */ ('text'), text: value }] };
}

/** @param {number} [port] 0 picks a free one */
export async function startServer(port = 0) {
  /** @type {Map<string, NodeStreamableHTTPServerTransport>} */
  const sessions = new Map();
  const isHostAllowed = localhostHostValidation();
  const isOriginAllowed = localhostOriginValidation();

  const http = createServer(async (req, res) => {
    if (!isHostAllowed(req, res) || !isOriginAllowed(req, res)) return;
    if (new URL(req.url ?? '/', 'http://localhost').pathname !== '/mcp') return void res.writeHead(404).end();
    try {
      const id = req.headers['mcp-session-id'];
      const known = typeof id === 'string' ? sessions.get(id) : undefined;
      if (id !== undefined && !known) return void res.writeHead(404).end('unknown session');
      // Without a session only `initialize` is accepted, by the transport itself.
      await (known ?? (await openSession(sessions))).handleRequest(req, res);
    } catch (error) {
      if (!res.headersSent) res.writeHead(500);
      res.end(String(error));
    }
  });

  await new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  const address = /** @type {import('node:net').AddressInfo} */ (http.address());

  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    openSessions: () => sessions.size,
    close: async () => {
      for (const transport of sessions.values()) await transport.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** @param {Map<string, NodeStreamableHTTPServerTransport>} sessions */
async function openSession(sessions) {
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  await buildServer().connect(transport);
  return transport;
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { url } = await startServer(Number(process.argv[2] ?? 0));
  process.stdout.write(`example server on ${url}\n`);
}
