/** The HTTP server itself: its address, its limits, its certificate, and its end. */
import { createServer, type RequestListener, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { ProxyError } from '../../errors.ts';
import { Connections, endOf, KEPT, type ServerEnd } from './connections.ts';

export interface ListenerOptions {
  /** Undefined: every interface. */
  readonly host: string | undefined;
  readonly port: number;
  /** PEM texts; undefined: no TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly maxConnections: number;
  readonly handle: RequestListener;
  /** Called for every response that is over, whether it has left or not. */
  readonly closed: (res: ServerResponse) => void;
  /** Called with the reason why a connection could not be accepted. */
  readonly notAccepted: (why: string) => void;
}

/** Limits for slow requests, in milliseconds and bytes. */
const LIMITS: ServerOptions = {
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16_384,
  // `Connections` closes idle ones.
  keepAliveTimeout: 0,
  // The operating system notices a client that has vanished without closing its connection.
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
};

/** Node does not document this property: how long it says that it keeps the connection, in milliseconds. */
type Announcing = ServerResponse & { _keepAliveTimeout: number };

export interface Listener extends ServerEnd {
  /** `http://HOST:PORT`, for clients on this machine where every interface is bound. */
  readonly url: string;
  /** The interfaces that the server listens on, when it is more than one address. */
  readonly interfaces: 'every interface' | 'every IPv4 interface' | undefined;
}

/** Begins to listen. Rejects with a ProxyError `cannot-listen`. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { host, port, tls, handle, closed, notAccepted } = options;
  const server = await create(options);
  server.maxConnections = options.maxConnections;
  const connections = new Connections();
  server.on('connection', (socket: Socket) => connections.opened(socket));
  // Over TLS, requests come on a separate socket.
  server.on('secureConnection', (socket: Socket) => connections.opened(socket));
  const onClose = function (this: ServerResponse): void {
    connections.over(this);
    closed(this);
  };
  const serve: RequestListener = (req, res) => {
    connections.begun(res);
    (res as Announcing)._keepAliveTimeout = KEPT;
    res.on('close', onClose);
    handle(req, res);
  };
  server.on('request', serve);
  // The client sends the body of such a request only after the server asks for it.
  server.on('checkContinue', serve);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => cannotListen(error, host, port).then(reject));
    server.listen({ port, ...(host !== undefined && { host }) }, resolve);
  });
  connections.watch();
  server.once('close', () => connections.unwatch());
  // The connections already accepted can go on.
  server.on('error', (error: NodeJS.ErrnoException) => notAccepted(error.code ?? error.message));
  const bound = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://${shownHost(host, bound)}:${bound.port}`,
    interfaces: INTERFACES.get(bound.address),
    ...endOf(server, connections),
  };
}

async function create({ tls }: ListenerOptions): Promise<Server> {
  if (!tls) return createServer(LIMITS);
  const https = process.getBuiltinModule('node:https');
  try {
    return https.createServer({ ...LIMITS, ...tls });
  } catch (error) {
    throw new ProxyError(
      'cannot-listen',
      'the certificate in --tls-cert and the key in --tls-key do not belong together, or one of them is damaged',
      { hint: 'the first certificate in --tls-cert must be the one that was issued for the key in --tls-key' },
      error,
    );
  }
}

async function cannotListen(
  error: NodeJS.ErrnoException & { readonly address?: string },
  host: string | undefined,
  port: number,
): Promise<ProxyError> {
  const refused = (why: string, hint?: string): ProxyError => {
    const where = `${host === undefined ? '' : bracketed(host)}:${port}`;
    return new ProxyError(
      'cannot-listen',
      `cannot listen on ${where}: ${why}`,
      hint === undefined ? {} : { hint },
      error,
    );
  };
  switch (error.code) {
    case 'EADDRINUSE': {
      const { portHolder } = await import('../../platform/port-holder.ts');
      // The address that the host name resolves to, or the address that means every interface.
      const holder = await portHolder(port, [error.address ?? '::']);
      return refused(
        `the port is in use${holder ? ` by ${holder}` : ''}`,
        'end that program, or choose another port (0 picks a free one)',
      );
    }
    case 'EACCES':
      return refused('this user may not listen on that port', 'choose a port from 1024 on');
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return refused(
        'this machine has no such address',
        'localhost:PORT for clients on this machine, or :PORT for every interface',
      );
    default:
      return refused(error.code ?? error.message);
  }
}

/** The unspecified addresses, with the interfaces they bind (RFC 4291, section 2.5.2; RFC 1122, section 3.2.1.3). */
const INTERFACES: ReadonlyMap<string, NonNullable<Listener['interfaces']>> = new Map([
  ['::', 'every interface'],
  ['0.0.0.0', 'every IPv4 interface'],
  ['::ffff:0.0.0.0', 'every IPv4 interface'],
]);

function shownHost(host: string | undefined, { address }: AddressInfo): string {
  if (host === undefined || INTERFACES.has(address)) return 'localhost';
  return bracketed(host);
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
