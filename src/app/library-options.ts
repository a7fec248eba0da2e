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
  LOG_FORMATS,
  type ProcessConfig,
  STRATEGIES,
  type TlsConfig,
  UPSTREAM_SESSIONS,
} from '../config.ts';
import { LEVELS, type Log, type VerdictMemory } from '../core/ports.ts';
import { headerSecrets, redactor, urlSecrets } from '../core/redact.ts';
import { parseUrl } from '../core/url.ts';
import { ProxyError } from '../errors.ts';
import { memoryStore } from '../state/memory-secrets.ts';
import type { Environment, StdioEnvironment } from './environment.ts';

declare const __VERSION__: string;

/** Omitted members are as in {@link DEFAULTS} and {@link HTTP_SERVER_DEFAULTS}. */
export interface ProxyOptions
  extends Partial<Omit<ProcessConfig, 'listen' | 'credentialStore' | 'quiet'>>,
    Partial<Omit<HttpServerOptions, 'auth' | 'tls' | 'forwardHeaders'>> {
  /** The server's endpoint: `https:`, or `http:` on this machine. */
  readonly url: URL | string;
  readonly auth?: Partial<AuthConfig>;
  readonly tls?: Partial<TlsConfig>;
  /** By default: the variables of this process, no log, and storage that ends with the process. */
  readonly environment?: Partial<Environment>;
}

export interface StdioProxyOptions extends ProxyOptions {
  /** The client's streams; by default standard input and output. */
  readonly streams?: StdioEnvironment['streams'];
}

export interface HttpProxyOptions extends ProxyOptions {
  /** By default any free port of `localhost`. Omitted members are as in {@link LISTEN_DEFAULTS}. */
  readonly listen?: Partial<ListenOptions>;
}

type ListenOptions = ListenConfig & Pick<HttpServer, 'forwardHeaders'>;
type Caller = 'startStdioProxy' | 'startHttpProxy';
type Members = Readonly<Record<string, unknown>>;

const EXAMPLE = '{ url: "https://server.example/mcp" }';
const CHOICES: Members = {
  strategy: STRATEGIES,
  logLevel: LEVELS,
  logFormat: LOG_FORMATS,
  upstreamSession: UPSTREAM_SESSIONS,
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
  check('startStdioProxy', hasAll(input, ['on', 'pause']), 'streams.input', 'a readable stream', hint);
  check('startStdioProxy', hasAll(output, ['on', 'write']), 'streams.output', 'a writable stream', hint);
  const server = serverOf(options);
  const config = { ...processOf(options), listen: undefined, servers: [server] };
  return { config, environment: { ...environmentOf(options, server), streams: all } };
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
  return { config, environment: environmentOf(options, server, listen.clientToken) };
}

function processOf({ enableProxy, logLevel, logFormat }: ProxyOptions): Omit<ProcessConfig, 'listen'> {
  return {
    enableProxy: enableProxy ?? DEFAULTS.enableProxy,
    credentialStore: DEFAULTS.credentialStore,
    logLevel: logLevel ?? DEFAULTS.logLevel,
    logFormat: logFormat ?? DEFAULTS.logFormat,
  };
}

function serverOf(options: ProxyOptions, forwardHeaders = HTTP_SERVER_DEFAULTS.forwardHeaders): HttpServer {
  const {
    url,
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

function environmentOf({ environment }: ProxyOptions, server: HttpServer, clientToken?: string): Environment {
  return {
    env: process.env,
    log: SILENT,
    memory: FORGETFUL,
    credentials: memoryStore(),
    redact: redactor(secretsOf(server, clientToken)),
    ...environment,
    version: environment?.version ?? __VERSION__,
  };
}

function secretsOf({ url, headers, auth }: HttpServer, clientToken: string | undefined): string[] {
  const given = [auth.clientInfo?.client_secret, clientToken];
  return [
    ...headers.flatMap(([name, value]) => headerSecrets(name, value)),
    ...urlSecrets(url),
    ...given.filter((secret) => typeof secret === 'string'),
  ];
}

/** Programs in JavaScript have no types that would catch wrong options. */
function checked(caller: Caller, given: unknown): unknown {
  const options = membersOf(given);
  check(caller, options !== undefined, 'the argument', 'an object', `pass at least ${EXAMPLE}`);
  const url = options?.url instanceof URL ? options.url : parseUrl(String(options?.url));
  check(caller, url !== undefined && /^https?:$/.test(url.protocol), 'url', 'an https: or http: URL', EXAMPLE);
  const plain = url?.username === '' && url.password === '';
  check(caller, plain, 'url', 'a URL without user and password', 'give them in headers: [["Authorization", "…"]]');
  alike(caller, options, DEFAULTS, '');
  alike(caller, options, HTTP_SERVER_DEFAULTS, '');
  alike(caller, options?.auth, HTTP_SERVER_DEFAULTS.auth, 'auth.');
  if (caller === 'startHttpProxy') {
    const listen = membersOf(options?.listen);
    alike(caller, options?.listen, { ...LISTEN_DEFAULTS, forwardHeaders: [], port: 0 }, 'listen.');
    const hasHost = listen?.host === undefined || typeof listen.host === 'string';
    check(caller, hasHost, 'listen.host', 'a host name', 'leave it out for localhost');
  }
  const environment = membersOf(options?.environment);
  for (const [key, wanted] of Object.entries(ENVIRONMENT)) {
    const value = environment?.[key];
    if (value === undefined) continue;
    const holds = typeof wanted === 'string' ? kindOf(value).endsWith(wanted) : hasAll(value, wanted);
    const form = typeof wanted === 'string' ? `${article(wanted)} ${wanted}` : `an object with ${wanted.join(', ')}`;
    check(caller, holds, `environment.${key}`, form, 'leave it out for the default');
  }
  return given;
}

/** Checks that the members present have the types of those in the model. */
function alike(caller: Caller, given: unknown, model: object, path: string): void {
  if (given === undefined) return;
  const members = membersOf(given);
  check(caller, members !== undefined, path.slice(0, -1), 'an object', 'leave it out for the defaults');
  for (const [key, usual] of Object.entries(model)) {
    const value = members?.[key];
    if (value === undefined) continue;
    const choices = CHOICES[key] as readonly unknown[] | undefined;
    const hint = 'leave it out for the default';
    if (choices) check(caller, choices.includes(value), path + key, `one of ${choices.join(', ')}`, hint);
    else if (usual !== undefined) check(caller, kindOf(value) === kindOf(usual), path + key, kindOf(usual), hint);
  }
}

function check(caller: Caller, holds: boolean, name: string, form: string, hint: string): void {
  if (!holds) throw new ProxyError('usage', `${caller}: ${name} is not ${form}`, { hint });
}

function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null ? (value as Members) : undefined;
}

function hasAll(value: unknown, methods: readonly string[]): boolean {
  return methods.every((method) => typeof membersOf(value)?.[method] === 'function');
}

/** The type of a value, in words. */
function kindOf(value: unknown): string {
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return `${article(kind)} ${kind}`;
}

function article(kind: string): string {
  return /^[aou]/.test(kind) ? 'an' : 'a';
}
