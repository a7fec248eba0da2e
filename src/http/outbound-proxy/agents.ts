/** Agents for the outbound proxy of the environment. Loaded only with `--enable-proxy`. */
import type { Agent, AgentOptions } from 'node:http';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';

export interface ProxyRoute {
  readonly agent: Agent;
  /** The proxy, `host:port`, as it may be shown. */
  readonly host: string;
}

/**
 * The route to `url` through a proxy: undefined if the environment (`NO_PROXY`) wants none,
 * `invalid` if it names something that is not a proxy.
 */
export function proxyAgent(url: URL, options: AgentOptions): ProxyRoute | 'invalid' | undefined {
  const found = getProxyForUrl(url.href);
  if (!found) return undefined;
  const proxy = withScheme(found);
  if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol)) return 'invalid';
  // The agents match Node's own agent only by structure.
  const agent = url.protocol === 'https:' ? new HttpsProxyAgent(proxy, options) : new HttpProxyAgent(proxy, options);
  return { agent: agent as Agent, host: new URL(proxy).host };
}

/**
 * `proxy:3128` means an HTTP proxy, as it does for curl. The library would take the scheme of the
 * requested URL instead, and speak TLS to a proxy that does not.
 */
function withScheme(found: string): string {
  const rest = found.replace(/^https?:\/\//, '');
  if (rest.includes('://')) return rest;
  const bare = Object.entries(process.env).some(
    ([name, value]) => /^(https?|all)_proxy$/i.test(name) && value === rest,
  );
  return bare ? `http://${rest}` : found;
}
