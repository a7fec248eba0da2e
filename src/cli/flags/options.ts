/** The flags, as data: parsing, checking and `--help` all use this table. */
import { CREDENTIAL_STORES, DEFAULTS, HTTP_SERVER_DEFAULTS, LOG_FORMATS, STRATEGIES } from '../../config.ts';
import { LEVELS } from '../../core/ports.ts';
import {
  checkAuthorizeParameter,
  checkCallbackPath,
  checkClientMetadataUrl,
  checkNotEmpty,
  checkPort,
  checkProfile,
  checkRedirectHost,
  checkResource,
  checkSeconds,
  jsonOrFile,
} from './checks.ts';
import { HTTP_OPTIONS } from './http-options.ts';
import type { Option } from './option.ts';

export const OPTIONS: readonly Option[] = [
  {
    name: 'header',
    short: 'H',
    value: 'KEY:VALUE',
    repeatable: true,
    expands: true,
    help: 'send this header; ${NAME} is expanded',
    for: 'url',
  },
  {
    name: 'transport',
    value: 'STRATEGY',
    choices: STRATEGIES,
    default: 'http-first',
    help: 'transport to try first, or the only one',
    rare: true,
    for: 'url',
  },
  {
    name: 'allow-http',
    help: 'allow an http: URL that is not on this machine',
    for: 'url',
  },
  {
    name: 'enable-proxy',
    help: 'take the proxy from HTTP_PROXY, HTTPS_PROXY, NO_PROXY',
    rare: true,
    for: 'url',
  },
  {
    name: 'ignore-tool',
    value: 'PATTERN',
    repeatable: true,
    help: 'hide and block tools; * matches any characters',
    check: checkNotEmpty,
  },
  {
    name: 'log-level',
    value: 'LEVEL',
    choices: LEVELS,
    default: 'info',
    help: 'how much to log',
  },
  {
    name: 'log-format',
    value: 'FORMAT',
    choices: LOG_FORMATS,
    default: DEFAULTS.logFormat,
    help: 'plain text, or one JSON object per line',
  },
  {
    name: 'quiet',
    short: 'q',
    help: 'log errors only, and what must be seen, such as the page of a sign-in',
    rare: true,
  },
  {
    name: 'ca',
    value: 'FILE',
    help: 'trust the authorities in this PEM file too',
    check: checkNotEmpty,
    rare: true,
    for: 'url',
  },
  {
    name: 'cert',
    value: 'FILE',
    help: 'client certificate to show to the server, PEM; with --key',
    check: checkNotEmpty,
    rare: true,
    for: 'url',
  },
  {
    name: 'key',
    value: 'FILE',
    help: 'private key of --cert, PEM',
    check: checkNotEmpty,
    rare: true,
    for: 'url',
  },
  {
    name: 'profile',
    value: 'NAME',
    help: 'name of the account, to use several at one server',
    check: checkProfile,
    group: 'sign-in',
  },
  {
    name: 'auth-timeout',
    value: 'SECONDS',
    default: '30',
    help: 'how long a call waits for one sign-in in the browser',
    check: checkSeconds,
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'device-code',
    help: 'sign in with a code that is typed on another device',
    group: 'sign-in',
  },
  {
    name: 'client-credentials',
    help: 'sign in as a program; needs --static-oauth-client-info',
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'credential-store',
    value: 'STORE',
    choices: CREDENTIAL_STORES,
    default: DEFAULTS.credentialStore,
    help: 'where to keep tokens; keychain needs @napi-rs/keyring',
    rare: true,
    group: 'sign-in',
  },
  {
    name: 'host',
    value: 'NAME',
    default: HTTP_SERVER_DEFAULTS.auth.redirectHost,
    help: 'host name in the OAuth redirect URI',
    check: checkRedirectHost,
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'callback-port',
    value: 'PORT',
    default: 'any free port',
    help: 'fixed port in the OAuth redirect URI',
    check: checkPort,
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'callback-path',
    value: 'PATH',
    default: HTTP_SERVER_DEFAULTS.auth.callbackPath,
    help: 'path in the OAuth redirect URI',
    check: checkCallbackPath,
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'static-oauth-client-info',
    value: 'JSON|@FILE',
    expands: true,
    help: 'use this registered client (client_id, client_secret, ...); ${NAME} is expanded',
    check: jsonOrFile('static-oauth-client-info'),
    group: 'sign-in',
  },
  {
    name: 'static-oauth-client-metadata',
    value: 'JSON|@FILE',
    expands: true,
    help: 'merge this into the client registration; ${NAME} is expanded',
    check: jsonOrFile('static-oauth-client-metadata'),
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'client-metadata-url',
    value: 'URL',
    help: 'identify with this client ID metadata document instead of registering',
    check: checkClientMetadataUrl,
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'resource',
    value: 'URI',
    default: 'what the server says',
    help: 'ask for tokens for this resource (RFC 8707); separates sign-ins to one URL',
    check: checkResource,
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'disable-resource-parameter',
    help: 'send no resource parameter',
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'authorize-param',
    value: 'KEY=VALUE',
    repeatable: true,
    help: 'add this to the authorization request',
    check: checkAuthorizeParameter,
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'use-id-token',
    help: 'send the ID token instead of the access token',
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'check',
    help: 'with status: ask the server whether it still accepts the sign-in',
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'json',
    help: 'with status: print JSON',
    group: 'sign-in',
    rare: true,
  },
  {
    name: 'cwd',
    value: 'DIR',
    help: 'folder of a local server',
    check: checkNotEmpty,
    rare: true,
    group: 'local',
    for: 'command',
  },
  {
    name: 'env',
    value: 'NAME=VALUE',
    repeatable: true,
    expands: true,
    help: 'variable for a local server; ${NAME} is expanded',
    rare: true,
    group: 'local',
    for: 'command',
  },
  {
    name: 'clean-env',
    help: 'give a local server only PATH and the like, and what --env names',
    rare: true,
    group: 'local',
    for: 'command',
  },
  ...HTTP_OPTIONS,
  { name: 'help', short: 'h', help: 'show this help; --help all explains every flag' },
  { name: 'version', help: 'show the version' },
];

/** The shells that the program writes completion scripts for. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

export interface Subcommand {
  readonly name: string;
  readonly argument: string;
  /** The values that the argument may have, where they can be listed. */
  readonly choices?: readonly string[];
  readonly help: string;
  /** The action of the subcommand. A subcommand without one is not implemented yet. */
  readonly action?: 'login' | 'logout' | 'status' | 'completion';
}

/** Words that may come instead of the URL. */
export const SUBCOMMANDS: readonly Subcommand[] = [
  { name: 'login', argument: '<url>', help: 'sign in to a server', action: 'login' },
  { name: 'logout', argument: '<url>', help: 'sign out and forget the server', action: 'logout' },
  { name: 'status', argument: '[<url>]', help: 'show who is signed in where', action: 'status' },
  {
    name: 'completion',
    argument: '<shell>',
    choices: SHELLS,
    help: 'print completions for bash, zsh, fish, powershell',
    action: 'completion',
  },
  { name: 'doctor', argument: '<url>', help: 'find out why it does not work' },
];
