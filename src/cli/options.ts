/** The flags, as data: parsing, checking and `--help` all come from this table. */
import { CREDENTIAL_STORES, DEFAULTS, LOG_FORMATS, STRATEGIES } from '../config.ts';
import { LEVELS } from '../core/ports.ts';
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
    name: 'log-format',
    value: 'FORMAT',
    choices: LOG_FORMATS,
    default: DEFAULTS.logFormat,
    help: 'lines for people, or JSON objects for programs, one a line',
  },
  {
    name: 'ca',
    value: 'FILE',
    help: 'trust the authorities in this PEM file too, besides those of this machine',
    check: checkNotEmpty,
  },
  {
    name: 'cert',
    value: 'FILE',
    help: 'the client certificate to show to the server, PEM; with --key',
    check: checkNotEmpty,
  },
  {
    name: 'key',
    value: 'FILE',
    help: 'the private key of --cert, PEM',
    check: checkNotEmpty,
  },
  {
    name: 'profile',
    value: 'NAME',
    help: 'keeps several accounts at one server apart',
    check: checkProfile,
    group: 'sign-in',
  },
  {
    name: 'auth-timeout',
    value: 'SECONDS',
    default: '30',
    help: 'how long one sign-in in the browser may take',
    check: checkSeconds,
    group: 'sign-in',
  },
  {
    name: 'device-code',
    help: 'sign in with a code that is typed on another device',
    group: 'sign-in',
  },
  {
    name: 'client-credentials',
    help: 'sign in as a program, without a user; needs --static-oauth-client-info',
    group: 'sign-in',
  },
  {
    name: 'credential-store',
    value: 'STORE',
    choices: CREDENTIAL_STORES,
    default: DEFAULTS.auth.credentialStore,
    help: 'where tokens are kept; keychain needs @napi-rs/keyring to be installed',
    group: 'sign-in',
  },
  {
    name: 'host',
    value: 'NAME',
    default: DEFAULTS.auth.redirectHost,
    help: 'host name in the OAuth redirect URI',
    check: checkRedirectHost,
    group: 'sign-in',
  },
  {
    name: 'callback-port',
    value: 'PORT',
    help: 'port in the OAuth redirect URI, where it must be a certain one',
    check: checkPort,
    group: 'sign-in',
  },
  {
    name: 'callback-path',
    value: 'PATH',
    default: DEFAULTS.auth.callbackPath,
    help: 'path in the OAuth redirect URI',
    check: checkCallbackPath,
    group: 'sign-in',
  },
  {
    name: 'static-oauth-client-info',
    value: 'JSON|@FILE',
    expands: true,
    help: 'a client that is registered already (client_id, client_secret, ...); ${NAME} is expanded',
    check: jsonOrFile('static-oauth-client-info'),
    group: 'sign-in',
  },
  {
    name: 'static-oauth-client-metadata',
    value: 'JSON|@FILE',
    expands: true,
    help: 'metadata to merge into the OAuth client registration; ${NAME} is expanded',
    check: jsonOrFile('static-oauth-client-metadata'),
    group: 'sign-in',
  },
  {
    name: 'client-metadata-url',
    value: 'URL',
    help: 'a client ID metadata document to be known by instead of a registration',
    check: checkClientMetadataUrl,
    group: 'sign-in',
  },
  {
    name: 'resource',
    value: 'URI',
    help: 'the OAuth resource to ask a token for (RFC 8707); keeps several sign-ins to one URL apart',
    check: checkResource,
    group: 'sign-in',
  },
  {
    name: 'disable-resource-parameter',
    help: 'send no resource parameter, for identity providers that refuse it',
    group: 'sign-in',
  },
  {
    name: 'authorize-param',
    value: 'KEY=VALUE',
    repeatable: true,
    help: 'add this to the authorization request',
    check: checkAuthorizeParameter,
    group: 'sign-in',
  },
  {
    name: 'use-id-token',
    help: 'send the ID token to the server instead of the access token',
    group: 'sign-in',
  },
  {
    name: 'check',
    help: 'with status: ask the server whether it still accepts the sign-in',
    group: 'sign-in',
  },
  {
    name: 'json',
    help: 'with status: print JSON',
    group: 'sign-in',
  },
  ...HTTP_OPTIONS,
  { name: 'help', short: 'h', help: 'show this help' },
  { name: 'version', help: 'show the version' },
];

export interface Subcommand {
  readonly name: string;
  readonly argument: string;
  readonly help: string;
  /** What to do; without one, it is still to come. */
  readonly action?: 'login' | 'logout' | 'status';
}

/** Words in the place of the URL. */
export const SUBCOMMANDS: readonly Subcommand[] = [
  { name: 'login', argument: '<url>', help: 'sign in to a server', action: 'login' },
  { name: 'logout', argument: '<url>', help: 'sign out and forget the server', action: 'logout' },
  { name: 'status', argument: '[<url>]', help: 'show who is signed in where', action: 'status' },
  { name: 'doctor', argument: '<url>', help: 'find out why it does not work' },
];
