// Several clients in one session with a server without a process: everything it receives is kept.
import type { Exchange, Handler, Peer, Session } from '../../../../src/core/exchange.ts';
import type { Call, Reply } from '../../../../src/core/jsonrpc.ts';
import type { Connect } from '../../../../src/core/layer.ts';
import type { Log } from '../../../../src/core/ports.ts';
import { progressTokens } from '../../../../src/layers/sharing/progress-layer.ts';
import { sharing } from '../../../../src/layers/sharing/sharing.ts';
import { exchangeOf, result } from '../exchanges.ts';

export const IDLE = 60_000;
export const INITIALIZED = '{"protocolVersion":"2025-11-25","capabilities":{"logging":{}},"serverInfo":{"name":"s"}}';
export const REFUSED: Reply = { error: Buffer.from('{"code":-32602,"message":"no"}') };

export const call = (method: string, params?: object): Call => ({
  method,
  ...(params && { params: Buffer.from(JSON.stringify(params)) }),
});
export const shown = ({ method, params }: Call): string => (params ? `${method} ${params}` : method);

/** A server that answers everything at once, unless the test says otherwise. */
export class Server implements Session {
  /** The clients, as it sees them. */
  readonly client: Peer;
  readonly requests: Call[] = [];
  readonly notes: string[] = [];
  readonly closed: number[] = [];
  destroyed = false;
  readonly established = true;
  readonly era = 'legacy';
  answer: Handler = async ({ call: { method } }) => result(method === 'initialize' ? INITIALIZED : '{}');

  constructor(client: Peer) {
    this.client = client;
  }

  request(exchange: Exchange): Promise<Reply> {
    this.requests.push(exchange.call);
    return this.answer(exchange);
  }

  notify(note: Call): Promise<void> | undefined {
    this.notes.push(shown(note));
    return undefined;
  }

  async close(limit: number): Promise<void> {
    this.closed.push(limit);
  }

  destroy(): void {
    this.destroyed = true;
  }

  /** The requests since the opening. */
  get asked(): string[] {
    return this.requests.slice(1).map(shown);
  }
}

export class Client implements Peer {
  readonly told: string[] = [];
  readonly asked: string[] = [];
  readonly session: Session;
  /** Whether it has no room for more. */
  full = false;

  constructor(shared: { readonly connect: Connect }) {
    this.session = shared.connect(this);
  }

  notify(note: Call): Promise<void> | undefined {
    this.told.push(shown(note));
    // A reader that never has room again must not delay the others.
    return new Promise(() => {});
  }

  async ask(question: Call): Promise<Reply> {
    this.asked.push(question.method);
    return result('{"from":"client"}');
  }

  room(): Promise<void> | undefined {
    return this.full ? new Promise(() => {}) : undefined;
  }

  request(method: string, params?: object): Promise<Reply> {
    return this.session.request(exchangeOf(method, params && JSON.stringify(params)).exchange);
  }

  /** Opens its session, as clients do. */
  async open(protocolVersion = '2025-11-25'): Promise<Reply> {
    const reply = await this.request('initialize', { protocolVersion, capabilities: { sampling: {}, roots: {} } });
    this.session.notify(call('notifications/initialized'));
    return reply;
  }
}

export function sharedSession(prepare: (server: Server) => void = () => {}) {
  const servers: Server[] = [];
  const lines: string[] = [];
  const unexpected = (): void => {
    throw new Error('nobody has to read this');
  };
  const log: Log = { debug: (line) => lines.push(line), info: unexpected, warn: unexpected, error: unexpected };
  const open: Connect = (client) => {
    const server = new Server(client);
    prepare(server);
    servers.push(server);
    return server;
  };
  const { layer, close } = sharing({ version: '1.2.3', idle: IDLE, log });
  const shared = { connect: layer(progressTokens()(open)), close };
  const server = (): Server => servers.at(-1) as Server;
  /** A client that has opened its session. */
  const joined = async (): Promise<Client> => {
    const client = new Client(shared);
    await client.open();
    return client;
  };
  return { shared, servers, server, lines, joined };
}

/** Waits until everything that is ready has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
