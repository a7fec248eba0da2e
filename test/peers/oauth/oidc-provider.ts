// The certified authorization server oidc-provider, on loopback, strict, and without people: whoever comes is ada, and
// consents. A user who denies is a browser stand-in that says so.
import type http from 'node:http';
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWK, jwtVerify } from 'jose';
import type { Context, Interaction, Provider, StoredToken } from 'oidc-provider';
import { listenLoopback, type Peer } from '../listen.ts';
import { Watched } from '../watched.ts';
import type { Bearer, TokenAuthority } from './authority.ts';
import type { RequestKind } from './authorization-server.ts';
import type { Client } from './ledger.ts';
import { configurationOf } from './oidc-configuration.ts';
import { OidcStore } from './oidc-store.ts';
import { DECISION_HEADER } from './tab.ts';

export interface OidcProviderOptions {
  /** Opaque tokens unless "jwt". */
  accessTokenFormat?: 'opaque' | 'jwt';
  accessTokenSeconds?: number;
  /** Scopes of the protected resources. */
  scopes?: string[];
  /** Resources it issues tokens for; nothing: any. */
  resources?: string[];
  /** Refresh tokens are for those who ask for offline_access, as OpenID Connect has it; else for every client with the grant type. */
  offlineAccess?: boolean;
  registration?: boolean;
  /** Clients that are registered beforehand. */
  clients?: Client[];
}

export interface OidcProviderRequest {
  readonly kind: RequestKind;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  /** Empty until the provider has read it. */
  form: URLSearchParams;
  /** 0 until the answer is written. */
  status: number;
}

export interface OidcProvider extends Peer, TokenAuthority {
  readonly issuer: string;
  readonly requests: readonly OidcProviderRequest[];
  of(kind: RequestKind): readonly OidcProviderRequest[];
  /** Answered token requests with this grant_type. */
  tokenRequests(grantType: string): readonly OidcProviderRequest[];
  count(kind: RequestKind): number;
  waitFor(kind: RequestKind, n: number): Promise<OidcProviderRequest>;
  /** Runs before the provider sees a token request; `n` counts from 1. */
  beforeToken: ((n: number) => Promise<void> | void) | undefined;
  /** Runs when the provider has acted and nothing is written yet. */
  afterToken: ((n: number, body: unknown) => Promise<void> | void) | undefined;
  check(token: string, wanted: { resource?: string }): Promise<Bearer | undefined>;
  isValid(token: string, resource?: string): Promise<boolean>;
  expireAccessTokens(): void;
  revokeEverything(): void;
  /** Forgets a registered client and what was granted to it. */
  deleteClient(id: string): void;
}

const KINDS: Record<string, RequestKind> = {
  '/reg': 'register',
  '/auth': 'authorize',
  '/token': 'token',
  '/token/revocation': 'revoke',
  '/device/auth': 'device',
  '/jwks': 'jwks',
};

export async function startOidcProvider(options: OidcProviderOptions = {}): Promise<OidcProvider> {
  const { accessTokenFormat = 'opaque' } = options;
  const store = new OidcStore();
  const requests = new Watched<OidcProviderRequest>('requests');
  const byMessage = new WeakMap<http.IncomingMessage, OidcProviderRequest>();
  const keys = await generateKeyPair('ES256', { extractable: true });
  const jwk: JWK = { ...(await exportJWK(keys.privateKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  const publicKeys = createLocalJWKSet({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256' }] });
  // A JWT is good wherever it is not known to be bad: this is how a resource server hears of revocation.
  const liveJwts = new Set<string>();

  let handle: (req: http.IncomingMessage, res: http.ServerResponse) => Promise<unknown> = async () => {};
  const peer = await listenLoopback('', (req, res) => {
    const request = requestOf(req);
    byMessage.set(req, request);
    res.once('finish', () => {
      request.status = res.statusCode;
    });
    requests.add(request);
    return handle(req, res);
  });
  const issuer = peer.url;
  const provider = await quietly(async () => {
    const library = await import('oidc-provider');
    return new library.Provider(issuer, configurationOf(options, store, jwk, library.errors));
  });
  const issued = ({ jti }: StoredToken): void => void liveJwts.add(jti);
  provider.on('access_token.issued', issued);
  provider.on('client_credentials.issued', issued);

  const count = (kind: RequestKind): number => requests.all.filter((request) => request.kind === kind).length;
  provider.use(async (ctx, next) => {
    const request = byMessage.get(ctx.req);
    const isToken = request?.kind === 'token';
    const n = count('token');
    if (isToken) await oidc.beforeToken?.(n);
    await next();
    if (request) request.form = formOf(ctx);
    if (isToken) await oidc.afterToken?.(n, ctx.body);
  });
  const callback = provider.callback();
  handle = (req, res) => (req.url?.startsWith('/interaction/') ? decide(provider, req, res) : callback(req, res));

  const found = async (value: string): Promise<StoredToken | undefined> => {
    if (accessTokenFormat === 'opaque') {
      return (await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value));
    }
    const verified = await jwtVerify(value, publicKeys, { issuer }).catch(() => undefined);
    if (!verified) return undefined;
    const { jti = '', sub = '', aud, scope, client_id: clientId } = verified.payload as Record<string, string>;
    if (!liveJwts.has(jti)) return undefined;
    return { jti, accountId: sub, clientId: clientId ?? '', ...(aud ? { aud } : {}), ...(scope ? { scope } : {}) };
  };

  const oidc: OidcProvider = {
    url: issuer,
    issuer,
    requests: requests.all,
    of: (kind) => requests.all.filter((request) => request.kind === kind),
    tokenRequests: (type) =>
      requests.all.filter(({ kind, form }) => kind === 'token' && form.get('grant_type') === type),
    count,
    waitFor: (kind, n) => requests.nth(n, (request) => request.kind === kind),
    beforeToken: undefined,
    afterToken: undefined,
    async check(value, { resource }) {
      const token = await found(value);
      if (!token || (resource !== undefined && token.aud !== resource)) return undefined;
      const { accountId, clientId, scope = '' } = token;
      return { subject: accountId ?? clientId, clientId, scopes: scope.split(' ').filter((one) => one !== '') };
    },
    isValid: async (value, resource) =>
      (await oidc.check(value, resource === undefined ? {} : { resource })) !== undefined,
    expireAccessTokens() {
      for (const name of ['AccessToken', 'ClientCredentials']) {
        for (const payload of store.model(name).values()) payload.exp = 1;
      }
      liveJwts.clear();
    },
    revokeEverything() {
      store.remove((_payload, model) => model !== 'Client');
      liveJwts.clear();
    },
    deleteClient(id) {
      store.remove((payload, model, key) => (model === 'Client' ? key === id : payload.clientId === id));
    },
    close: peer.close,
  };
  return oidc;
}

function requestOf(req: http.IncomingMessage): OidcProviderRequest {
  const { pathname: path, searchParams: query } = new URL(req.url ?? '/', 'http://localhost');
  const kind = path.startsWith('/.well-known/') ? 'metadata' : (KINDS[path] ?? 'other');
  return { kind, method: req.method ?? '', path, query, headers: req.headers, form: new URLSearchParams(), status: 0 };
}

function formOf({ oidc }: Context): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(oidc?.body ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) form.append(name, String(one));
  }
  return form;
}

/** Ends an interaction without a person: logs ada in, consents to all that is missing, or denies. */
async function decide(provider: Provider, req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
  if (req.headers[DECISION_HEADER] === 'deny') {
    const result = { error: 'access_denied', error_description: 'The user refused' };
    return provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
  }
  const interaction = await provider.interactionDetails(req, res);
  const login = { accountId: 'ada' };
  if (interaction.prompt.name === 'login') return provider.interactionFinished(req, res, { login });
  const grantId = await consent(provider, interaction);
  return provider.interactionFinished(req, res, { consent: { grantId } });
}

async function consent(provider: Provider, { grantId, params, prompt }: Interaction): Promise<string> {
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = known ?? new provider.Grant({ accountId: 'ada', clientId: String(params.client_id) });
  const { missingOIDCScope, missingResourceScopes } = prompt.details as {
    missingOIDCScope?: string[];
    missingResourceScopes?: Record<string, string[]>;
  };
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '));
  }
  return grant.save();
}

/** It warns of every Node that is not the newest, and of whatever a test does not configure. */
async function quietly<T>(run: () => Promise<T>): Promise<T> {
  const { warn, info } = console;
  Object.assign(console, { warn: () => {}, info: () => {} });
  try {
    return await run();
  } finally {
    Object.assign(console, { warn, info });
  }
}
