/** Checks and completes the options of the library's functions. Loaded only when a program calls them. */
import {
  type AuthConfig,
  type Config,
  DEFAULTS,
  HTTP_SERVER_DEFAULTS,
  type HttpServer,
  type HttpServerOptions,
  httpServer,
  LISTEN_DEFAULTS,
  type ListenConfig,
  type Policy,
  type ProcessConfig,
  type Server,
  type TlsConfig,
} from '../../config.ts';
import { LEVELS, type Log, type VerdictMemory } from '../../core/ports.ts';
import { headerSecrets, redactor, urlSecrets, variableSecrets } from '../../core/redact.ts';
import { parseUrl } from '../../core/url.ts';
import { memoryStore } from '../../state/memory/secrets.ts';
import type { Environment, StdioEnvironment } from '../environment.ts';
import { type CommandOptions, checkCommand, localServer } from './local-server.ts';
import {
  alike,
  article,
  type Caller,
  check,
  hasAll,
  kindOf,
  membersOf,
  type UncheckedOptions,
} from './option-checks.ts';

declare const __VERSION__: string;

/** What both kinds of servers have. Omitted members are as in {@link DEFAULTS}. */
interface CommonOptions extends Partial<Omit<ProcessConfig, 'listen' | 'credentialStore' | 'quiet'>> {
  /** Patterns of tools to hide and to block. */
  readonly ignoreTools?: readonly string[];
  /** What else clients may not do. */
  readonly policy?: Policy;
  /** By default: the variables of this process, no log, and storage that ends with the process. */
  readonly environment?: Partial<Environment>;
}

/** A server at a URL. Omitted members are as in {@link HTTP_SERVER_DEFAULTS}. */
export interface RemoteOptions
  extends CommonOptions,
    Partial<Omit<HttpServerOptions, 'auth' | 'tls' | 'forwardHeaders' | 'ignoreTools' | 'policy'>> {
  /** The server's endpoint: `https:`, or `http:` on this machine. */
  readonly url: URL | string;
  readonly command?: undefined;
  readonly auth?: Partial<AuthConfig>;
  readonly tls?: Partial<TlsConfig>;
}

/** A program on this machine, which the proxy starts. */
export interface LocalOptions extends CommonOptions, CommandOptions {
  readonly url?: undefined;
}

export type ProxyOptions = RemoteOptions | LocalOptions;

export type StdioProxyOptions = ProxyOptions & {
  /** The client's streams; by default standard input and output. */
  readonly streams?: StdioEnvironment['streams'];
};

export type HttpProxyOptions = ProxyOptions & {
  /** By default any free port of `localhost`. Omitted members are as in {@link LISTEN_DEFAULTS}. */
  readonly listen?: Partial<ListenOptions>;
};

type ListenOptions = ListenConfig & Pick<HttpServer, 'forwardHeaders'>;

const EXAMPLE = '{ url: "https://server.example/mcp" } or { command: "npx", args: ["…"] }';

/** A value of the right type for each member of a policy. */
const POLICY: Required<Policy> = {
  onlyTools: [],
  ignorePrompts: [],
  onlyPrompts: [],
  ignoreResources: [],
  onlyResources: [],
  readOnly: false,
  renameTools: [],
  confirm: [],
  pinTools: false,
  toolSearch: false,
  alwaysTools: [],
  maxResult: 0,
};

/** For each member of the environment: its `typeof`, or the methods that it must have. */
const ENVIRONMENT: Readonly<Record<string, string | readonly string[]>> = {
  env: 'object',
  log: LEVELS,
  logOf: 'function',
  memory: ['peek', 'recall', 'remember'],
  credentials: ['peek', 'read', 'write', 'remove', 'names'],
  version: 'string',
  redact: 'function',
};

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const FORGETFUL: VerdictMemory = { peek: () => undefined, recall: async () => undefined, remember: async () => {} };

/** Throws a ProxyError `usage` that names the function and the first missing or wrong option. */
export function stdioOptions(given: StdioProxyOptions): { config: Config; environment: StdioEnvironment } {
  const { streams, ...options } = checked('startStdioProxy', given) as StdioProxyOptions;
  const all = streams ?? { input: process.stdin, output: process.stdout };
  const { input, output } = all as { input?: unknown; output?: unknown };
  const hint = 'pass { input, output }, or leave streams out for standard input and output';
  check('startStdioProxy', hasAll(input, ['on', 'pause', 'resume']), 'streams.input', 'a readable stream', hint);
  check('startStdioProxy', hasAll(output, ['on', 'write']), 'streams.output', 'a writable stream', hint);
  const server = serverOf(options);
  const config = { ...processOf(options), listen: undefined, servers: [server] };
  return { config, environment: { ...environmentOf(options, secretsOf(server)), streams: all } };
}

/** The same for HTTP mode. */
export function httpOptions(given: HttpProxyOptions): {
  config: Config & { readonly listen: ListenConfig };
  environment: Environment;
} {
  const options = checked('startHttpProxy', given) as HttpProxyOptions;
  const { forwardHeaders, ...own } = options.listen ?? {};
  const listen = { ...LISTEN_DEFAULTS, host: 'localhost', port: 0, ...own };
  const server = serverOf(options, forwardHeaders);
  const config = { ...processOf(options), listen, servers: [server] };
  return { config, environment: environmentOf(options, secretsOf(server, listen.clientToken)) };
}

function processOf({ enableProxy, logLevel, logFormat }: ProxyOptions): Omit<ProcessConfig, 'listen'> {
  return {
    enableProxy: enableProxy ?? DEFAULTS.enableProxy,
    credentialStore: DEFAULTS.credentialStore,
    logLevel: logLevel ?? DEFAULTS.logLevel,
    logFormat: logFormat ?? DEFAULTS.logFormat,
  };
}

function serverOf(options: ProxyOptions, forwardHeaders = HTTP_SERVER_DEFAULTS.forwardHeaders): Server {
  if (options.command !== undefined) return localServer(options);
  const {
    url,
    command: _command,
    auth,
    tls,
    environment: _,
    enableProxy: _proxy,
    logLevel: _level,
    logFormat: _format,
    ...rest
  } = options;
  return httpServer(url instanceof URL ? url : new URL(url), {
    ...HTTP_SERVER_DEFAULTS,
    ...rest,
    forwardHeaders,
    auth: { ...HTTP_SERVER_DEFAULTS.auth, ...auth },
    tls: { ...HTTP_SERVER_DEFAULTS.tls, ...tls },
  });
}

function environmentOf({ environment }: ProxyOptions, secrets: readonly string[]): Environment {
  return {
    env: process.env,
    log: SILENT,
    memory: FORGETFUL,
    credentials: memoryStore(),
    redact: redactor(secrets),
    ...environment,
    version: environment?.version ?? __VERSION__,
  };
}

function secretsOf(server: Server, clientToken?: string): string[] {
  const token = clientToken === undefined ? [] : [clientToken];
  if (server.kind === 'stdio') return [...variableSecrets(server.env), ...token];
  const { url, headers, auth } = server;
  const secret = auth.clientInfo?.client_secret;
  return [
    ...headers.flatMap(([name, value]) => headerSecrets(name, value)),
    ...urlSecrets(url),
    ...(typeof secret === 'string' ? [secret] : []),
    ...token,
  ];
}

/** Programs in JavaScript have no types that would catch wrong options. */
function checked(caller: Caller, given: unknown): unknown {
  const options = membersOf(given);
  check(caller, options !== undefined, 'the argument', 'an object', `pass at least ${EXAMPLE}`);
  alike(caller, options, DEFAULTS, '');
  alike(caller, options, HTTP_SERVER_DEFAULTS, '');
  alike(caller, options?.policy, POLICY, 'policy.');
  if (options?.command === undefined) checkRemote(caller, options);
  else checkCommand(caller, options);
  if (caller === 'startHttpProxy') checkListen(caller, options);
  checkEnvironment(caller, membersOf(options?.environment));
  return given;
}

function checkRemote(caller: Caller, options: UncheckedOptions | undefined): void {
  const url = options?.url instanceof URL ? options.url : parseUrl(String(options?.url));
  check(caller, url !== undefined && /^https?:$/.test(url.protocol), 'url', 'an https: or http: URL', EXAMPLE);
  const plain = url?.username === '' && url.password === '';
  check(caller, plain, 'url', 'a URL without user and password', 'give them in headers: [["Authorization", "…"]]');
  alike(caller, options?.auth, HTTP_SERVER_DEFAULTS.auth, 'auth.');
}

function checkListen(caller: Caller, options: UncheckedOptions | undefined): void {
  const listen = membersOf(options?.listen);
  alike(caller, options?.listen, { ...LISTEN_DEFAULTS, forwardHeaders: [], port: 0 }, 'listen.');
  const hasHost = listen?.host === undefined || typeof listen.host === 'string';
  check(caller, hasHost, 'listen.host', 'a host name', 'leave it out for localhost');
}

function checkEnvironment(caller: Caller, environment: UncheckedOptions | undefined): void {
  for (const [key, wanted] of Object.entries(ENVIRONMENT)) {
    const value = environment?.[key];
    if (value === undefined) continue;
    const holds = typeof wanted === 'string' ? kindOf(value).endsWith(wanted) : hasAll(value, wanted);
    const form = typeof wanted === 'string' ? `${article(wanted)} ${wanted}` : `an object with ${wanted.join(', ')}`;
    check(caller, holds, `environment.${key}`, form, 'leave it out for the default');
  }
}
