/** What the environment says about an outbound proxy, and what to do when that does not lead to the server. Pure. */

import { isLoopback } from '../../config.ts';
import type { Env } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';

const EXAMPLE = 'http://proxy.example:3128';

/**
 * The warning when `--enable-proxy` finds no proxy in the environment; undefined when it finds
 * one, or was not given.
 */
export function unusedProxyFlag(
  { url, enableProxy }: { readonly url: URL; readonly enableProxy: boolean },
  env: Env,
): string | undefined {
  if (!enableProxy || isLoopback(url.hostname) || proxyVariable(url, env) !== undefined) return undefined;
  return `--enable-proxy has no effect: ${variablesFor(url)[0]} is not set`;
}

/** What to do about a proxy when a direct connection to the server fails. */
export function directRouteHint(url: URL, enableProxy: boolean, env: Env): string | undefined {
  const variable = proxyVariable(url, env);
  if (variable === undefined || isLoopback(url.hostname)) return undefined;
  const excluding = excludingVariable(url, env);
  if (!enableProxy) {
    if (excluding) return undefined;
    return isSocks(env[variable])
      ? `${variable} names a SOCKS proxy, and SOCKS is not supported: set it to an HTTP proxy, and add --enable-proxy`
      : `${variable} is set but not used: add --enable-proxy to use it`;
  }
  // With a proxy in the environment and in use, only an exclusion leads past it.
  const by = excluding ?? 'NO_PROXY';
  return `${by} excludes ${url.hostname} from the proxy in ${variable}: take it out of ${by} if it needs the proxy`;
}

/** The proxy for the URL cannot be used. The error does not show its address, which may hold a password. */
export function unusableProxy(url: URL, env: Env): ProxyError {
  const variable = proxyVariable(url, env) ?? 'the proxy variable';
  if (isSocks(env[variable])) {
    return new ProxyError(
      'unreachable',
      `cannot connect to ${url.host}: ${variable} names a SOCKS proxy, and SOCKS is not supported`,
      {
        hint: `set ${variable} to an HTTP proxy, such as ${EXAMPLE}; Privoxy, for example, turns a SOCKS proxy into one`,
      },
    );
  }
  return new ProxyError('unreachable', `cannot connect to ${url.host}: ${variable} is not an http: or https: URL`, {
    hint: `expected the form ${EXAMPLE}`,
  });
}

/** The variables that may name a proxy for the URL. */
function variablesFor({ protocol }: URL): readonly string[] {
  const names = protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  return [...names, 'ALL_PROXY', 'all_proxy'];
}

function proxyVariable(url: URL, env: Env): string | undefined {
  return variablesFor(url).find((name) => env[name]);
}

/** `socks:`, `socks4:`, `socks4a:`, `socks5:`, `socks5h:`. */
function isSocks(value: string | undefined): boolean {
  return /^socks\w*:/i.test(value?.trim() ?? '');
}

/** The variable that exempts the host from any proxy, if there is one. */
function excludingVariable({ hostname }: URL, env: Env): string | undefined {
  const variable = env.no_proxy === undefined ? 'NO_PROXY' : 'no_proxy';
  const exempt = (env[variable] ?? '').split(/[\s,]+/).some((entry) => {
    const name = entry.replace(/:\d+$/, '').replace(/^\*?\.?/, '');
    return entry === '*' || (name !== '' && (hostname === name || hostname.endsWith(`.${name}`)));
  });
  return exempt ? variable : undefined;
}
