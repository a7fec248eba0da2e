// The seven servers of the matrix, the five ways to reach each through the program, and one direct way.
import { startSdkV1Sse } from '../../peers/sdk-v1-sse.ts';
import { type Deployment, startDeployment } from '../replicas/deployment.ts';
import { V1_STATEFUL, V1_STATELESS, V1_STDIO, V2_DUAL, V2_MODERN, V2_STDIO } from '../stdio/feature-servers.ts';
import { type ClientKind, connect, type Subject, type Via } from '../stdio/subject.ts';
import type { ServerPeer } from '../stdio/suite.ts';

export interface ServerKind {
  /** As the table calls it. */
  readonly name: string;
  readonly sdk: string;
  start(): Promise<ServerPeer>;
  /** A client of its own era, connected without the program. */
  readonly direct: { readonly client: ClientKind; readonly via: Via };
  /** Whether it has a way to send what belongs to no request. */
  readonly streams: boolean;
}

const V1 = (via: Via) => ({ sdk: 'SDK v1', direct: { client: 'SDK v1', via }, streams: true }) as const;
const V2 = (via: Via) => ({ sdk: 'SDK v2', direct: { client: 'SDK v2 modern', via }, streams: true }) as const;

export const SERVERS: readonly ServerKind[] = [
  { ...V1('stdio'), name: 'stdio, sessions', start: V1_STDIO.start },
  { ...V2('stdio'), name: 'stdio, 2026-07-28', start: V2_STDIO.start },
  { ...V1('sse'), name: 'HTTP+SSE', start: startSdkV1Sse },
  { ...V1('http'), name: 'Streamable HTTP, sessions', start: V1_STATEFUL.start },
  { ...V1('http'), name: 'Streamable HTTP, without sessions', start: V1_STATELESS.start, streams: false },
  { ...V2('http'), name: 'Streamable HTTP, 2026-07-28', start: V2_MODERN.start },
  { ...V2('http'), name: 'Streamable HTTP, both eras', start: V2_DUAL.start },
];

export interface ClientWay {
  readonly name: string;
  readonly client: ClientKind;
  readonly via: Via;
  /** The path of HTTP mode; undefined: a process of its own, on stdio. */
  readonly path: string | undefined;
}

export const CLIENTS: readonly ClientWay[] = [
  { name: 'stdio, sessions', client: 'SDK v1', via: 'proxy', path: undefined },
  { name: 'stdio, 2026-07-28', client: 'SDK v2 modern', via: 'proxy', path: undefined },
  { name: 'HTTP+SSE', client: 'SDK v1', via: 'sse', path: '/sse' },
  { name: 'Streamable HTTP, sessions', client: 'SDK v2 legacy', via: 'http', path: '/mcp' },
  { name: 'Streamable HTTP, 2026-07-28', client: 'SDK v2 modern', via: 'http', path: '/mcp' },
];

/** One server with the program in HTTP mode in front of it, which all its HTTP clients share. */
export class Column {
  readonly kind: ServerKind;
  readonly #peer: ServerPeer;
  readonly #deployment: Deployment;

  private constructor(kind: ServerKind, peer: ServerPeer, deployment: Deployment) {
    this.kind = kind;
    this.#peer = peer;
    this.#deployment = deployment;
  }

  static async start(kind: ServerKind): Promise<Column> {
    const peer = await kind.start();
    const deployment = await (peer.command
      ? startDeployment(undefined, ['--', ...peer.command])
      : startDeployment(peer.url)
    ).catch(async (error) => {
      await peer.close();
      throw error;
    });
    return new Column(kind, peer, deployment);
  }

  /** A client of the server's own era, without the program. */
  direct(): Promise<Subject> {
    const { client, via } = this.kind.direct;
    return connect(client, via, this.#peer.command ?? this.#peer.url);
  }

  connect({ client, via, path }: ClientWay): Promise<Subject> {
    return path === undefined
      ? connect(client, via, this.#peer.command ?? this.#peer.url)
      : connect(client, via, `${this.#deployment.url}${path}`);
  }

  async close(): Promise<void> {
    await this.#deployment.stop();
    await this.#peer.close();
  }
}
