/**
 * Finds the authorization server for a refused request (RFC 9728, RFC 8414, OpenID Connect Discovery 1.0;
 * specification 2026-07-28, "Authorization Server Discovery"; 2025-03-26, "Authorization").
 */
import { printable, showUrl } from '../../core/redact.ts';
import { parseUrl } from '../../core/url.ts';
import { ProxyError } from '../../errors.ts';
import type { Challenge } from '../challenge.ts';
import type { Issuer } from '../vault/credentials.ts';
import { type Document, strings, text, unusable, unusableError } from './document-members.ts';
import { isIssuerMetadata, issuerOf } from './issuer-metadata.ts';
import { type FetchContext, fetchDocument, RedirectsInCircles, shown, Unavailable } from './library.ts';
import { isSameIssuer } from './providers.ts';
import { checkScheme, UnsafeTarget } from './targets.ts';

/** The protected resource, as its metadata describes it. */
interface Resource {
  /** The resource to ask tokens for: as the metadata spells it, or the server's URL. */
  readonly identifier: string;
  readonly issuers: readonly string[];
  readonly scopes: readonly string[] | undefined;
}

export interface Discovered {
  readonly resource: Resource;
  readonly issuer: Issuer;
}

/** How many times the proxy asks busy servers again during one search. */
const REPEATS = 3;

/** Finds the authorization server of a protected server. Rejects with a ProxyError that says what was looked for. */
export async function discover(
  context: FetchContext,
  challenge: Challenge,
  wanted: string | undefined,
): Promise<Discovered> {
  const wire = { ...context, repeats: { left: REPEATS } };
  const resource = await findResource(wire, challenge, wanted);
  if (!resource || 'missing' in resource) return withoutMetadata(wire, wanted, resource?.missing);
  let failure: unknown;
  for (const named of resource.issuers) {
    try {
      return { resource, issuer: await findIssuer(wire, named) };
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** The server's URL without a bare trailing slash and without a fragment (specification, "Canonical Server URI"). */
export function canonicalUri(url: URL): string {
  const path = url.pathname === '/' ? '' : url.pathname;
  return `${url.origin}${path}${url.search}`;
}

/** Why the metadata names no authorization server, or why it cannot be read now. */
type Missing = string | Unavailable;

/** Resolves with the problem if the metadata names no authorization server, and with undefined if there is no metadata. */
async function findResource(
  wire: FetchContext,
  challenge: Challenge,
  wanted: string | undefined,
): Promise<Resource | { readonly missing: Missing } | undefined> {
  let wrong: unknown;
  let nameless: string | undefined;
  let unavailable: Unavailable | undefined;
  for (const place of resourcePlaces(wire.server, challenge)) {
    // The address in the challenge may be wrong even if the metadata at another address is right.
    const document = await fetchDocument(wire, place).catch((error: unknown) => {
      if (error instanceof RedirectsInCircles) {
        nameless ??= error.message;
        return undefined;
      }
      if (error instanceof Unavailable) {
        if (!unavailable?.isBusy) unavailable = error;
        return undefined;
      }
      // Behind a load balancer that terminates TLS, servers often believe that clients use plain http:.
      const slip = place.protocol === 'http:' && place.hostname === wire.server.hostname;
      if (wire.signal.aborted || (error instanceof UnsafeTarget && !slip)) throw error;
      wrong ??= error;
      return undefined;
    });
    if (!document) continue;
    const issuers = strings(document.authorization_servers)?.filter((issuer) => parseUrl(issuer)) ?? [];
    if (issuers.length === 0) {
      if (document.authorization_servers !== undefined)
        nameless ??= unusable(nameOf(place), 'authorization_servers', document);
      continue;
    }
    // A user who sets the resource may reach the server under another name.
    const identifier = wanted ?? text(document.resource);
    if (identifier === undefined || (wanted === undefined && !covers(identifier, wire.server))) {
      wrong ??= wrongResource(place, document, wire.server);
      continue;
    }
    return {
      identifier,
      issuers: issuers.slice(0, 5),
      scopes: strings(document.scopes_supported),
    };
  }
  if (unavailable?.isBusy) throw unavailable;
  if (wrong) throw wrong;
  const missing = unavailable ?? nameless;
  return missing === undefined ? undefined : { missing };
}

function nameOf(place: URL): string {
  return `the protected resource metadata at ${showUrl(place)}`;
}

/** Where the metadata may be, in the specification's order. */
function* resourcePlaces(server: URL, { resourceMetadata }: Challenge): Generator<URL> {
  const wellKnown = '/.well-known/oauth-protected-resource';
  const named = resourceMetadata === undefined ? undefined : parseUrl(resourceMetadata, server);
  if (named) yield named;
  const path = server.pathname.replace(/\/$/, '');
  if (path !== '') yield new URL(`${wellKnown}${path}${server.search}`, server.origin);
  yield new URL(wellKnown, server.origin);
}

/** Whether a resource covers a server: same origin, and the server's path is its path or below it (RFC 9728, section 3.3). */
function covers(identifier: string, server: URL): boolean {
  const resource = parseUrl(identifier);
  if (!resource) return false;
  const base = resource.pathname.replace(/\/$/, '');
  return (
    resource.origin === server.origin && (server.pathname === base || `${server.pathname}/`.startsWith(`${base}/`))
  );
}

function wrongResource(place: URL, document: Document, server: URL): ProxyError {
  const hint = 'use the URL that the server gives for itself, or name the right one with --resource';
  const identifier = text(document.resource);
  if (identifier === undefined || !parseUrl(identifier)) {
    return unusableError(nameOf(place), 'resource', document, hint);
  }
  const stated = printable(JSON.stringify(identifier), 120);
  const message = `the metadata at ${showUrl(place)} is for the resource ${stated}, not for ${showUrl(server)}`;
  return new ProxyError('unauthorized', message, { hint });
}

/** For servers of revision 2025-03-26: the origin is the authorization server, with or without metadata. */
async function withoutMetadata(
  wire: FetchContext,
  wanted: string | undefined,
  missing: Missing | undefined,
): Promise<Discovered> {
  const { origin } = wire.server;
  const resource: Resource = { identifier: wanted ?? canonicalUri(wire.server), issuers: [origin], scopes: undefined };
  let failure = missing instanceof Unavailable ? missing : undefined;
  const found = await documentOf(wire, origin, (error) => {
    if (error instanceof Unavailable) failure ??= error;
  });
  // The document may exist although it cannot be read now, so guess nothing.
  if (!found && failure) throw failure;
  const issuer: Issuer = found ?? {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    // The server does not say so, but these revisions require PKCE.
    code_challenge_methods_supported: ['S256'],
    assumed: true,
    ...(typeof missing === 'string' && { unusable: { authorization_servers: missing } }),
  };
  return { resource, issuer };
}

async function findIssuer(wire: FetchContext, named: string): Promise<Issuer> {
  let problem: MissingDocument | undefined;
  const found = await documentOf(wire, named, (error) => {
    problem ??= error;
  });
  if (found) return found;
  if (problem instanceof RedirectsInCircles) throw problem;
  const failed = problem ? ` (HTTP ${problem.data.httpStatus})` : '';
  throw new ProxyError('unauthorized', `the authorization server ${shown(named)} publishes no metadata${failed}`, {
    hint: `the server names it as the place to sign in; ${problem ? 'try again later, or ' : ''}ask the operator of the server`,
  });
}

type MissingDocument = RedirectsInCircles | Unavailable;

/**
 * The first metadata document of the issuer that belongs to it and is usable. Throws if it has only others, or is busy.
 * @param onMissing called for each address that redirects in a loop or fails, which counts as one without a document
 */
async function documentOf(
  wire: FetchContext,
  named: string,
  onMissing: (error: MissingDocument) => void,
): Promise<Issuer | undefined> {
  const url = new URL(named);
  checkScheme(url);
  let wrong: unknown;
  let busy: Unavailable | undefined;
  for (const place of issuerPlaces(url)) {
    const document = await fetchDocument(wire, place).catch((error: unknown) => {
      if (!(error instanceof RedirectsInCircles || error instanceof Unavailable)) throw error;
      if (error instanceof Unavailable && error.isBusy) busy ??= error;
      onMissing(error);
      return undefined;
    });
    if (!document || !isIssuerMetadata(document)) continue;
    const stated = text(document.issuer);
    try {
      const isNamed = stated !== undefined && parseUrl(stated) !== undefined;
      if (isNamed && !isSameIssuer(named, stated)) throw wrongIssuer(named, stated);
      return issuerOf(document, place);
    } catch (error) {
      wrong ??= error;
    }
  }
  if (busy ?? wrong) throw busy ?? wrong;
  return undefined;
}

/** The two issuers must be identical (RFC 8414, section 3.3). Only a difference beyond spelling is a reason for alarm. */
function wrongIssuer(named: string, stated: string): ProxyError {
  const quoted = printable(JSON.stringify(stated), 120);
  if (spelledAlike(named) === spelledAlike(stated)) {
    return new ProxyError('unauthorized', `the server spells its issuer ${shown(named)}, but its metadata ${quoted}`, {
      hint: 'the two must be the same, to the last slash; ask the operator of the server to correct one of them',
    });
  }
  return new ProxyError('unauthorized', `the metadata of ${shown(named)} names another issuer, ${quoted}`, {
    hint: 'an attacker may be trying to steal the sign-in; ask the operator of the server',
  });
}

/** The URL parser normalizes the case of scheme and host, and removes default ports. */
function spelledAlike(issuer: string): string {
  return (URL.canParse(issuer) ? new URL(issuer).href : issuer).replace(/\/+$/, '');
}

/** Where the metadata of an issuer may be, in the specification's order. */
function* issuerPlaces(issuer: URL): Generator<URL> {
  const path = issuer.pathname.replace(/\/$/, '');
  const [oauth, openid] = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];
  yield new URL(`${oauth}${path}`, issuer.origin);
  yield new URL(`${openid}${path}`, issuer.origin);
  if (path === '') return;
  yield new URL(`${path}${openid}`, issuer.origin);
  // Not in the specification, but found in practice: one document at the root for an issuer with a path.
  yield new URL(oauth, issuer.origin);
}
