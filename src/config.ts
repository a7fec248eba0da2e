/** The program's configuration. No parsing, no I/O. */
import type { Level } from './core/ports.ts';

/** Which transport the proxy tries first, and whether it tries the other one at all. */
export const STRATEGIES = ['http-first', 'sse-first', 'http-only', 'sse-only'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** How the program signs in: in the browser, or as `--client-credentials` or `--device-code` says. */
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
  /** Name of the account, to use several at one server. */
  readonly profile: string | undefined;
  /** Merged over what is sent at dynamic registration (RFC 7591). */
  readonly clientMetadata: Readonly<Record<string, unknown>>;
  /**
   * A client that is already registered: `client_id`, and the other members that RFC 7591,
   * section 3.2.1 defines. Its key for `private_key_jwt` is `private_key`, or a file named by
   * `private_key_file`.
   */
  readonly clientInfo: Readonly<Record<string, unknown>> | undefined;
  /** URL of the client ID metadata document, which is also the client id. */
  readonly clientMetadataUrl: string | undefined;
  readonly grant: Grant;
  /** Added to the authorization request; they replace its own parameters. */
  readonly authorizeParameters: readonly (readonly [name: string, value: string])[];
  /** Whether requests include `resource`. */
  readonly sendResource: boolean;
  /** Sends the ID token to the server instead of the access token. */
  readonly useIdToken: boolean;
}

/** Names of PEM files. */
export interface TlsConfig {
  /** Certificates of authorities to trust in addition to those of this machine. */
  readonly ca: string | undefined;
  /** The certificate (and its chain) that this client presents to the server, and its key: both or neither. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** One upstream session for each legacy client, or one for all of them. */
export const UPSTREAM_SESSIONS = ['per-client', 'shared'] as const;
export type UpstreamSession = (typeof UPSTREAM_SESSIONS)[number];

/** A client header that goes upstream, names in lower case. */
export interface ForwardedHeader {
  readonly from: string;
  readonly to: string;
}

/** The store that replicas share, Valkey or Redis. */
export interface StateConfig {
  readonly address: {
    readonly tls: boolean;
    readonly host: string;
    readonly port: number;
    /** ACL user; undefined: the default one. */
    readonly username: string | undefined;
    readonly password: string | undefined;
    readonly database: number;
    /** Sentinels that tell where the store is; `host` and `port` are then those of the first one. */
    readonly sentinel?: {
      /** The name under which they know the primary. */
      readonly primary: string;
      readonly addresses: readonly { readonly host: string; readonly port: number }[];
      /** What the sentinels themselves ask for. */
      readonly username?: string;
      readonly password?: string;
    };
    /** Some of the nodes of the cluster that is the store; `host` and `port` are then those of the first one. */
    readonly nodes?: readonly { readonly host: string; readonly port: number }[];
  };
  /** Keys for what is stored there: the first one seals, and each of them opens. */
  readonly keys: readonly string[];
  /** Everything in it that must never be shown. */
  readonly secrets: readonly string[];
}

/** HTTP mode: where clients connect, which of them may, and what they share. */
export interface ListenConfig {
  /** Name or address to bind, without brackets; undefined: every interface. */
  readonly host: string | undefined;
  /** 0: any free one. */
  readonly port: number;
  readonly upstreamSession: UpstreamSession;
  /** Bearer token that clients on other machines must send; without one, they are refused. */
  readonly clientToken: string | undefined;
  /** Milliseconds after which an unused session without a listening client is closed. */
  readonly sessionIdle: number;
  readonly maxSessions: number;
  /** How many processes of local servers may run at a time. */
  readonly maxChildren: number;
  /** Milliseconds after which the process of a local server that nobody uses is stopped. */
  readonly childIdle: number;
  /** Largest client message, in bytes. */
  readonly maxBody: number;
  /** Names that are accepted as Host in addition to those of this machine, in lower case. */
  readonly allowedHosts: readonly string[];
  /** Origins that are accepted in addition to those of this machine, as `scheme://host[:port]`. */
  readonly allowedOrigins: readonly string[];
  /** Names of PEM files; undefined: no TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Left out: this process is alone. */
  readonly state?: StateConfig | undefined;
}

export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/**
 * What clients may see and call. In every pattern `*` matches any run of characters. Names are those of the server, also
 * where a tool is renamed; resources go by their URIs, templates by the text of theirs.
 */
export interface Policy {
  /** Hides every tool that none of these patterns matches. */
  readonly onlyTools?: readonly string[];
  readonly ignorePrompts?: readonly string[];
  readonly onlyPrompts?: readonly string[];
  readonly ignoreResources?: readonly string[];
  readonly onlyResources?: readonly string[];
  /** Hides every tool whose annotations do not say `readOnlyHint: true`. */
  readonly readOnly?: boolean;
  /** Each old name once, and each new one. */
  readonly renameTools?: readonly (readonly [from: string, to: string])[];
  /** Tools that the user must confirm each call of. */
  readonly confirm?: readonly string[];
  /** Hides tools whose definitions change after they were first seen. */
  readonly pinTools?: boolean;
  /** Shows clients tools that find and call the others. */
  readonly toolSearch?: boolean;
  /** Shows these tools beside those. */
  readonly alwaysTools?: readonly string[];
  /** Bytes of text in the result of a tool; a client gets the rest from the proxy when it reads it. */
  readonly maxResult?: number;
}

/** What every server has, however it is reached. */
interface ServerBase {
  /**
   * The server's own name among the servers of this process, for logs, metrics and paths. Letters, digits, hyphens and
   * underscores; it holds no secret.
   */
  readonly name: string;
  /** Whether its tools, prompts and resources have its name in front where several servers are one. */
  readonly prefix?: boolean;
  /** Patterns of tools to hide and to block; `*` matches any run of characters. */
  readonly ignoreTools: readonly string[];
  /** What else clients may not do. Left out: nothing. */
  readonly policy?: Policy;
  /** Milliseconds for which the server may be silent during a request. */
  readonly timeout: number;
  /** How HTTP clients share sessions with it. Left out: as with every server. */
  readonly upstreamSession?: UpstreamSession;
  /** Milliseconds for which it may be silent while a session is opened. Left out: 45 s, or `timeout` if that is shorter. */
  readonly openTimeout?: number;
  /** Bytes of its largest message. Left out: `MAX_UPSTREAM_MESSAGE`. */
  readonly maxMessage?: number;
}

/** A remote server. */
export interface HttpServer extends ServerBase {
  readonly kind: 'http';
  /** The server's endpoint: `https:`, or `http:` (loopback, or with `allowHttp`). */
  readonly url: URL;
  readonly strategy: Strategy;
  /** Sent with every request to the server, names as given. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Whether their `Authorization` is the user info of the URL. */
  readonly authorizationFromUrl?: boolean;
  /** The headers of HTTP clients that this server gets. */
  readonly forwardHeaders: readonly ForwardedHeader[];
  /** Allows an `http:` URL that is not loopback. */
  readonly allowHttp: boolean;
  readonly auth: AuthConfig;
  readonly tls: TlsConfig;
}

/** A program on this machine that speaks MCP on its standard input and output. */
export interface StdioServer extends ServerBase {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  /** Working directory; undefined: the one of this process. */
  readonly cwd: string | undefined;
  /** Variables in addition to those that the program inherits. They replace inherited ones of the same name. */
  readonly env: readonly (readonly [name: string, value: string])[];
  /** Inherits a short list of variables (`PATH`, `HOME`, ...) instead of the environment of this process. */
  readonly cleanEnv: boolean;
  /** Variables that the program never inherits: their values are secrets of the proxy. */
  readonly withheld: readonly string[];
  /** How many processes may run at a time. Left out: as many as of every server. */
  readonly maxChildren?: number;
  /** Milliseconds after which a process that nobody uses is stopped. Left out: as with every server. */
  readonly childIdle?: number;
}

export type Server = HttpServer | StdioServer;

/** What `--capture` records, and where. */
export interface CaptureConfig {
  /** Name of the file, which is added to. */
  readonly file: string;
  /** Whether it keeps arguments of calls, and what users answer. */
  readonly keepsArguments: boolean;
}

/** What concerns the process, whatever its servers are. */
export interface ProcessConfig {
  /** Takes the outbound proxy from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
  readonly enableProxy: boolean;
  /** Where sign-ins are kept, at all servers. */
  readonly credentialStore: CredentialStore;
  readonly logLevel: Level;
  readonly logFormat: LogFormat;
  /** Set along with `logLevel: 'error'`: the program announces only what its user cannot do without. */
  readonly quiet?: boolean;
  /** Left out: nothing is recorded. */
  readonly capture?: CaptureConfig;
  /** Undefined: one client, on standard input and output. */
  readonly listen: ListenConfig | undefined;
}

export interface Config extends ProcessConfig {
  /** Each with a name of its own. */
  readonly servers: readonly Server[];
}

/** How a remote server is used, whichever one it is. */
export type HttpServerOptions = Omit<HttpServer, 'kind' | 'name' | 'url'>;

export const DEFAULTS: ProcessConfig = {
  enableProxy: false,
  credentialStore: 'file',
  logLevel: 'info',
  logFormat: 'text',
  listen: undefined,
};

/** Longer than any tool that is known to report nothing while it works. */
export const DEFAULT_TIMEOUT = 3_600_000;

export const HTTP_SERVER_DEFAULTS: HttpServerOptions = {
  strategy: 'http-first',
  headers: [],
  forwardHeaders: [],
  ignoreTools: [],
  timeout: DEFAULT_TIMEOUT,
  allowHttp: false,
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
  },
  tls: { ca: undefined, cert: undefined, key: undefined },
};

/** The server at a URL, under the name that the URL gives it. */
export function httpServer(url: URL, options: HttpServerOptions): HttpServer {
  return { ...options, kind: 'http', name: serverName(url), url };
}

/** As long as a label of a domain name (RFC 1035, section 2.3.4). */
const LONGEST_NAME = 63;

/** The host of the URL, in characters that clients, paths and metrics accept in a name. */
export function serverName({ hostname }: URL): string {
  return nameOf(hostname);
}

/** A text as a name that clients, paths and metrics accept. */
export function nameOf(text: string): string {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? ['default'];
  return words.join('-').slice(0, LONGEST_NAME).replace(/-$/, '');
}

/** The defaults of HTTP mode. */
export const LISTEN_DEFAULTS: Omit<ListenConfig, 'host' | 'port'> = {
  upstreamSession: 'per-client',
  clientToken: undefined,
  sessionIdle: 1_800_000,
  maxSessions: 10_000,
  maxChildren: 32,
  childIdle: 600_000,
  maxBody: 4 * 1_048_576,
  allowedHosts: [],
  allowedOrigins: [],
  tls: undefined,
};

/** Whether a host name means this machine (RFC 6761, section 6.3; RFC 1122, section 3.2.1.3). */
export function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
