// A client that does what the specification says and nothing else, to show where that is not enough; a test makes it
// deviate, to show what is.
import { createHash, randomBytes } from 'node:crypto';
import type { Provider, Reply, Tab } from './provider.ts';

/** Members laid over those of a request; nothing leaves one out. */
type Overlay = Record<string, string | undefined>;

export interface Deviations {
  /** Accepts an issuer that is not the one that was asked for. */
  issuer?: (asked: string, told: string) => boolean;
  register?: Record<string, unknown>;
  authorize?: Overlay;
  exchange?: Overlay;
  refresh?: Overlay;
  /** Of the token endpoint. */
  headers?: Record<string, string>;
}

export interface ClientOptions {
  clientInfo?: { client_id: string; client_secret?: string };
  redirectUri?: string;
  deviations?: Deviations;
}

/** A document that describes an authorization server, as far as it matters here. */
interface Metadata {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  registration_endpoint?: string;
  scopes_supported?: string[];
}

export interface Tokens {
  access_token?: string;
  refresh_token?: string;
  id_token?: string;
  scope?: string;
  // biome-ignore lint/suspicious/noExplicitAny: each provider has members of its own
  [member: string]: any;
}

export class StandardClient {
  readonly provider: Provider;
  readonly redirectUri: string;
  readonly #deviations: Deviations;
  #client: { client_id: string; client_secret?: string } | undefined;
  #metadata: Metadata | undefined;
  #resource = '';
  #scope: string | undefined;
  #verifier = '';

  constructor(provider: Provider, { clientInfo, redirectUri, deviations = {} }: ClientOptions = {}) {
    this.provider = provider;
    this.redirectUri = redirectUri ?? 'http://localhost:49152/callback';
    this.#client = clientInfo;
    this.#deviations = deviations;
  }

  /** The first request, which is answered 401 or not. */
  request(token?: string, method = 'initialize', params: object = { protocolVersion: '2025-11-25' }): Promise<Reply> {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    return this.provider.fetch(this.provider.mcpUrl, { method: 'POST', headers, body });
  }

  callTool(token?: string): Promise<Reply> {
    return this.request(token, 'tools/call', { name: 'echo', arguments: {} });
  }

  async discover(): Promise<Metadata> {
    const { headers } = await this.callTool();
    const origin = new URL(this.provider.mcpUrl).origin;
    const url = /resource_metadata="([^"]+)"/.exec(headers['www-authenticate'] ?? '')?.[1];
    const described = url === undefined ? undefined : (await this.provider.fetch(url)).json;
    this.#resource = described?.resource ?? this.provider.mcpUrl;
    const issuer: string = described?.authorization_servers[0] ?? origin;
    for (const place of places(new URL(issuer))) {
      const { status, json } = await this.provider.fetch(place);
      if (status !== 200) continue;
      const accepted = this.#deviations.issuer ?? ((asked, told) => asked === told);
      if (!accepted(issuer, json.issuer)) throw new Error(`issuer mismatch: ${json.issuer} at ${place}`);
      const offline = json.scopes_supported?.includes('offline_access') ? ['offline_access'] : [];
      const scopes = [...(described?.scopes_supported ?? []), ...offline];
      this.#scope = scopes.length === 0 ? undefined : scopes.join(' ');
      this.#metadata = json;
      return json;
    }
    throw new Error(`no metadata of ${issuer}`);
  }

  /** Registers where that has to be; the answer is thrown as text where it is refused. */
  async register(): Promise<void> {
    if (this.#client) return;
    const { registration_endpoint: url } = this.#metadata ?? {};
    if (url === undefined) throw new Error('no registration endpoint');
    const body = JSON.stringify({
      client_name: 'client',
      redirect_uris: [this.redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      scope: this.#scope,
      ...this.#deviations.register,
    });
    const reply = await this.provider.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    if (reply.status !== 201) throw new Error(`${reply.status} ${reply.text}`);
    this.#client = { client_id: reply.json.client_id };
  }

  /** Discovery, registration, and the user's consent; ends at the callback or on a page. */
  async authorize(): Promise<Tab> {
    if (!this.#metadata) await this.discover();
    await this.register();
    this.#verifier = randomBytes(32).toString('base64url');
    const url = new URL(this.#metadata?.authorization_endpoint ?? '');
    url.search = query({
      response_type: 'code',
      client_id: this.#client?.client_id,
      redirect_uri: this.redirectUri,
      state: randomBytes(16).toString('base64url'),
      code_challenge: createHash('sha256').update(this.#verifier).digest('base64url'),
      code_challenge_method: 'S256',
      resource: this.#resource,
      scope: this.#scope,
      ...this.#deviations.authorize,
    });
    return this.provider.signIn(url.href);
  }

  /** The parameters that the callback got. */
  async callback(): Promise<Record<string, string>> {
    const tab = await this.authorize();
    if (tab.status !== 0) throw new Error(`${tab.status} ${tab.text}`);
    return Object.fromEntries(new URL(tab.url).searchParams);
  }

  exchange(code: string | undefined): Promise<Reply> {
    return this.#token({
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.redirectUri,
      code_verifier: this.#verifier,
      resource: this.#resource,
      ...this.#deviations.exchange,
    });
  }

  refresh(token: string | undefined): Promise<Reply> {
    const form = { grant_type: 'refresh_token', refresh_token: token, resource: this.#resource };
    return this.#token({ ...form, ...this.#deviations.refresh });
  }

  /** All of it. */
  async signIn(): Promise<Tokens> {
    const { code, ...refusal } = await this.callback();
    if (code === undefined) throw new Error(JSON.stringify(refusal));
    const { status, text, json } = await this.exchange(code);
    if (status !== 200 || json === undefined) throw new Error(`${status} ${text}`);
    return json as Tokens;
  }

  #token(form: Overlay): Promise<Reply> {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      ...this.#deviations.headers,
    };
    const body = query({ ...this.#client, ...form });
    return this.provider.fetch(this.#metadata?.token_endpoint ?? '', { method: 'POST', headers, body });
  }
}

/** Where the specification looks, in its order. */
function places({ origin, pathname }: URL): string[] {
  const path = pathname === '/' ? '' : pathname;
  const inserted = ['oauth-authorization-server', 'openid-configuration'].map(
    (name) => `${origin}/.well-known/${name}${path}`,
  );
  return path === '' ? inserted : [...inserted, `${origin}${path}/.well-known/openid-configuration`];
}

function query(members: Overlay): string {
  const present = Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(present).toString();
}
