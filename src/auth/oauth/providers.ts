/**
 * Identity providers that differ from the standard, and how. For all others the proxy follows the standard. It
 * identifies a provider by its host, never by what a document claims.
 */
import { parseUrl } from '../../core/url.ts';

export interface ProviderQuirks {
  /** Does not accept the `resource` parameter (RFC 8707): derives the audience from the scopes, or refuses. */
  readonly withoutResource?: true;
  /** Accepts the resource as `audience`. */
  readonly audience?: true;
  /** Added to the authorization request. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Refuses a refresh that does not repeat the scopes. */
  readonly scopeOnRefresh?: true;
  /** Refuses the scope `offline_access`, even if the metadata advertises it. */
  readonly withoutOfflineAccess?: true;
  /** Scopes to request in addition to those that the server wants. */
  readonly scopes?: readonly string[];
  /** MCP servers that use this provider may want the ID token as the bearer. */
  readonly idTokenAsBearer?: true;
  /** Refuses registrations that name scopes. */
  readonly registersWithoutScope?: true;
}

/** The facts about an authorization server that identify its provider. */
export interface ServerIdentity {
  readonly issuer: string;
  readonly authorization_endpoint?: string | undefined;
  readonly token_endpoint?: string | undefined;
}

const ENTRA =
  /^(login\.microsoftonline\.(com|us)|login\.partner\.microsoftonline\.cn|sts\.windows\.net|.+\.(ciamlogin|b2clogin)\.com)$/;
const COGNITO = /^cognito-idp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;
const AUTH0 = /\.auth0\.com$/;

/** The quirks of an authorization server; empty if it follows the standard. */
export function quirksOf(place: ServerIdentity): ProviderQuirks {
  const issuer = hostOf(place.issuer);
  const login = hostOf(place.authorization_endpoint);
  // Façades publish their own document, with Entra's endpoints in it.
  if (ENTRA.test(issuer) || ENTRA.test(login)) return { withoutResource: true, scopeOnRefresh: true };
  if (issuer === 'accounts.google.com') {
    return { parameters: { access_type: 'offline', prompt: 'consent' }, withoutOfflineAccess: true };
  }
  if (AUTH0.test(issuer) || isAuth0(place)) return { audience: true };
  if (COGNITO.test(issuer)) return { withoutResource: true, scopes: ['openid'], idTokenAsBearer: true };
  if (/\/realms\/[^/]+\/?$/.test(pathOf(place.issuer))) return { registersWithoutScope: true };
  return {};
}

/** Recognizes custom domains of Auth0 by their set of endpoints. */
function isAuth0({ authorization_endpoint, token_endpoint, ...rest }: ServerIdentity): boolean {
  const registration = (rest as { registration_endpoint?: string }).registration_endpoint;
  return (
    pathOf(authorization_endpoint) === '/authorize' &&
    pathOf(token_endpoint) === '/oauth/token' &&
    pathOf(registration) === '/oidc/register'
  );
}

/** Pairs of the issuer that a server names and the issuer in its document, known to be the same. */
const KNOWN_PAIRS: readonly (readonly [named: RegExp, stated: RegExp])[] = [
  [/^https:\/\/mcp\.atlassian\.com$/, /^https:\/\/cf\.mcp\.atlassian\.com$/],
  [/^https:\/\/auth\.atlassian\.com\/[\w-]+$/, /^https:\/\/auth\.atlassian\.com$/],
  [/^https:\/\/mcp\.slack\.com$/, /^https:\/\/slack\.com$/],
  [/^https:\/\/slack\.com$/, /^https:\/\/mcp\.slack\.com$/],
  [
    /^https:\/\/login\.microsoftonline\.com\/(common|organizations|consumers)\/v2\.0$/,
    /^https:\/\/login\.microsoftonline\.com\/(\{tenantid\}|9188040d-6c67-4c5b-b112-36a304b66dad)\/v2\.0$/,
  ],
];

/**
 * Whether a metadata document belongs to the issuer it was requested from. The two must be identical (RFC 8414,
 * section 3.3), except for the slash after a bare origin: several large providers write their name with and without it.
 */
export function isSameIssuer(named: string, stated: string): boolean {
  const [a, b] = [withoutRootSlash(named), withoutRootSlash(stated)];
  return a === b || KNOWN_PAIRS.some(([left, right]) => left.test(a) && right.test(b));
}

function withoutRootSlash(issuer: string): string {
  return /^https?:\/\/[^/]+\/$/.test(issuer) ? issuer.slice(0, -1) : issuer;
}

function hostOf(url: string | undefined): string {
  return parseUrl(url ?? '')?.hostname ?? '';
}

function pathOf(url: string | undefined): string {
  return parseUrl(url ?? '')?.pathname ?? '';
}
