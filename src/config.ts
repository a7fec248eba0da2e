/** What the program is told to do. No parsing, no I/O. */
import type { Level } from './core/ports.ts';

/** Which transport is tried first, and whether the other one is tried at all. */
export const STRATEGIES = ['http-first', 'sse-first', 'http-only', 'sse-only'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** How `--client-credentials` and `--device-code` change the way in. */
export type Grant = 'browser' | 'client-credentials' | 'device-code';

export const CREDENTIAL_STORES = ['file', 'keychain'] as const;
export type CredentialStore = (typeof CREDENTIAL_STORES)[number];

/** What applies once a server asks for a sign-in. */
export interface AuthConfig {
  /** Host of the redirect URI, without port. */
  readonly redirectHost: string;
  /** Port of the redirect URI; undefined: any free one. */
  readonly callbackPort: number | undefined;
  /** Path of the redirect URI, from the slash on. */
  readonly callbackPath: string;
  /** Milliseconds that one sign-in in the browser may take. */
  readonly timeout: number;
  /** The resource to ask a token for (RFC 8707), as given; undefined: derived from the server. */
  readonly resource: string | undefined;
  /** Keeps several accounts at one server apart. */
  readonly profile: string | undefined;
  /** Merged over what is sent at dynamic registration (RFC 7591). */
  readonly clientMetadata: Readonly<Record<string, unknown>>;
  /**
   * A client that is registered already: `client_id`, and what else RFC 7591, section 3.2.1 names.
   * Its key for `private_key_jwt` is `private_key` or, as the name of a file, `private_key_file`.
   */
  readonly clientInfo: Readonly<Record<string, unknown>> | undefined;
  /** Where the client ID metadata document is; the URL is the client id. */
  readonly clientMetadataUrl: string | undefined;
  readonly grant: Grant;
  /** Added to the authorization request, over what stands there. */
  readonly authorizeParameters: readonly (readonly [name: string, value: string])[];
  /** Whether `resource` is sent at all. */
  readonly sendResource: boolean;
  /** Sends the ID token to the server in the place of the access token. */
  readonly useIdToken: boolean;
  readonly credentialStore: CredentialStore;
}

/** Names of PEM files. */
export interface TlsConfig {
  /** Certificates of authorities to trust besides those of this machine. */
  readonly ca: string | undefined;
  /** The certificate (and its chain) that this client shows to the server, and its key: both or none. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** One upstream session for each legacy client, or one for all of them. */
export const UPSTREAM_SESSIONS = ['per-client', 'shared'] as const;
export type UpstreamSession = (typeof UPSTREAM_SESSIONS)[number];

/** A header of the clients that goes upstream, names in lower case. */
export interface ForwardedHeader {
  readonly from: string;
  readonly to: string;
}

/** HTTP mode: where clients come in, who may, and what they share. */
export interface ListenConfig {
  /** Name or address to bind, without brackets; undefined: every interface. */
  readonly host: string | undefined;
  /** 0: any free one. */
  readonly port: number;
  readonly upstreamSession: UpstreamSession;
  /** What clients that are not on this machine send as bearer token; without one, they cannot come in. */
  readonly clientToken: string | undefined;
  /** Milliseconds after which a session is closed that nobody used or listened on. */
  readonly sessionIdle: number;
  readonly maxSessions: number;
  /** Bytes that one message of a client may have. */
  readonly maxBody: number;
  /** Names that are accepted as Host besides those of this machine, in lower case. */
  readonly allowedHosts: readonly string[];
  /** Origins that are accepted besides those of this machine, as `scheme://host[:port]`. */
  readonly allowedOrigins: readonly string[];
  readonly forwardHeaders: readonly ForwardedHeader[];
  /** Names of PEM files; undefined: no TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface Config {
  /** The server's endpoint: `https:`, or `http:` (loopback, or with `allowHttp`). */
  readonly url: URL;
  readonly strategy: Strategy;
  /** Sent with every request to the server, names as given. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Whether their `Authorization` is the user info of the URL. */
  readonly authorizationFromUrl?: boolean;
  /** Patterns of tools to hide and to block; `*` matches any run of characters. */
  readonly ignoreTools: readonly string[];
  /** Allows an `http:` URL that is not loopback. */
  readonly allowHttp: boolean;
  /** Takes the outbound proxy from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
  readonly enableProxy: boolean;
  readonly logLevel: Level;
  readonly logFormat: LogFormat;
  readonly auth: AuthConfig;
  readonly tls: TlsConfig;
  /** Undefined: one client, on standard input and output. */
  readonly listen: ListenConfig | undefined;
}

/** The same where a server need not be named. */
export type ConfigWithoutUrl = Omit<Config, 'url'> & { readonly url: URL | undefined };

export const DEFAULTS: Omit<Config, 'url'> = {
  strategy: 'http-first',
  headers: [],
  ignoreTools: [],
  allowHttp: false,
  enableProxy: false,
  logLevel: 'info',
  logFormat: 'text',
  auth: {
    redirectHost: 'localhost',
    callbackPort: undefined,
    callbackPath: '/callback',
    timeout: 30_000,
    resource: undefined,
    profile: undefined,
    clientMetadata: {},
    clientInfo: undefined,
    clientMetadataUrl: undefined,
    grant: 'browser',
    authorizeParameters: [],
    sendResource: true,
    useIdToken: false,
    credentialStore: 'file',
  },
  tls: { ca: undefined, cert: undefined, key: undefined },
  listen: undefined,
};

/** What applies in HTTP mode where nothing else is said. */
export const LISTEN_DEFAULTS: Omit<ListenConfig, 'host' | 'port'> = {
  upstreamSession: 'per-client',
  clientToken: undefined,
  sessionIdle: 1_800_000,
  maxSessions: 10_000,
  maxBody: 4 * 1_048_576,
  allowedHosts: [],
  allowedOrigins: [],
  forwardHeaders: [],
  tls: undefined,
};

/** Whether a host name means this very machine (RFC 6761, section 6.3; RFC 1122, section 3.2.1.3). */
export function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
