/** HTTP mode, from the command line to a listening proxy. */
import { randomBytes } from 'node:crypto';
import type { Environment } from '../../app/environment.ts';
import { type RunningHttpProxy, startHttpProxy } from '../../app/http-proxy.ts';
import { type Config, isLoopback, type ListenConfig } from '../../config.ts';
import type { SecretStore } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';
import { inlineMore } from '../../platform/inlining.ts';
import type { ConfigFile } from '../config-file/start.ts';
import { superviseProxy } from '../lifetime.ts';
import { environmentOf, refreshApart } from '../proxy-environment.ts';
import { announcement } from '../stderr-log.ts';
import { clientLine } from './client-config.ts';

export interface ServeContext {
  readonly credentials: SecretStore;
  /** All secrets in the arguments. May grow. */
  readonly secrets: string[];
  readonly version: string;
  /** Ends the process. */
  readonly exit: (status: number) => void;
  /** The servers come from a configuration file. */
  readonly several?: ConfigFile | undefined;
}

/**
 * Resolves once clients can connect. From then on, the process ends with `exit`. Rejects with a ProxyError when nothing
 * can be served. Neither the end of stdin nor that of the parent matters.
 */
export async function serve(
  config: Config & { readonly listen: ListenConfig },
  { credentials, secrets, version, exit, several }: ServeContext,
): Promise<void> {
  const { listen, logFormat, quiet } = config;
  const made = listen.clientToken === undefined && isOpen(listen) ? randomBytes(32).toString('base64url') : undefined;
  const clientToken = listen.clientToken ?? made;
  if (made !== undefined) secrets.push(made);
  if (made !== undefined && listen.state) {
    throw new ProxyError('usage', '--state needs --client-token where clients on other machines may connect', {
      hint: 'openssl rand -hex 32 > client.token makes one; give all replicas the same: --client-token @client.token',
    });
  }
  const environment = await withReplicas(listen, environmentOf(config, secrets, credentials, version));
  several?.tell(environment.log);

  let running: RunningHttpProxy | undefined;
  let giveUp: (error: ProxyError) => void = () => {};
  // Supervise from the start: a signal without a handler does not stop the first process of a container.
  superviseProxy({
    proxy: {
      hopeless: new Promise((resolve) => {
        giveUp = resolve;
      }),
      close: (ending) => running?.close(ending) ?? Promise.resolve(),
    },
    log: environment.log,
    exit,
    hangUp: several?.look,
  });
  running = await startHttpProxy({ ...config, listen: { ...listen, clientToken } }, environment, several);
  running.hopeless.then(giveUp);
  inlineMore();
  const { url, interfaces } = running;
  const lines = [`listening on ${url}${interfaces === undefined ? '' : ` (${interfaces})`}`];
  if (!quiet) {
    lines.unshift(clientLine({ url, interfaces, needsToken: clientToken !== undefined, server: nameIn(config) }));
  }
  if (made !== undefined) {
    lines.unshift(`client token: ${made} (for clients on other machines; --client-token sets one)`);
  }
  // One write, so that a reader of the last line has seen the others.
  process.stderr.write(lines.map((line) => announcement(line, logFormat)).join(''));
}

/** With `--state`, sign-ins are in the store that replicas share. */
async function withReplicas({ state }: ListenConfig, environment: Environment): Promise<Environment> {
  if (!state) return environment;
  const { openSharedState } = await import('../../state/redis/shared-state.ts');
  const shared = openSharedState({ ...state, log: environment.log });
  const { credentials, locks, memory } = shared;
  // Other processes find the credentials in the store, whether there is a folder or not.
  return { ...environment, credentials, locks, memory, shared, refreshElsewhere: refreshApart };
}

/** What clients call the proxy. */
function nameIn({ servers: [first, ...others] }: Config): string {
  return first && others.length === 0 ? first.name : 'mcp-proxy';
}

/** Whether clients on other machines may reach this address. Any name but those of loopback may mean such an address. */
function isOpen({ host }: ListenConfig): boolean {
  if (host === undefined) return true;
  const url = `http://${host.includes(':') ? `[${host}]` : host}`;
  return !isLoopback(URL.canParse(url) ? new URL(url).hostname : host);
}
