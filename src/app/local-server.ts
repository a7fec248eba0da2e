/** A local server of the configuration, with what its clients share. Loaded when there is one. */
import type { Config, ProcessConfig, StdioServer } from '../config.ts';
import { redactedLog } from '../core/redact.ts';
import { ProxyError } from '../errors.ts';
import { LocalServer, type SharingOptions } from '../upstream/stdio/server.ts';
import type { Environment } from './environment.ts';
import { onlyServer } from './only-server.ts';
import { FORGETFUL, type LayeredServer, layered, type Shared } from './server.ts';

/** The only server of a configuration, a local one. */
export function openOnlyLocal(config: Config, environment: Environment): LayeredServer {
  const server = onlyServer(config);
  if (server.kind === 'stdio') return layered(openLocal(server, config, environment));
  throw new ProxyError('internal', 'the server is not a local one');
}

/** Processes for several clients; undefined for one client. */
function sharingIn({ listen }: ProcessConfig): SharingOptions | undefined {
  if (!listen) return undefined;
  return { maxChildren: listen.maxChildren, idle: listen.childIdle, oneSession: listen.upstreamSession === 'shared' };
}

/** A program on this machine: nothing is sent over a network, and nothing asks for a sign-in. */
export function openLocal(
  server: StdioServer,
  config: ProcessConfig,
  given: Environment,
  sharing: SharingOptions | undefined = sharingIn(config),
): Shared {
  const { env, folder, redact } = given;
  const log = redactedLog(given.logOf?.(server.name) ?? given.log, redact);
  const local = new LocalServer({
    server,
    env,
    folder,
    log,
    // What the server writes to stderr has its name in front, whatever else a line says.
    stderr: redactedLog(given.log, redact),
    sharing: sharing && {
      maxChildren: server.maxChildren ?? sharing.maxChildren,
      idle: server.childIdle ?? sharing.idle,
      oneSession: server.upstreamSession ? server.upstreamSession === 'shared' : sharing.oneSession,
    },
  });
  return {
    server,
    label: server.name,
    silentHint: 'start the server by hand to see what it waits for; npx and uvx download it at their first start',
    config,
    environment: { ...given, log },
    connect: (client) => local.connect(client),
    fetch: () => Promise.reject(new ProxyError('internal', 'a local server has no URL')),
    local,
    auth: undefined,
    pins: {},
    answers: FORGETFUL,
    hopeless: new Promise(() => {}),
    endSignIn: () => Promise.resolve(),
    close: () => {},
  };
}
