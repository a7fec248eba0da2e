// Clients of every kind behind one interface: a call ends with a result or an error, and every answer is counted.
import { ModernClient } from '../peers/http/modern-client.ts';
import type { Serving } from '../peers/http/serving.ts';
import { SseClient } from '../peers/http/sse-client.ts';
import { StreamableClient } from '../peers/http/streamable-client.ts';
import { type ProxyProcess, startProxy } from '../peers/proxy.ts';
import type { RpcMessage } from '../peers/rpc.ts';

export type Kind = 'streamable' | 'sse' | 'modern' | 'stdio' | 'stdio modern';

export interface ChaosClient {
  /** The whole answer: result or error. Rejects when there can be none. */
  call(id: number, tool: string, args: object): Promise<RpcMessage>;
  /** How many answers the request has got. */
  answers(id: number): number;
  /** Whether the server can ask it something. */
  readonly asks: boolean;
  close(): Promise<void>;
}

const accept = () => ({ action: 'accept', content: { answer: 'yes' } });
const CAPABILITIES = { elicitation: {} };

/** Opens a client. Rejects when the proxy does not answer; an error of the server is an answer. */
export async function openClient(kind: Kind, serving: Serving, url: string): Promise<ChaosClient> {
  switch (kind) {
    case 'streamable': {
      const client = new StreamableClient(`${serving.url}/mcp`);
      client.on('elicitation/create', accept);
      await orElse(client.initialize('2025-11-25', CAPABILITIES), () => client.vanish());
      return overHttp(client, true, () => client.close());
    }
    case 'sse': {
      const client = new SseClient(`${serving.url}/sse`);
      client.on('elicitation/create', accept);
      await orElse(
        client.open().then(() => client.initialize('2024-11-05', CAPABILITIES)),
        () => client.vanish(),
      );
      return overHttp(client, true, async () => client.vanish());
    }
    case 'modern': {
      const client = new ModernClient(`${serving.url}/mcp`);
      return overHttp(client, false, async () => client.vanish());
    }
    case 'stdio': {
      const proxy = startProxy(url);
      proxy.rpc.on('elicitation/create', accept);
      await orElse(proxy.rpc.initialize('2025-11-25', CAPABILITIES), () => proxy.close());
      return overStdio(proxy, false);
    }
    case 'stdio modern':
      return overStdio(startProxy(url), true);
  }
}

/** The outcome; if it fails, what was begun is ended first. */
async function orElse<T>(begun: Promise<T>, end: () => unknown): Promise<T> {
  try {
    return await begun;
  } catch (error) {
    await end();
    throw error;
  }
}

function overHttp(
  client: StreamableClient | SseClient | ModernClient,
  asks: boolean,
  close: () => Promise<void>,
): ChaosClient {
  return {
    asks,
    call: async (id, name, args) => (await client.call('tools/call', { name, arguments: args }, id)).message,
    answers: (id) => client.arrivals.answers(id).length,
    close,
  };
}

function overStdio(proxy: ProxyProcess, modern: boolean): ChaosClient {
  const { rpc } = proxy;
  return {
    asks: !modern,
    call: async (id, name, args) => {
      const params = { name, arguments: args };
      const whole = modern ? { ...params, _meta: META } : params;
      return (await rpc.exchange('tools/call', whole, id)).message;
    },
    answers: (id) => rpc.received.filter(({ message }) => message.method === undefined && message.id === id).length,
    close: async () => void (await proxy.close()),
  };
}

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'chaos', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
