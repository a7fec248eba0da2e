/** The flags, as data: parsing, checking and `--help` all come from this table. */
import { STRATEGIES } from '../config.ts';
import { LEVELS } from '../core/ports.ts';

export interface Option {
  readonly name: string;
  readonly short?: string;
  /** How the value is called in the help; a flag without one is on or off. */
  readonly value?: string;
  readonly repeatable?: true;
  /** The values that are allowed, where they can be listed. */
  readonly choices?: readonly string[];
  /** Shown in the help; what applies when the flag is absent. */
  readonly default?: string;
  readonly help: string;
  /** Why the value is wrong, or undefined when it is right. */
  readonly check?: (value: string) => string | undefined;
  /** Parsed, checked and documented, but its feature is still to come. */
  readonly planned?: true;
}

const HOST = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]*)$/;

function checkListen(value: string): string | undefined {
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(value) ?? [];
  if (host === undefined || !HOST.test(host) || Number(port) > 65_535) {
    return 'it has the form :8080, localhost:8080, 127.0.0.1:8080 or [::1]:8080';
  }
  return undefined;
}

function checkSeconds(value: string): string | undefined {
  return /^[1-9]\d{0,6}$/.test(value) ? undefined : 'it is a whole number of seconds, 1 or more';
}

function checkJsonOrFile(value: string): string | undefined {
  if (value.startsWith('@') && value.length > 1) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return undefined;
  } catch {
    // Told below, the same way for every kind of wrong value.
  }
  return 'it is a JSON object, or @ and the name of a file that holds one';
}

function checkResource(value: string): string | undefined {
  const absolute = URL.canParse(value) && new URL(value).hash === '';
  return absolute ? undefined : 'it is an absolute URI without a fragment (RFC 8707, section 2)';
}

function checkHost(value: string): string | undefined {
  return value !== '' && HOST.test(value) ? undefined : 'it is a host name without port';
}

function checkOrigin(value: string): string | undefined {
  return URL.canParse(value) && new URL(value).origin === value ? undefined : 'it has the form https://app.example.com';
}

function checkNotEmpty(value: string): string | undefined {
  return value === '' ? 'it is empty' : undefined;
}

export const OPTIONS: readonly Option[] = [
  {
    name: 'listen',
    short: 'l',
    value: 'ADDR',
    help: 'serve HTTP clients on :8080, localhost:8080, 127.0.0.1:8080 or [::1]:8080; port 0 picks a free one',
    check: checkListen,
    planned: true,
  },
  {
    name: 'header',
    short: 'H',
    value: 'KEY:VALUE',
    repeatable: true,
    help: 'send this header with every request to the server; ${NAME} is taken from the environment',
  },
  {
    name: 'transport',
    value: 'STRATEGY',
    choices: STRATEGIES,
    default: 'http-first',
    help: 'which transport to try first, and whether to try the other one',
  },
  {
    name: 'allow-http',
    help: 'allow an http: URL that is not on this machine',
  },
  {
    name: 'enable-proxy',
    help: 'connect through the proxy in HTTP_PROXY, HTTPS_PROXY and NO_PROXY',
  },
  {
    name: 'ignore-tool',
    value: 'PATTERN',
    repeatable: true,
    help: 'hide and block tools; * matches any run of characters',
    check: checkNotEmpty,
  },
  {
    name: 'log-level',
    value: 'LEVEL',
    choices: LEVELS,
    default: 'info',
    help: 'how much to tell on stderr',
  },
  {
    name: 'host',
    value: 'NAME',
    default: 'localhost',
    help: 'host name in the OAuth redirect URI',
    check: checkHost,
    planned: true,
  },
  {
    name: 'auth-timeout',
    value: 'SECONDS',
    default: '30',
    help: 'how long one sign-in in the browser may take',
    check: checkSeconds,
    planned: true,
  },
  {
    name: 'resource',
    value: 'URI',
    help: 'the OAuth resource to ask a token for (RFC 8707); keeps several sign-ins to one URL apart',
    check: checkResource,
    planned: true,
  },
  {
    name: 'static-oauth-client-metadata',
    value: 'JSON|@FILE',
    help: 'metadata to merge into the OAuth client registration',
    check: checkJsonOrFile,
    planned: true,
  },
  {
    name: 'static-oauth-client-info',
    value: 'JSON|@FILE',
    help: 'a client that is registered already (client_id, client_secret, ...); ${NAME} is expanded',
    check: checkJsonOrFile,
    planned: true,
  },
  {
    name: 'upstream-session',
    value: 'MODE',
    choices: ['per-client', 'shared'],
    default: 'per-client',
    help: 'with --listen: an upstream session for each client, or one for all',
    planned: true,
  },
  {
    name: 'client-token',
    value: 'TOKEN|@FILE',
    help: 'with --listen: what clients on other machines send as bearer token',
    check: checkNotEmpty,
    planned: true,
  },
  {
    name: 'session-idle',
    value: 'SECONDS',
    default: '1800',
    help: 'with --listen: close a session that nobody used for this long',
    check: checkSeconds,
    planned: true,
  },
  {
    name: 'allowed-host',
    value: 'NAME',
    repeatable: true,
    help: 'with --listen: a further Host to accept',
    check: checkHost,
    planned: true,
  },
  {
    name: 'allowed-origin',
    value: 'ORIGIN',
    repeatable: true,
    help: 'with --listen: a further Origin to accept',
    check: checkOrigin,
    planned: true,
  },
  { name: 'help', short: 'h', help: 'show this help' },
  { name: 'version', help: 'show the version' },
];

export interface Subcommand {
  readonly name: string;
  readonly argument: string;
  readonly help: string;
}

/** Words in the place of the URL. All of them are still to come. */
export const SUBCOMMANDS: readonly Subcommand[] = [
  { name: 'login', argument: '<url>', help: 'sign in to a server' },
  { name: 'logout', argument: '<url>', help: 'sign out and forget the server' },
  { name: 'status', argument: '[<url>]', help: 'show who is signed in where' },
  { name: 'doctor', argument: '<url>', help: 'find out why a server cannot be reached' },
];
