/** One sign-in from the challenge to the stored credentials, by whatever grant is configured. */
import { showUrl } from '../../core/redact.ts';
import type { Challenge } from '../challenge.ts';
import { AuthenticatedClient } from '../oauth/client-authentication.ts';
import { givenClient, register } from '../oauth/clients.ts';
import { resourceToSend, type Wanted } from '../oauth/code-flow.ts';
import { discover } from '../oauth/discover.ts';
import { mannersOf } from '../oauth/providers.ts';
import { scopesToAsk } from '../oauth/scopes.ts';
import type { ClientRecord, Credentials } from '../vault/credentials.ts';
import { signInByBrowser } from './by-browser.ts';
import type { SignInContext } from './context.ts';
import { byClientCredentials, byDeviceCode, deviceEndpointOf } from './without-browser.ts';

/** What a sign-in answers to. */
export interface Asked {
  readonly challenge: Challenge;
  /** What is granted already is asked for again, because only that together is enough. */
  readonly stepUp: boolean;
}

/** Signs in; to be called with the lock. Resolves with the credentials once they are stored; rejects with an error that says why not. */
export async function signIn(
  context: SignInContext,
  asked: Asked,
  stored: Credentials | undefined,
): Promise<Credentials> {
  const { wire, config, log, state } = context;
  log.debug(`auth: ${showUrl(wire.server)} asks for ${asked.stepUp ? 'more scopes' : 'a sign-in'}`);
  if (config.grant !== 'client-credentials') state.pending = { url: undefined };
  const wanted = await wantedBy(context, asked, stored);
  return config.grant === 'browser' ? signInByBrowser(context, wanted, stored) : directly(context, wanted, stored);
}

/** Where to sign in, and for what. */
async function wantedBy(
  { wire, config }: SignInContext,
  asked: Asked,
  stored: Credentials | undefined,
): Promise<Wanted> {
  const { resource, issuer } = await discover(wire, asked.challenge, config.resource);
  const manners = mannersOf(issuer);
  const pinned = config.clientInfo?.scope ?? config.clientMetadata.scope;
  const scope = scopesToAsk({
    // A program asks again ahead of the end of a token, when no challenge says for what.
    challenged: asked.challenge.scope ?? (config.grant === 'client-credentials' ? stored?.scope : undefined),
    pinned: typeof pinned === 'string' ? pinned : undefined,
    resource: resource.scopes,
    server: issuer.scopes_supported,
    before: asked.stepUp ? [stored?.scope, stored?.tokens?.scope].filter(Boolean).join(' ') : undefined,
    // There is no ID token without it (OpenID Connect Core 1.0, section 3.1.2.1).
    always: config.useIdToken ? ['openid', ...(manners.scopes ?? [])] : manners.scopes,
    withoutOfflineAccess: manners.withoutOfflineAccess || config.grant === 'client-credentials',
  });
  return { issuer, resource: resource.identifier, scope, clientIsKnown: asked.stepUp };
}

/** By a grant that needs no answer of a browser on this machine. */
async function directly(context: SignInContext, wanted: Wanted, stored: Credentials | undefined): Promise<Credentials> {
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
  { issuer, scope }: Wanted,
  stored: Credentials | undefined,
): Promise<ClientRecord> {
  const given = givenClient(config, issuer, stored);
  if (given) return given;
  const known = stored?.issuer?.issuer === issuer.issuer ? stored.client : undefined;
  const redirectUri = `http://${config.redirectHost}${config.callbackPath}`;
  return known ?? register(wire, config, issuer, redirectUri, scope);
}
