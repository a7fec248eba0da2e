// Local servers that do not say what they speak: silent or ending at a question that they do not know, slow to read, or
// refusing an `initialize` with any error.
import type net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { onLines, startPiped } from '../../peers/local/piped-child.ts';
import { scripted } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { startProxy } from '../../peers/proxy.ts';
import { MODERN, modernParams, type RpcMessage } from '../../peers/rpc.ts';

const open = opened();
afterEach(closeServings);

const CONTENT = { content: [{ type: 'text', text: 'called' }] };
const TOOLS = { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] };
const SERVER = { capabilities: { tools: {} }, serverInfo: { name: 'local', version: '1' } };
const CACHE = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };

const LEGACY: Record<string, object> = {
  initialize: { protocolVersion: '2025-11-25', ...SERVER },
  'tools/list': TOOLS,
  'tools/call': CONTENT,
};
const MODERN_ONLY: Record<string, object> = {
  'server/discover': { ...CACHE, ...SERVER, supportedVersions: [MODERN] },
  'tools/list': { ...CACHE, ...TOOLS },
  'tools/call': { resultType: 'complete', ...CONTENT },
};

/** A process of a server, as this test sees it. */
interface Process {
  readonly socket: net.Socket;
  /** The methods of what it was sent. */
  readonly methods: string[];
  answer(id: RpcMessage['id'], outcome: object): void;
}

type Take = (message: RpcMessage, to: Process) => void;

/** A server whose processes take their messages like this, each with a function of its own. */
async function startServer(take: (number: number) => Take) {
  const processes: Process[] = [];
  const piped = await open(
    startPiped((socket) => {
      const write = (message: object): void => void socket.write(`${JSON.stringify(message)}\n`);
      const answer: Process['answer'] = (id, outcome) => write({ jsonrpc: '2.0', id, ...outcome });
      const process: Process = { socket, methods: [], answer };
      processes.push(process);
      const taken = take(processes.length);
      socket.on('error', () => {});
      onLines(socket, (text) => {
        const message = JSON.parse(text) as RpcMessage;
        process.methods.push(message.method ?? 'an answer');
        taken(message, process);
      });
    }),
  );
  return { command: piped.command, processes };
}

/** Answers what it knows, and anything else with an error, or not at all. */
function serve(results: Record<string, object>, { id, method = '' }: RpcMessage, to: Process, error?: object): void {
  const result = results[method];
  if (id === undefined || !(result ?? error)) return;
  to.answer(id, result ? { result } : { error });
}

const UNKNOWN = { code: -32_601, message: 'Method not found' };

type Ask = (method: string, params?: object) => Promise<RpcMessage>;

/** A client of 2026-07-28 in front of a command. */
const CLIENTS: readonly [name: string, (command: readonly string[]) => Promise<Ask>][] = [
  [
    'on stdio',
    async (command) => {
      const { rpc } = startProxy(undefined, ['--', ...command]);
      return async (method, params = {}) => (await rpc.exchange(method, modernParams(params))).message;
    },
  ],
  [
    'over HTTP',
    async (command) => {
      const serving = await startServing(undefined, ['--', ...command]);
      const client = new ModernClient(`${serving.url}/mcp`);
      await open({ close: async () => client.vanish() });
      return async (method, params) => (await client.call(method, params)).message;
    },
  ],
];

/** What all processes were sent before they were asked for the tools. */
const openings = (processes: readonly Process[]): string[][] =>
  processes.map(({ methods }) => methods.filter((method) => !method.startsWith('tools/')));

describe.each(CLIENTS)('a client of 2026-07-28 %s', (wire, start) => {
  const isShared = wire === 'over HTTP';

  it.each(['server/discover', 'tools/list'])(
    'uses an older server that does not answer what it does not know, and opens with %s',
    async (first) => {
      const { command, processes } = await startServer(() => (message, to) => serve(LEGACY, message, to));
      const ask = await start(command);
      const opening = (await ask(first)).result;
      if (first === 'server/discover') expect(opening.supportedVersions).toEqual([MODERN]);
      expect((await ask('tools/list')).result.tools).toHaveLength(1);
      expect((await ask('tools/call', { name: 'echo', arguments: {} })).result.content).toEqual(CONTENT.content);
      const session = ['initialize', 'notifications/initialized'];
      const expected = isShared
        ? // The one that all clients would share cannot serve this one.
          [['server/discover', 'initialize'], session]
        : [['server/discover', ...session]];
      expect(openings(processes)).toEqual(expected);
    },
  );

  it('sends one initialize for all waiting requests to an older server that does not answer', async () => {
    const { command, processes } = await startServer(() => (message, to) => serve(LEGACY, message, to));
    const ask = await start(command);
    const [discovered, listed] = await Promise.all([ask('server/discover'), ask('tools/list')]);
    expect(discovered.result.supportedVersions).toEqual([MODERN]);
    expect(listed.result.tools).toHaveLength(1);
    const opened = processes.map(({ methods }) => methods.filter((method) => method === 'initialize'));
    expect(opened).toEqual(isShared ? [['initialize'], ['initialize']] : [['initialize']]);
  });

  it('uses an older server that ends at a message before initialize', async () => {
    const server = await open(scripted({ dies: 'discover' }));
    const ask = await start(server.command);
    expect((await ask('server/discover')).result.supportedVersions).toEqual([MODERN]);
    const { result } = await ask('tools/call', { name: 'state', arguments: {} });
    expect(JSON.parse(result.content[0].text)).toMatchObject({ initializations: 1, initialized: 1 });
    expect(server.pids()).toHaveLength(2);
  });

  it('learns why a server cannot start', async () => {
    const server = await open(scripted({ dies: 'start' }));
    const ask = await start(server.command);
    const { error } = await ask('server/discover');
    expect(error?.code).toBe(-31_003);
    expect(error?.message).toContain('ended with exit code 3');
    expect(error?.message).toContain('API_KEY is not set');
    expect(server.pids()).toHaveLength(2);
  });

  it('keeps the process of a server of 2026-07-28 that is slow to read', async () => {
    const { command, processes } = await startServer(() => {
      let unread: RpcMessage[] | undefined = [];
      return (message, to) => {
        unread?.push(message);
        if (unread && message.method !== 'initialize') return;
        for (const read of unread ?? [message]) serve(MODERN_ONLY, read, to, UNKNOWN);
        unread = undefined;
      };
    });
    const ask = await start(command);
    expect((await ask('server/discover')).result).toMatchObject(MODERN_ONLY['server/discover'] as object);
    expect((await ask('tools/list')).result).toEqual(MODERN_ONLY['tools/list']);
    expect(processes.map(({ methods }) => methods.slice(0, 2))).toEqual([['server/discover', 'initialize']]);
    expect(processes[0]?.methods.at(-1)).toBe('tools/list');
  });

  it('uses 2026-07-28 with a server of both eras that is slow to read', async () => {
    const { command, processes } = await startServer(() => {
      let unread: RpcMessage[] | undefined = [];
      let isLegacy = false;
      const read: Take = (message, to) => {
        isLegacy ||= message.method === 'initialize';
        serve(isLegacy ? LEGACY : MODERN_ONLY, message, to, UNKNOWN);
      };
      return (message, to) => {
        unread?.push(message);
        // Only the first process has to be downloaded.
        if (unread && to === processes[0] && message.method !== 'initialize') return;
        for (const one of unread ?? [message]) read(one, to);
        unread = undefined;
      };
    });
    const ask = await start(command);
    expect((await ask('server/discover')).result).toMatchObject(MODERN_ONLY['server/discover'] as object);
    expect((await ask('tools/list')).result).toEqual(MODERN_ONLY['tools/list']);
    expect(processes[0]?.methods).toEqual(['server/discover', 'initialize']);
    expect(processes.at(-1)?.methods).not.toContain('initialize');
    expect(processes).toHaveLength(2);
  });
});

/** A client of 2025-11-25 in front of a command: what it gets for its `initialize`, and for a call then. */
const OLDER_CLIENTS: readonly [name: string, (command: readonly string[]) => Promise<Ask>][] = [
  [
    'on stdio',
    async (command) => {
      const { rpc } = startProxy(undefined, ['--', ...command]);
      return async (method, params) => (await rpc.exchange(method, params)).message;
    },
  ],
  [
    'over HTTP',
    async (command) => {
      const serving = await startServing(undefined, ['--', ...command]);
      const client = new StreamableClient(`${serving.url}/mcp`);
      await open({ close: async () => client.vanish() });
      return async (method, params) => {
        const pending = client.begin(method, params);
        const { message } = await pending.answer;
        const session = (await pending.response).headers['mcp-session-id'];
        if (typeof session === 'string') client.sessionId = session;
        return message;
      };
    },
  ],
];

const OPENING = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };

describe.each(OLDER_CLIENTS)('an older client %s', (_, start) => {
  it.each([-32_000, -32_002, -32_600, -32_603, 1])(
    'uses a server of 2026-07-28 that refuses initialize with %i',
    async (code) => {
      const { command, processes } = await startServer(
        () => (message, to) => serve(MODERN_ONLY, message, to, { code, message: 'not now' }),
      );
      const ask = await start(command);
      expect((await ask('initialize', OPENING)).result.protocolVersion).toBe('2025-11-25');
      const { result } = await ask('tools/call', { name: 'echo', arguments: {} });
      expect(result.content).toEqual(CONTENT.content);
      expect(processes[0]?.methods.slice(0, 2)).toEqual(['initialize', 'server/discover']);
    },
  );

  it('gets the error of an older server that refuses it and does not answer server/discover', async () => {
    const error = { code: -32_000, message: 'the database is down' };
    const { command, processes } = await startServer(() => ({ id, method }, to) => {
      if (method === 'initialize') to.answer(id, { error });
    });
    const ask = await start(command);
    expect((await ask('initialize', OPENING)).error).toEqual(error);
    expect(processes.map(({ methods }) => methods)).toEqual([['initialize', 'server/discover']]);
  });
});
