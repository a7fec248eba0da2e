/** How each origin is reached, directly or through an outbound proxy. Found out once, and kept. */
import type { AgentOptions } from 'node:http';
import { isLoopback, type TlsConfig } from '../config.ts';
import type { Env } from '../core/ports.ts';
import type { Connector } from './connector.ts';
import { CookieJar } from './cookies.ts';
import { directRouteHint, unusableProxy } from './outbound-proxy/hints.ts';
import { IdleConnections } from './pool.ts';
import type { SecureOptions, Trust } from './trust.ts';

/**
 * As many connections as were in use at once may wait for the next request, for the few seconds that they are kept at
 * all: closing some, and opening them again for the next calls, costs as much as the calls.
 */
const AGENT: AgentOptions = { keepAlive: true, maxFreeSockets: Number.POSITIVE_INFINITY };
/** For connections that carry only one request. */
const ONCE: AgentOptions = { keepAlive: false };

const AS_NODE_DOES: Trust = { own: {}, foreign: {} };

export interface ConnectorOptions {
  /** The server's URL. */
  readonly url: URL;
  readonly enableProxy: boolean;
  readonly tls?: TlsConfig;
  readonly maxMessage?: number;
  readonly env: Env;
}

/** Headers that go with every request: to the server's origin, and to all others. */
export interface OriginHeaders {
  readonly own: Connector['headers'];
  readonly foreign: Connector['headers'];
}

export class Connectors {
  readonly #options: ConnectorOptions;
  readonly #headers: OriginHeaders;
  /** By origin, available without waiting. */
  readonly #found = new Map<string, Connector>();
  readonly #finding = new Map<string, Promise<Connector>>();
  #trust: Promise<Trust> | undefined;

  constructor(options: ConnectorOptions, headers: OriginHeaders) {
    this.#options = options;
    this.#headers = headers;
  }

  /** The connector to an origin, if it has been found. */
  get(origin: string): Connector | undefined {
    return this.#found.get(origin);
  }

  /** Finds the connector to the origin of a URL. */
  async find(url: URL): Promise<Connector> {
    const { origin } = url;
    const finding = this.#finding.get(origin) ?? this.#create(url);
    this.#finding.set(origin, finding);
    try {
      const connector = await finding;
      this.#found.set(origin, connector);
      return connector;
    } catch (error) {
      this.#finding.delete(origin);
      this.#trust = undefined;
      throw error;
    }
  }

  /** Closes every connection, including those in use. */
  close(): void {
    for (const { agent, streams } of this.#found.values()) {
      agent.destroy();
      streams.destroy();
    }
  }

  async #create(url: URL): Promise<Connector> {
    const { own, foreign } = await this.#trusted();
    return url.origin === this.#options.url.origin
      ? createConnector(url, this.#options, this.#headers.own, { server: own, proxy: foreign })
      : createConnector(url, this.#options, this.#headers.foreign, { server: foreign, proxy: foreign });
  }

  #trusted(): Promise<Trust> {
    const { tls, env } = this.#options;
    if (tls?.ca === undefined && tls?.cert === undefined) return Promise.resolve(AS_NODE_DOES);
    this.#trust ??= import('./trust.ts').then(({ readTrust }) => readTrust(tls, env));
    return this.#trust;
  }
}

async function createConnector(
  url: URL,
  options: ConnectorOptions,
  headers: Connector['headers'],
  secure: { readonly server: SecureOptions; readonly proxy: SecureOptions },
): Promise<Connector> {
  const encrypted = url.protocol === 'https:';
  const { request, Agent } = process.getBuiltinModule(encrypted ? 'node:https' : 'node:http');
  const common = {
    request,
    headers,
    secure: encrypted ? secure.server : {},
    cookies: new CookieJar(),
    lines: new WeakMap<object, string[]>(),
    ca: options.tls?.ca !== undefined,
    cert: options.tls?.cert !== undefined && url.origin === options.url.origin,
    answered: false,
    addresses: new Set<string>(),
    largest: options.maxMessage,
  };
  if (options.enableProxy && !isLoopback(url.hostname)) {
    const { proxyAgent } = await import('./outbound-proxy/agents.ts');
    // Proxies close connections silently when the server behind them does, so over plain HTTP none is used twice.
    const found = proxyAgent(url, { ...(encrypted ? AGENT : ONCE), ...secure.proxy });
    const streams = proxyAgent(url, { ...ONCE, ...secure.proxy });
    if (found === 'invalid' || streams === 'invalid') throw unusableProxy(url, options.env);
    if (found && streams) {
      return {
        ...common,
        agent: found.agent,
        streams: streams.agent,
        idle: new IdleConnections(found.agent),
        proxy: found.host,
        hint: `check that the proxy ${found.host} is running, and that it is the right one`,
      };
    }
  }
  const agent = new Agent(AGENT);
  const idle = new IdleConnections(agent);
  const hint = directRouteHint(url, options.enableProxy, options.env);
  return { ...common, agent, streams: new Agent(ONCE), idle, proxy: undefined, hint };
}
