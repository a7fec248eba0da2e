/** One sign-in, from the challenge to the stored credentials, with the configured grant. */
import { showUrl } from '../../core/redact.ts';
import type { Challenge } from '../challenge.ts';
import { AuthenticatedClient } from '../oauth/client-authentication.ts';
import { givenClient, register } from '../oauth/client-registration.ts';
import { resourceToSend, type SignInRequest } from '../oauth/code-flow.ts';
import { discover } from '../oauth/discover.ts';
import { quirksOf } from '../oauth/providers.ts';
import { scopesToAsk } from '../oauth/scopes.ts';
import type { ClientRecord, Credentials } from '../vault/credentials.ts';
import { signInByBrowser } from './by-browser.ts';
import type { SignInContext } from './context.ts';
import { byClientCredentials, byDeviceCode, deviceEndpointOf } from './without-browser.ts';

/** The demand of the server that a sign-in must meet. */
export interface SignInDemand {
  readonly challenge: Challenge;
  /** Whether to request the granted scopes again: the server wants them together with the new ones. */
  readonly stepUp: boolean;
}

/** Signs in. The caller must hold the lock. Resolves with the stored credentials; rejects with the reason for a failure. */
export async function signIn(
  context: SignInContext,
  asked: SignInDemand,
  stored: Credentials | undefined,
): Promise<Credentials> {
  const { wire, config, log, state } = context;
  log.debug(`auth: ${showUrl(wire.server)} asks for ${asked.stepUp ? 'more scopes' : 'a sign-in'}`);
  if (config.grant !== 'client-credentials') state.pending = { url: undefined };
  const wanted = await wantedBy(context, asked, stored);
  return config.grant === 'browser' ? signInByBrowser(context, wanted, stored) : directly(context, wanted, stored);
}

/** Where to sign in, and for which resource and scopes. */
async function wantedBy(
  { wire, config }: SignInContext,
  asked: SignInDemand,
  stored: Credentials | undefined,
): Promise<SignInRequest> {
  const { resource, issuer } = await discover(wire, asked.challenge, config.resource);
  const quirks = quirksOf(issuer);
  const pinned = config.clientInfo?.scope ?? config.clientMetadata.scope;
  const scope = scopesToAsk({
    // With client credentials, the program asks again before the token expires, when no challenge names the scopes.
    challenged: asked.challenge.scope ?? (config.grant === 'client-credentials' ? stored?.scope : undefined),
    pinned: typeof pinned === 'string' ? pinned : undefined,
    resource: resource.scopes,
    server: issuer.scopes_supported,
    before: asked.stepUp ? [stored?.scope, stored?.tokens?.scope].filter(Boolean).join(' ') : undefined,
    // Without it, the server issues no ID token (OpenID Connect Core 1.0, section 3.1.2.1).
    always: config.useIdToken ? ['openid', ...(quirks.scopes ?? [])] : quirks.scopes,
    withoutOfflineAccess: quirks.withoutOfflineAccess || config.grant === 'client-credentials',
  });
  return { issuer, resource: resource.identifier, scope, clientIsKnown: asked.stepUp };
}

/** Signs in by a grant that needs no browser on this machine. */
async function directly(
  context: SignInContext,
  wanted: SignInRequest,
  stored: Credentials | undefined,
): Promise<Credentials> {
  const { wire, config, vault } = context;
  const { issuer, scope } = wanted;
  if (config.grant === 'device-code') deviceEndpointOf(issuer);
  const client = new AuthenticatedClient(await clientFor(context, wanted, stored), config);
  const resource = resourceToSend(config, issuer, wanted.resource);
  const tokens = await (config.grant === 'device-code'
    ? byDeviceCode({ ...context, issuer, client }, { resource, scope })
    : byClientCredentials({ wire, config, issuer, client }, { resource, scope }));
  const { profile } = config;
  return vault.update({
    url: `${wire.server.origin}${wire.server.pathname}`,
    ...(profile !== undefined && { profile }),
    issuer,
    client: client.record,
    ...(resource !== undefined && { resource }),
    ...(scope !== undefined && { scope }),
    tokens,
  });
}

async function clientFor(
  { wire, config }: SignInContext,
  { issuer, scope }: SignInRequest,
  stored: Credentials | undefined,
): Promise<ClientRecord> {
  const given = givenClient(config, issuer, stored);
  if (given) return given;
  const known = stored?.issuer?.issuer === issuer.issuer ? stored.client : undefined;
  const redirectUri = `http://${config.redirectHost}${config.callbackPath}`;
  return known ?? register(wire, config, issuer, redirectUri, scope);
}
