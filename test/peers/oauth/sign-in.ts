// The code flow by hand, for the self-tests of the peers: what a client does, with nothing of the program in it.
import * as oauth from 'oauth4webapi';
import type { Browser } from './browser.ts';

const insecure = { [oauth.allowInsecureRequests]: true };

export interface SignIn {
  as: oauth.AuthorizationServer;
  client: oauth.Client;
  authentication: oauth.ClientAuth;
}

export interface CodeFlow {
  redirectUri: string;
  scope?: string;
  resource?: string;
  parameters?: Record<string, string>;
}

export async function discover(issuer: string): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure });
  return oauth.processDiscoveryResponse(url, response);
}

/** Registers a public client. */
export async function registered(as: oauth.AuthorizationServer, redirectUri: string): Promise<SignIn> {
  const metadata = {
    client_name: 'a client',
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code' as const],
  };
  const response = await oauth.dynamicClientRegistrationRequest(as, metadata, insecure);
  const client = await oauth.processDynamicClientRegistrationResponse(response);
  return { as, client, authentication: oauth.None() };
}

/** Walks to the redirect, and back with the code; nobody listens at the redirect. */
export async function signIn(
  { as, client, authentication }: SignIn,
  browser: Browser,
  { redirectUri, scope, resource, parameters = {} }: CodeFlow,
): Promise<oauth.TokenEndpointResponse> {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(as.authorization_endpoint ?? '');
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    ...(scope === undefined ? {} : { scope }),
    ...(resource === undefined ? {} : { resource }),
    ...parameters,
  }).toString();
  const page = await browser.visit(url.href);
  const last = page.visited.at(-1) ?? '';
  if (!last.startsWith(redirectUri)) throw new Error(`ended at ${last} with ${page.status}: ${page.html}`);
  const answer = oauth.validateAuthResponse(as, client, new URL(last), state);
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    authentication,
    answer,
    redirectUri,
    verifier,
    {
      ...insecure,
      ...(resource === undefined ? {} : { additionalParameters: { resource } }),
    },
  );
  return oauth.processAuthorizationCodeResponse(as, client, response);
}

export async function refreshed(
  { as, client, authentication }: SignIn,
  refreshToken: string,
): Promise<oauth.TokenEndpointResponse> {
  const response = await oauth.refreshTokenGrantRequest(as, client, authentication, refreshToken, insecure);
  return oauth.processRefreshTokenResponse(as, client, response);
}
