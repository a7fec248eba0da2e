/** How the server is reached: directly, or through the outbound proxy that the environment names. */
import { isLoopback } from '../../../../config.ts';
import type { Env } from '../../../../core/ports.ts';
import { directRouteHint, unusableProxy, unusedProxyFlag } from '../../../../http/outbound-proxy/hints.ts';
import { type Finding, type NextStep, stepOf } from '../examination.ts';

export interface NetworkRoute {
  readonly finding: Finding;
  /** The outbound proxy that connections go through. */
  readonly proxy: { readonly host: string; readonly port: number | undefined } | undefined;
  /** What to do when a direct connection fails, because of a proxy that may be needed. */
  readonly next: NextStep | undefined;
}

/**
 * Rejects with a ProxyError when the variable names something that is not a proxy.
 * @param withProxy the command that examines the server again, through the proxy
 */
export async function routeTo(url: URL, enableProxy: boolean, env: Env, withProxy: string): Promise<NetworkRoute> {
  if (isLoopback(url.hostname)) return direct({ mark: 'ok', text: 'none, for a server on this machine' });
  const hint = directRouteHint(url, enableProxy, env);
  if (!enableProxy) return hint === undefined ? direct({ mark: 'ok', text: 'none' }) : unused(hint, env, withProxy);
  const warning = unusedProxyFlag({ url, enableProxy }, env);
  if (warning !== undefined) return direct({ mark: 'warn', text: warning });
  const { proxyAgent } = await import('../../../../http/outbound-proxy/agents.ts');
  const found = proxyAgent(url, {});
  if (found === 'invalid') throw unusableProxy(url, env);
  if (found === undefined)
    return direct({ mark: 'ok', text: 'none, as NO_PROXY says' }, hint === undefined ? undefined : stepOf(hint));
  const address = new URL(`http://${found.host}`);
  // Without a port, it depends on how the proxy itself is reached.
  const port = address.port === '' ? undefined : Number(address.port);
  const proxy = { host: address.hostname.replace(/^\[|\]$/g, ''), port };
  return { finding: { mark: 'ok', text: `connections go through ${found.host}` }, proxy, next: undefined };
}

/** A variable names a proxy, and the flag that uses it is missing. */
function unused(hint: string, env: Env, withProxy: string): NetworkRoute {
  const [variable = ''] = hint.split(' ', 1);
  const isSocks = /^\s*socks/i.test(env[variable] ?? '');
  const next = isSocks ? stepOf(hint) : { say: 'Try it through the proxy:', command: withProxy };
  const why =
    'some networks, such as those of companies, let connections out only through a proxy; then add --enable-proxy';
  return direct({ mark: 'warn', text: `${variable} is set, but not used`, details: [why] }, next);
}

function direct(finding: Finding, next?: NextStep): NetworkRoute {
  return { finding, proxy: undefined, next };
}

/** The same failure, with the proxy that may be needed as what to do. */
export function withProxyStep(finding: Finding, { next }: NetworkRoute): Finding {
  return finding.mark === 'fail' && next ? { ...finding, next } : finding;
}
