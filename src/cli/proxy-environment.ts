/** The environment of a proxy that the command line starts. */

import type { Environment } from '../app/environment.ts';
import type { Config } from '../config.ts';
import type { Log, SecretStore } from '../core/ports.ts';
import { redactor } from '../core/redact.ts';
import { isReservedHeader } from '../http/client.ts';
import { unusedProxyFlag } from '../http/outbound-proxy/hints.ts';
import { cacheFolder } from '../platform/folders.ts';
import { fileMemory } from '../state/files/verdicts.ts';
import { createLog } from './stderr-log.ts';

/** Bytes of log lines that may wait for a host to read them. */
const UNREAD = 1_048_576;

export function environmentOf(
  config: Config,
  secrets: readonly string[],
  credentials: SecretStore,
  version: string,
): Environment {
  const redact = redactor(secrets);
  const { logLevel: level, logFormat: format, quiet, servers } = config;
  // Hosts add their own timestamps to the lines they read.
  const timed = config.listen !== undefined;
  // A line says which server it is about where that is a question.
  const named = servers.length > 1 || level === 'debug';
  const options = { level, format, quiet, redact, named, timed, write: writer() };
  const logOf = (server?: string): Log => createLog({ ...options, server });
  for (const server of servers) {
    if (server.kind !== 'http') continue;
    const log = logOf(server.name);
    for (const [name] of server.headers) {
      if (isReservedHeader(name)) log.warn(`--header ${name} is ignored: this header belongs to the protocol`);
    }
    const unset = unusedProxyFlag({ url: server.url, enableProxy: config.enableProxy }, process.env);
    if (unset !== undefined) log.warn(unset);
  }
  const folder = cacheFolder(process.env);
  return {
    env: process.env,
    memory: fileMemory(folder),
    credentials,
    folder,
    // Another process finds the credentials only if they are in a folder.
    ...(folder !== undefined && { refreshElsewhere: refreshApart }),
    version,
    log: logOf(),
    logOf,
    redact,
  };
}

/** Refreshes tokens in a process that outlives this one. */
export async function refreshApart(serial: number, server: string): Promise<boolean> {
  return (await import('./refresh-process/start.ts')).refreshElsewhere(serial, server);
}

/** Writes to stderr, which Node opens when it is first used: most starts have nothing to say before they answer. */
function writer(): (text: string) => void {
  let stderr: NodeJS.WriteStream | undefined;
  return (text) => {
    // The proxy goes on when the host closes stderr.
    stderr ??= process.stderr.on('error', () => {});
    if (stderr.writableLength < UNREAD) stderr.write(text);
  };
}
