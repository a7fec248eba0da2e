/**
 * The parts of a sign-in, as the command line assembles them: the store of the secrets, and the HTTP client for tokens.
 */
import type { AuthOptions } from '../auth/options.ts';
import type { HttpServer, ProcessConfig } from '../config.ts';
import type { Fetch } from '../core/fetch.ts';
import type { SecretStore } from '../core/ports.ts';
import { createHttpClient, type HttpClient } from '../http/client.ts';
import { unusedProxyFlag } from '../http/outbound-proxy/hints.ts';
import { cacheFolder } from '../platform/folders.ts';
import { fileStore } from '../state/files/secrets.ts';
import { localLocks } from '../state/locks.ts';
import { memoryStore } from '../state/memory/secrets.ts';
import type { CommandContext } from './commands/context.ts';

/** The store of this user's credentials. A promise only where a keychain must be loaded. */
export function credentialStore(config: Pick<ProcessConfig, 'credentialStore'>): SecretStore | Promise<SecretStore> {
  const folder = cacheFolder(process.env);
  const files = folder === undefined ? memoryStore() : fileStore(folder);
  if (config.credentialStore === 'file') return files;
  return import('../state/keychain.ts').then(({ keychainStore }) => keychainStore(files));
}

/** `progress` learns which hosts the requests wait for. */
type PlaceContext = Omit<CommandContext, 'print' | 'progress' | 'isTerminal'> &
  Partial<Pick<CommandContext, 'progress'>>;

/** The parts that a subcommand needs to sign in or out. Close the client at the end. */
export async function openPlace(
  server: HttpServer,
  { config, log, progress, version, redact }: PlaceContext,
): Promise<{ options: AuthOptions; http: Pick<HttpClient, 'fetch' | 'close'> }> {
  const { enableProxy } = config;
  const unset = unusedProxyFlag({ url: server.url, enableProxy }, process.env);
  if (unset !== undefined) log.warn(unset);
  const client = createHttpClient({ ...server, enableProxy, userAgent: `mcp-proxy/${version}`, env: process.env });
  const fetch: Fetch = async (request) => {
    const answered = progress?.waitFor(request.url.host);
    try {
      return await client.fetch(request);
    } finally {
      answered?.();
    }
  };
  const http = { fetch, close: client.close };
  const folder = cacheFolder(process.env);
  const options: AuthOptions = {
    server: server.url,
    config: server.auth,
    fetch: http.fetch,
    addresses: client.addresses,
    store: await credentialStore(config),
    locks: localLocks(folder),
    folder,
    env: process.env,
    log,
    redact,
  };
  return { options, http };
}
