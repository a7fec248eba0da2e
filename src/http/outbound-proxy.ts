/** Agents that go through the outbound proxy of the environment. Loaded only with `--enable-proxy`. */
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
 * The way to `url` through a proxy: undefined where the environment (`NO_PROXY`) wants none,
 * `invalid` where it names something that is no proxy.
 */
export function proxyAgent(url: URL, options: AgentOptions): ProxyRoute | 'invalid' | undefined {
  const found = getProxyForUrl(url.href);
  if (!found) return undefined;
  const proxy = withScheme(found);
  if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol)) return 'invalid';
  // The agents know Node's own agent only by structure.
  const agent = url.protocol === 'https:' ? new HttpsProxyAgent(proxy, options) : new HttpProxyAgent(proxy, options);
  return { agent: agent as Agent, host: new URL(proxy).host };
}

/**
 * `proxy:3128` means an HTTP proxy, as it does for curl; the library takes the scheme of the
 * requested URL instead, which would speak TLS to a proxy that does not.
 */
function withScheme(found: string): string {
  const rest = found.replace(/^https?:\/\//, '');
  if (rest.includes('://')) return rest;
  const bare = Object.entries(process.env).some(
    ([name, value]) => /^(https?|all)_proxy$/i.test(name) && value === rest,
  );
  return bare ? `http://${rest}` : found;
}
