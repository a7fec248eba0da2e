// The code flow of a stand-in: what every authorization server does, with the quirks of one of them.
import { createHash, randomBytes } from 'node:crypto';
import { type Answer, json, page, type Request, redirect } from './provider.ts';

export interface Client {
  readonly id: string;
  /** Nothing: a public client. */
  readonly secret?: string;
  /** Whether a redirect URI is one of this client's. */
  readonly redirects: (uri: string) => boolean;
}

/** What one sign-in gave to one client. */
export interface Grant {
  readonly client: Client;
  readonly scopes: readonly string[];
  /** The authorization request. */
  readonly query: URLSearchParams;
}

/** A refusal at the authorization endpoint: shown to the user, or sent back to the client. */
export interface Refusal {
  readonly error: string;
  readonly description?: string;
  /** Status of the page; nothing: sent back. */
  readonly page?: number;
}

/** A refusal at the token endpoint. */
export interface TokenRefusal {
  readonly status: number;
  readonly body: object;
}

export type Turn = 'code' | 'refresh';

/** Makes tokens that the MCP server will know. */
export interface Issue {
  access(token?: string): string;
  refresh(prefix?: string): string;
}

export interface ProviderQuirks {
  clients: Client[];
  unknownClient(id: string): Refusal;
  wrongRedirect(uri: string): Refusal;
  /** What else is wrong with an authorization request. */
  authorize(query: URLSearchParams, client: Client): Refusal | undefined;
  /** What is granted of what was asked for. */
  scopes(query: URLSearchParams): string[];
  /** Beside code and state. */
  inRedirect?: Record<string, string>;
  /** Of the token endpoint. */
  wrongClient: TokenRefusal;
  secretMissing?: TokenRefusal;
  secretUnwanted?: TokenRefusal;
  wrongCode: TokenRefusal;
  wrongRefresh: TokenRefusal;
  /** What else is wrong with a token request. */
  token?(form: URLSearchParams, turn: Turn, grant: Grant): TokenRefusal | undefined;
  /** The whole answer. */
  answer(grant: Grant, issue: Issue, turn: Turn, form: URLSearchParams): object;
  /** Each refresh token is good for one use, and its second use ends the sign-in. */
  rotates: boolean;
  encode?(request: Request, status: number, body: object): Answer;
}

interface Code {
  readonly grant: Grant;
  readonly redirectUri: string;
  readonly challenge: string | null;
}

export const random = (bytes = 24): string => randomBytes(bytes).toString('base64url');
export const words = (text: string | null): string[] => (text ?? '').split(/\s+/).filter(Boolean);

/** Compares redirect URIs as RFC 8252 wants it for loopback: the port does not matter. */
export function anyPort(registered: string): (uri: string) => boolean {
  return (uri) => withoutPort(uri) === withoutPort(registered);
}

export class Authorization {
  readonly clients = new Map<string, Client>();
  readonly #quirks: ProviderQuirks;
  readonly #codes = new Map<string, Code>();
  readonly #refresh = new Map<string, Grant>();
  readonly #spent = new Map<string, Grant>();
  readonly #access = new Map<string, Grant>();

  constructor(quirks: ProviderQuirks) {
    this.#quirks = quirks;
    for (const client of quirks.clients) this.clients.set(client.id, client);
  }

  /** The sign-in behind an access token that is still good. */
  grantOf(token: string | undefined): Grant | undefined {
    return token === undefined ? undefined : this.#access.get(token);
  }

  expireAccessTokens(): void {
    this.#access.clear();
  }

  revokeEverything(): void {
    for (const tokens of [this.#access, this.#refresh, this.#spent]) tokens.clear();
  }

  readonly authorize = ({ url }: Request): Answer => {
    const query = url.searchParams;
    const [id, uri] = [query.get('client_id') ?? '', query.get('redirect_uri') ?? ''];
    const state = query.get('state') ?? undefined;
    const refuse = ({ error, description, page: status }: Refusal): Answer =>
      status === undefined
        ? redirect(uri, { error, error_description: description, state, ...this.#quirks.inRedirect })
        : page(status, `${error}: ${description ?? ''}`);

    const client = this.clients.get(id);
    if (!client) return refuse(this.#quirks.unknownClient(id));
    if (!client.redirects(uri)) return refuse(this.#quirks.wrongRedirect(uri));
    const refusal = this.#quirks.authorize(query, client);
    if (refusal) return refuse(refusal);
    const code = random();
    const grant = { client, scopes: this.#quirks.scopes(query), query };
    this.#codes.set(code, { grant, redirectUri: uri, challenge: query.get('code_challenge') });
    return redirect(uri, { code, state, ...this.#quirks.inRedirect });
  };

  readonly token = (request: Request): Answer => {
    const [status, body] = this.#token(request);
    return this.#quirks.encode?.(request, status, body) ?? json(status, body);
  };

  /** RFC 7009: whichever token it is, the whole sign-in ends; one that nobody knows is no error. */
  readonly revoke = ({ form }: Request): Answer => {
    const token = form.get('token') ?? '';
    const grant = this.#refresh.get(token) ?? this.#access.get(token);
    if (grant) for (const tokens of [this.#refresh, this.#access]) forget(tokens, grant);
    return json(200, {});
  };

  #token({ form, headers }: Request): [number, object] {
    const quirks = this.#quirks;
    const refuse = ({ status, body }: TokenRefusal): [number, object] => [status, body];
    const { id, secret } = credentials(form, headers.authorization);
    const client = this.clients.get(id);
    if (!client) return refuse(quirks.wrongClient);
    if (client.secret === undefined && secret !== undefined && quirks.secretUnwanted)
      return refuse(quirks.secretUnwanted);
    if (client.secret !== undefined && secret === undefined) return refuse(quirks.secretMissing ?? quirks.wrongClient);
    if (client.secret !== undefined && secret !== client.secret) return refuse(quirks.wrongClient);

    const turn = form.get('grant_type') === 'refresh_token' ? 'refresh' : 'code';
    const grant = turn === 'refresh' ? this.#refreshed(form) : this.#redeemed(form);
    if (grant?.client !== client) return refuse(turn === 'refresh' ? quirks.wrongRefresh : quirks.wrongCode);
    const refusal = quirks.token?.(form, turn, grant);
    if (refusal) return refuse(refusal);
    if (turn === 'refresh' && quirks.rotates) {
      const used = form.get('refresh_token') ?? '';
      this.#refresh.delete(used);
      this.#spent.set(used, grant);
    }
    const keep = (tokens: Map<string, Grant>, token: string): string => {
      tokens.set(token, grant);
      return token;
    };
    const issue: Issue = {
      access: (token = random()) => keep(this.#access, token),
      refresh: (prefix = '') => keep(this.#refresh, prefix + random(32)),
    };
    return [200, quirks.answer(grant, issue, turn, form)];
  }

  #redeemed(form: URLSearchParams): Grant | undefined {
    const value = form.get('code') ?? '';
    const code = this.#codes.get(value);
    this.#codes.delete(value);
    if (!code || form.get('redirect_uri') !== code.redirectUri) return undefined;
    const verifier = form.get('code_verifier') ?? '';
    const proven =
      code.challenge === null || createHash('sha256').update(verifier).digest('base64url') === code.challenge;
    return proven ? code.grant : undefined;
  }

  #refreshed(form: URLSearchParams): Grant | undefined {
    const token = form.get('refresh_token') ?? '';
    const spent = this.#spent.get(token);
    if (spent) for (const tokens of [this.#refresh, this.#access]) forget(tokens, spent);
    return this.#refresh.get(token);
  }
}

function forget(tokens: Map<string, Grant>, grant: Grant): void {
  for (const [token, of] of tokens) if (of === grant) tokens.delete(token);
}

function credentials(form: URLSearchParams, header = ''): { id: string; secret?: string } {
  const basic = /^Basic (.+)$/.exec(header)?.[1];
  if (basic !== undefined) {
    const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString('utf8').split(':').map(decodeURIComponent);
    return { id, secret };
  }
  const secret = form.get('client_secret');
  return { id: form.get('client_id') ?? '', ...(secret === null ? {} : { secret }) };
}

function withoutPort(uri: string): string {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  return url ? `${url.protocol}//${url.hostname}${url.pathname}` : uri;
}
