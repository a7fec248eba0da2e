// The same client on every wire, in front of servers of both eras: what a policy forbids must be forbidden on all of them.

import { ModernClient } from '../../peers/http/modern-client.ts';
import { type Serving, startServing } from '../../peers/http/serving.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { legacyServer, modernServer, type Results, sseServer } from '../../peers/minimal-server.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import { modernParams, type RpcMessage } from '../../peers/rpc.ts';
import { type ScriptedPeer, startScripted } from '../../peers/scripted.ts';
import { configFile } from '../../peers/several/config-file.ts';
import { COMPANION, keysOf, startCompanion, withoutCompanion } from './companion.ts';

export interface WireClient {
  /** Sends a request, and resolves with its answer, result or error. */
  exchange(method: string, params?: object): Promise<RpcMessage>;
  /**
   * Sends the texts of a method and of parameters as they are, as a request. A client of 2026-07-28 adds its envelope.
   * Resolves with the answer, also one to no request in particular.
   */
  raw(method: string, params: string): Promise<RpcMessage>;
  /** Sends the same as a notification. */
  tell(method: string, params: string): Promise<void>;
  /** Answers what the server asks with this method. */
  on(method: string, handler: (params: RpcMessage['params']) => unknown): void;
  close(): Promise<void>;
}

export interface Wire {
  readonly name: string;
  readonly isModern: boolean;
  /** Whether the server speaks 2026-07-28, and nothing else. */
  readonly isServerModern: boolean;
  /** Whether the server is one of two in a configuration file, which the client sees as one. */
  readonly isJoined: boolean;
  start(
    results: Results,
    flags: string[],
    capabilities?: object,
  ): Promise<{ server: ScriptedPeer; client: WireClient }>;
}

type StartServer = (results: Results) => Promise<ScriptedPeer>;
const SERVERS: Record<'legacy' | 'modern' | 'sse', StartServer> = {
  legacy: (results) => startScripted('/mcp', legacyServer(results)),
  modern: (results) => startScripted('/mcp', modernServer(results)),
  sse: (results) => startScripted('/sse', sseServer(results)),
};

const SERVER_CAPABILITIES = { tools: {}, prompts: {}, resources: { subscribe: true }, completions: {} };

/** Results in the form of the era of a server, from those that both eras have. */
function resultsFor(era: keyof typeof SERVERS, results: Results): Results {
  const capabilities = SERVER_CAPABILITIES;
  if (era !== 'modern') {
    const initialize = ({ protocolVersion }: { protocolVersion?: string }): string =>
      JSON.stringify({ protocolVersion, capabilities, serverInfo: { name: 'minimal', version: '1' } });
    return { initialize, ...results };
  }
  const discover = { supportedVersions: ['2026-07-28'], capabilities };
  const all: Results = { 'server/discover': JSON.stringify(discover), ...results };
  const complete = (text: string): string =>
    /^\{"resultType"/.test(text) || text[0] !== '{'
      ? text
      : `{"resultType":"complete","ttlMs":0,"cacheScope":"private"${text === '{}' ? '' : ','}${text.slice(1)}`;
  return Object.fromEntries(
    Object.entries(all).map(([method, result]) => [
      method,
      typeof result === 'string' ? complete(result) : (params: object) => complete(result(params)),
    ]),
  );
}

const body = (id: string, method: string, params: string): string =>
  `{"jsonrpc":"2.0"${id},"method":${method},"params":${params}}`;

/** The parameters with the envelope of 2026-07-28 at their end. */
function enveloped(params: string, capabilities: object): string {
  const { _meta } = modernParams({}, capabilities) as { _meta: object };
  const text = `"_meta":${JSON.stringify(_meta)}}`;
  if (!params.startsWith('{')) return params;
  return params === '{}' ? `{${text}` : `${params.slice(0, -1)},${text}`;
}

const ID = 7_001;

function overStdio(proxy: ProxyProcess, isModern: boolean, capabilities: object): WireClient {
  const { rpc } = proxy;
  const whole = (params: string): string => (isModern ? enveloped(params, capabilities) : params);
  let id = ID;
  return {
    exchange: async (method, params = {}) =>
      (await rpc.exchange(method, isModern ? modernParams(params, capabilities) : params)).message,
    raw: async (method, params) => {
      const own = ++id;
      rpc.raw(body(`,"id":${own}`, method, whole(params)));
      const found = await rpc.next(
        ({ id: answered, method: asked }) => asked === undefined && (answered === own || answered === null),
      );
      return found.message;
    },
    tell: async (method, params) => rpc.raw(body('', method, whole(params))),
    on: (method, handler) => void rpc.on(method, handler),
    close: async () => {
      await proxy.close();
    },
  };
}

function overHttp(
  client: StreamableClient | SseClient | ModernClient,
  serving: Serving,
  capabilities: object,
): WireClient {
  const isModern = client instanceof ModernClient;
  const whole = (params: string): string => (isModern ? enveloped(params, capabilities) : params);
  let id = ID;
  return {
    exchange: async (method, params = {}) => (await client.call(method, params)).message,
    raw: async (method, params) => {
      const own = ++id;
      client.post(body(`,"id":${own}`, method, whole(params)), isModern ? headersFor(method, params) : {});
      const found = await client.arrivals.next(
        ({ message }) => message.method === undefined && (message.id === own || message.id === null),
      );
      return found.message;
    },
    tell: async (method, params) => {
      const sent = client.post(body('', method, whole(params)), isModern ? headersFor(method, params) : {});
      await (await sent.response).ended;
    },
    on: (method, handler) => void client.on(method, handler),
    close: async () => {
      client.vanish();
      await serving.stop();
    },
  };
}

/** The headers that a careful sender of such a text would add: otherwise the proxy refuses it for them. */
function headersFor(method: string, params: string): Record<string, string> {
  const parse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  const { name, uri } = (parse(params) ?? {}) as { name?: unknown; uri?: unknown };
  const [asked, subject] = [parse(method), name ?? uri];
  return {
    'mcp-method': String(asked),
    ...(typeof subject === 'string' && /^(tools\/call|prompts\/get|resources\/read)$/.test(String(asked))
      ? { 'mcp-name': subject }
      : {}),
  };
}

/** How the program is told which server to connect to, and what a test sees of the client. */
interface Setup {
  readonly url: string | undefined;
  readonly flags: readonly string[];
  readonly seen: (client: WireClient, results: Results) => Promise<WireClient>;
}

type SetUp = (server: ScriptedPeer, flags: readonly string[]) => Promise<Setup>;

const alone: SetUp = async ({ url }, flags) => ({ url, flags, seen: async (client) => client });

/** The flags are keys of the entry: they must not concern the companion. */
const joined: SetUp = async ({ url }, flags) => {
  const companion = await startCompanion();
  const file = configFile({ [COMPANION]: { url: companion.url }, subject: { url, ...keysOf(flags) } });
  const seen = async (client: WireClient, results: Results): Promise<WireClient> => {
    const own: WireClient = {
      ...client,
      async exchange(method, params) {
        const message = await client.exchange(method, params);
        return message.result && method.endsWith('/list')
          ? { ...message, result: withoutCompanion(message.result) }
          : message;
      },
      async close() {
        await client.close();
        await companion.close();
        await file.close();
      },
    };
    // The lists of a server are there when it has answered. No test hides everything of a kind.
    for (const method of ['tools/list', ...Object.keys(results).filter((name) => name.endsWith('/list'))]) {
      let known = 0;
      while (known === 0) known = entriesIn(await client.exchange(method)) - 1;
    }
    return own;
  };
  return { url: undefined, flags: ['--config', file.path], seen };
};

function entriesIn({ result }: RpcMessage): number {
  return (Object.values(result as object).find(Array.isArray) as unknown[]).length;
}

type Make = (setUp: SetUp) => Omit<Wire, 'isJoined'>;

function stdio(name: string, era: keyof typeof SERVERS, isModern: boolean): Make {
  return (setUp) => ({
    name,
    isModern,
    isServerModern: era === 'modern',
    async start(results, flags, capabilities = {}) {
      const server = await SERVERS[era](resultsFor(era, results));
      const setup = await setUp(server, flags);
      const proxy = startProxy(setup.url, [...setup.flags]);
      if (isModern) await proxy.rpc.modern('server/discover', {}, capabilities);
      else await proxy.rpc.initialize('2025-11-25', capabilities);
      return { server, client: await setup.seen(overStdio(proxy, isModern, capabilities), results) };
    },
  });
}

function http(name: string, era: keyof typeof SERVERS, kind: 'streamable' | 'modern' | 'sse'): Make {
  return (setUp) => ({
    name,
    isModern: kind === 'modern',
    isServerModern: era === 'modern',
    async start(results, flags, capabilities = {}) {
      const server = await SERVERS[era](resultsFor(era, results));
      const setup = await setUp(server, flags);
      const serving = await startServing(setup.url, [...setup.flags]);
      const open = async (): Promise<StreamableClient | SseClient | ModernClient> => {
        if (kind === 'modern') {
          const client = new ModernClient(`${serving.url}/mcp`);
          client.capabilities = capabilities;
          return client;
        }
        if (kind === 'streamable') {
          const client = new StreamableClient(`${serving.url}/mcp`);
          await client.initialize('2025-11-25', capabilities);
          return client;
        }
        const client = new SseClient(`${serving.url}/sse`);
        await client.open();
        await client.initialize('2024-11-05', capabilities);
        return client;
      };
      return { server, client: await setup.seen(overHttp(await open(), serving, capabilities), results) };
    },
  });
}

const ALL: readonly Make[] = [
  stdio('stdio, 2025-11-25', 'legacy', false),
  stdio('stdio, 2026-07-28', 'modern', true),
  stdio('stdio, 2025-11-25 before a server of 2026-07-28', 'modern', false),
  stdio('stdio, 2026-07-28 before a server of 2025-11-25', 'legacy', true),
  stdio('stdio before HTTP+SSE', 'sse', false),
  http('/mcp, 2025-11-25', 'legacy', 'streamable'),
  http('/mcp, 2026-07-28', 'modern', 'modern'),
  http('/mcp, 2026-07-28 before a server of 2025-11-25', 'legacy', 'modern'),
  http('/sse', 'legacy', 'sse'),
];

/** Every wire, in front of the server alone and in front of two that are joined. */
export const WIRES: readonly Wire[] = [
  ...ALL.map((make) => ({ ...make(alone), isJoined: false })),
  ...ALL.map((make) => {
    const wire = make(joined);
    return { ...wire, name: `${wire.name}, joined`, isJoined: true };
  }),
];
