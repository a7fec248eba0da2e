/** The server of a configuration that has exactly one. */
import type { Config, Server } from '../config.ts';
import { ProxyError } from '../errors.ts';

export function onlyServer({ servers }: Config): Server {
  const [server] = servers;
  if (server && servers.length === 1) return server;
  throw new ProxyError('internal', 'only a single server is supported');
}
