// How an authorization server is to behave: all of it can change while it runs.

import type { Answer, DocumentAnswer } from './document-answer.ts';
import type { Grant } from './ledger.ts';

export interface Refused {
  readonly error: string;
  readonly error_description?: string;
}

export interface TokenRequest {
  /** From 1, over all requests to the token endpoint. */
  readonly n: number;
  readonly form: URLSearchParams;
  readonly headers: Record<string, string | string[] | undefined>;
}

export interface AuthorizationServerBehaviour {
  // ---- metadata --------------------------------------------------------------------------------

  /** /.well-known/oauth-authorization-server, with the path of the issuer behind it. */
  oauthMetadata: DocumentAnswer;
  /** /.well-known/openid-configuration, with the path of the issuer behind it. */
  openidInserted: DocumentAnswer;
  /** The path of the issuer, with /.well-known/openid-configuration behind it. */
  openidAppended: DocumentAnswer;
  /** The two well-known places of the origin, for an issuer with a path. */
  rootMetadata: DocumentAnswer;
  /** Members laid over the metadata; `undefined` leaves one out. */
  metadata: Record<string, unknown>;

  // ---- clients ---------------------------------------------------------------------------------

  /** Dynamic registration: answers without a secret, with one, as was asked, with another method than was asked, is not there, or answers this. */
  registration: 'public' | 'secret' | 'asked' | 'contrary' | 'off' | Answer;
  /** Members laid over the registration response; `undefined` leaves one out. */
  registrationMembers: Record<string, unknown>;
  /** Client ID metadata documents: unknown, taken without a look, or fetched and checked. */
  clientMetadataDocuments: 'off' | 'trust' | 'fetch';
  /** token_endpoint_auth_methods_supported; nothing: not advertised, everything taken. */
  authMethods: string[] | undefined;
  /**
   * Where the server looks for the credentials of a client: where it was agreed, or in one place only, whatever was
   * agreed or advertised.
   */
  readsClientIn: 'agreed' | 'body' | 'header';
  /** How it says that it does not know a client: as the standard says, or as the Python SDK does. */
  unknownClient: 'invalid_client' | 'unauthorized_client';

  // ---- authorization endpoint ------------------------------------------------------------------

  /** What happens where the user has not denied: a code, an error, or a page that leads nowhere. */
  authorize: 'approve' | Refused | Answer;
  /** Refuses parameters, like providers with rules of their own. */
  checkAuthorize: ((query: URLSearchParams) => Refused | undefined) | undefined;
  /** Whether a loopback redirect may come with any port (RFC 8252, section 7.3). */
  redirectPorts: 'any' | 'exact';
  /** The `iss` of the response (RFC 9207): sent and advertised, neither, or this. */
  iss: 'send' | 'omit' | { readonly value: string; readonly advertised: boolean };
  state: 'echo' | 'omit' | { readonly value: string };

  // ---- what is granted -------------------------------------------------------------------------

  resource: 'optional' | 'required' | 'forbidden';
  /** Resources it issues tokens for; nothing: any. */
  resources: string[] | undefined;
  /** Scopes it knows; nothing: any. Advertised where they are given. */
  scopes: string[] | undefined;
  /** What is granted of what was asked for. */
  grantScopes: (asked: string[]) => string[];
  subject: string;

  // ---- tokens ----------------------------------------------------------------------------------

  /** Life of an access token. */
  accessTokenSeconds: number;
  /** expires_in in the response: right, left out, or this. */
  expiresIn: 'right' | 'omit' | { readonly value: unknown };
  /** A spent refresh token that comes again revokes its family at once when they rotate. */
  refresh: 'rotate' | 'keep' | 'never';
  /** Whether a grant gets a refresh token at all: by scope offline_access, say. `query` is the authorization request. */
  refreshable: (grant: Grant, query: URLSearchParams) => boolean;
  /** The bearer that `check` takes: the access token, or an id_token that comes with it. */
  bearer: 'access_token' | 'id_token';
  /** Before the token endpoint looks at a request. */
  beforeToken: ((request: TokenRequest) => Promise<void> | void) | undefined;
  /** Answers in its place, with nothing changed: 429, 503, invalid_grant and the like. */
  tokenAnswer: ((request: TokenRequest) => Answer | undefined) | undefined;
  /** Tokens are issued and old ones spent, and not a byte of the response is written. */
  afterTokenIssued: ((request: TokenRequest, response: Record<string, unknown>) => Promise<void> | void) | undefined;
  /** The response that is written in place of the usual one. */
  tokenResponse: ((response: Record<string, unknown>, request: TokenRequest) => Answer) | undefined;
  /** grant_types_supported and what is taken: nothing: all. */
  grantTypes: string[] | undefined;

  // ---- device grant and revocation -------------------------------------------------------------

  device: {
    /** Polls that are answered with authorization_pending, then with slow_down. */
    pending: number;
    slowDown: number;
    outcome: 'approve' | 'deny' | 'expire';
    /** Seconds; nothing: not in the response. */
    interval: number | undefined;
    expiresIn: number;
  };
  /** RFC 7009: there, absent, or answering this. Without effect unless it is there, or the answer is undefined. */
  revocation: 'on' | 'off' | Answer | ((request: Pick<TokenRequest, 'form'>) => Answer | undefined);
}

export function usualBehaviour(): AuthorizationServerBehaviour {
  return {
    oauthMetadata: 'document',
    openidInserted: 404,
    openidAppended: 404,
    rootMetadata: 404,
    metadata: {},
    registration: 'public',
    registrationMembers: {},
    clientMetadataDocuments: 'off',
    authMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    readsClientIn: 'agreed',
    unknownClient: 'invalid_client',
    authorize: 'approve',
    checkAuthorize: undefined,
    redirectPorts: 'any',
    iss: 'send',
    state: 'echo',
    resource: 'optional',
    resources: undefined,
    scopes: undefined,
    grantScopes: (asked) => asked,
    subject: 'ada',
    accessTokenSeconds: 3600,
    expiresIn: 'right',
    refresh: 'rotate',
    refreshable: () => true,
    bearer: 'access_token',
    beforeToken: undefined,
    tokenAnswer: undefined,
    afterTokenIssued: undefined,
    tokenResponse: undefined,
    grantTypes: undefined,
    device: { pending: 1, slowDown: 0, outcome: 'approve', interval: 1, expiresIn: 600 },
    revocation: 'on',
  };
}
