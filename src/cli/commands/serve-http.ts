/** HTTP mode, from the command line to a listening proxy. */
import { randomBytes } from 'node:crypto';
import { type RunningHttpProxy, startHttpProxy } from '../../app/http-proxy.ts';
import { onlyServer } from '../../app/only-server.ts';
import { type Config, isLoopback, type ListenConfig } from '../../config.ts';
import type { SecretStore } from '../../core/ports.ts';
import type { ProxyError } from '../../errors.ts';
import { environmentOf } from '../environment.ts';
import { superviseProxy } from '../lifetime.ts';
import { announcement } from '../stderr-log.ts';
import { clientLine } from './client-config.ts';

export interface ServeContext {
  readonly credentials: SecretStore;
  /** All secrets in the arguments. */
  readonly secrets: readonly string[];
  readonly version: string;
  /** Ends the process. */
  readonly exit: (status: number) => void;
}

/**
 * Resolves once clients can connect. From then on, the process ends with `exit`. Rejects with a ProxyError when nothing
 * can be served. Neither the end of stdin nor that of the parent matters.
 */
export async function serve(
  config: Config & { readonly listen: ListenConfig },
  { credentials, secrets, version, exit }: ServeContext,
): Promise<void> {
  const { listen, logFormat, quiet } = config;
  const made = listen.clientToken === undefined && isOpen(listen) ? randomBytes(32).toString('base64url') : undefined;
  const clientToken = listen.clientToken ?? made;
  const environment = environmentOf(config, made === undefined ? secrets : [...secrets, made], credentials, version);

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
  });
  running = await startHttpProxy({ ...config, listen: { ...listen, clientToken } }, environment);
  running.hopeless.then(giveUp);
  const { url, interfaces } = running;
  const lines = [`listening on ${url}${interfaces === undefined ? '' : ` (${interfaces})`}`];
  if (!quiet) {
    lines.unshift(
      clientLine({ url, interfaces, needsToken: clientToken !== undefined, server: onlyServer(config).name }),
    );
  }
  if (made !== undefined) {
    lines.unshift(`client token: ${made} (for clients on other machines; --client-token sets one)`);
  }
  // One write, so that a reader of the last line has seen the others.
  process.stderr.write(lines.map((line) => announcement(line, logFormat)).join(''));
}

/** Whether clients on other machines may reach this address. Any name but those of loopback may mean such an address. */
function isOpen({ host }: ListenConfig): boolean {
  if (host === undefined) return true;
  const url = `http://${host.includes(':') ? `[${host}]` : host}`;
  return !isLoopback(URL.canParse(url) ? new URL(url).hostname : host);
}
