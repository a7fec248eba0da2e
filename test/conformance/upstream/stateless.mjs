// The content carried by the official SDK v2 at 2026-07-28: no initialize, no sessions, a server for each request.
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  createMcpHandler,
  fromJsonSchema,
  McpServer,
  ResourceTemplate,
} from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { CAPABILITIES, PLAIN_TOOLS, PROMPTS, RESOURCES, required, SERVER_INFO, TEMPLATE } from './content.mjs';
import { ROUND_PROMPTS, ROUND_TOOLS, seal } from './rounds.mjs';
import { skills } from './skills.mjs';

function callOf({ mcpReq }, notify) {
  return {
    progressToken: mcpReq._meta?.progressToken,
    notify: (method, params) => mcpReq.notify({ method, params }),
    log: (level, data) => mcpReq.log(level, data),
    answers: mcpReq.inputResponses ?? {},
    accepted: (key) => acceptedContent(mcpReq.inputResponses, key),
    get state() {
      return mcpReq.requestState();
    },
    seal: (value) => seal.mint(value),
    capabilities: mcpReq.envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? {},
    announce: (what) => (what === 'tools' ? notify().toolsChanged() : notify().promptsChanged()),
  };
}

/** @param notify what tells the clients of changes; left out: the connection of the server itself */
function buildServer(notify) {
  const server = new McpServer(SERVER_INFO, { capabilities: CAPABILITIES, requestState: { verify: seal.verify } });
  const own = {
    toolsChanged: () => server.sendToolListChanged(),
    promptsChanged: () => server.sendPromptListChanged(),
  };
  const notifier = notify ?? (() => own);
  for (const { name, description, inputSchema, run } of [...PLAIN_TOOLS, ...ROUND_TOOLS]) {
    server.registerTool(name, { description, inputSchema: fromJsonSchema(inputSchema) }, async (args, ctx) =>
      run(args, callOf(ctx, notifier)),
    );
  }
  for (const { name, description, arguments: wanted, render } of [...PROMPTS, ...ROUND_PROMPTS]) {
    // The SDK gives the arguments to those prompts only that have some.
    if (!wanted) {
      server.registerPrompt(name, { description }, async (ctx) => render({}, callOf(ctx, notifier)));
      continue;
    }
    const schema = required(
      Object.fromEntries(
        wanted.map((argument) => [argument.name, { type: 'string', description: argument.description }]),
      ),
    );
    server.registerPrompt(name, { description, argsSchema: fromJsonSchema(schema) }, async (args, ctx) =>
      render(args, callOf(ctx, notifier)),
    );
  }
  for (const { name, uri, description, mimeType, body } of RESOURCES) {
    const contents = [{ uri, mimeType, ...body }];
    server.registerResource(name, uri, { description, mimeType }, async () => ({ contents }));
  }
  const { name, uriTemplate, description, mimeType, read } = TEMPLATE;
  const template = new ResourceTemplate(uriTemplate, { list: undefined });
  server.registerResource(name, template, { description, mimeType }, async (uri, { id }) => ({
    contents: [{ uri: uri.href, mimeType, text: read(id) }],
  }));
  server.server.setRequestHandler('completion/complete', () => ({
    completion: { values: ['paris', 'park'], total: 2 },
  }));
  skills.attach(server);
  return server;
}

/** A handler `(req, res, body)` for one endpoint. */
export function statelessHandler() {
  const handler = createMcpHandler(() => buildServer(() => handler.notify), { legacy: 'reject' });
  return toNodeHandler(handler);
}

/** All clients, on standard input and output. */
export function serveStatelessOnStdio() {
  serveStdio(() => buildServer(), { legacy: 'reject' });
}
