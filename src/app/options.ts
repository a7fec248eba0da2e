/** Checks and completes the options of the library's functions. Loaded only when a program calls them. */
import {
  type AuthConfig,
  type Config,
  DEFAULTS,
  LISTEN_DEFAULTS,
  type ListenConfig,
  LOG_FORMATS,
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

/** Omitted members are as in {@link DEFAULTS}. */
export interface ProxyOptions extends Partial<Omit<Config, 'url' | 'auth' | 'tls' | 'listen' | 'quiet'>> {
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
  readonly listen?: Partial<ListenConfig>;
}

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
  const config = configOf(options, undefined);
  return { config, environment: { ...environmentOf(options, config), streams: all } };
}

/** The same for HTTP mode. */
export function httpOptions(given: HttpProxyOptions): {
  config: Config & { readonly listen: ListenConfig };
  environment: Environment;
} {
  const options = checked('startHttpProxy', given) as HttpProxyOptions;
  const listen = { ...LISTEN_DEFAULTS, host: 'localhost', port: 0, ...options.listen };
  const config = { ...configOf(options, listen), listen };
  return { config, environment: environmentOf(options, config) };
}

function configOf(options: ProxyOptions, listen: ListenConfig | undefined): Config {
  const { url, auth, tls, environment: _, ...rest } = options;
  return {
    ...DEFAULTS,
    ...rest,
    url: url instanceof URL ? url : new URL(url),
    auth: { ...DEFAULTS.auth, ...auth },
    tls: { ...DEFAULTS.tls, ...tls },
    listen,
  };
}

function environmentOf({ environment }: ProxyOptions, config: Config): Environment {
  return {
    env: process.env,
    log: SILENT,
    memory: FORGETFUL,
    credentials: memoryStore(),
    redact: redactor(secretsOf(config)),
    ...environment,
    version: environment?.version ?? __VERSION__,
  };
}

function secretsOf({ url, headers, auth, listen }: Config): string[] {
  const given = [auth.clientInfo?.client_secret, listen?.clientToken];
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
  alike(caller, options?.auth, DEFAULTS.auth, 'auth.');
  if (caller === 'startHttpProxy') {
    const listen = membersOf(options?.listen);
    alike(caller, options?.listen, { ...LISTEN_DEFAULTS, port: 0 }, 'listen.');
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
