/** The flags, as data: parsing and checking use this table. What people read about them is in `described-options.ts`. */
import { CREDENTIAL_STORES, LOG_FORMATS, STRATEGIES } from '../../config.ts';
import { LEVELS } from '../../core/ports.ts';
import { HTTP_OPTIONS } from './http-mode-flags.ts';
import { HOST_IDS, INSTALL_OPTIONS } from './install-options.ts';
import type { Option } from './option.ts';
import { POLICY_OPTIONS } from './policy/policy-options.ts';
import {
  checkAuthorizeParameter,
  checkCallbackPath,
  checkClientMetadataUrl,
  checkMebibytes,
  checkNotEmpty,
  checkPort,
  checkProfile,
  checkRedirectHost,
  checkResource,
  checkSeconds,
  jsonOrFile,
} from './value-checks.ts';

export const OPTIONS: readonly Option[] = [
  {
    name: 'header',
    short: 'H',
    value: 'KEY:VALUE',
    repeatable: true,
    expands: true,
    for: 'url',
  },
  { name: 'config', value: 'FILE', check: checkNotEmpty },
  { name: 'server', value: 'NAME', check: checkNotEmpty },
  {
    name: 'transport',
    value: 'STRATEGY',
    choices: STRATEGIES,
    for: 'url',
  },
  {
    name: 'allow-http',
    for: 'url',
  },
  {
    name: 'enable-proxy',
    for: 'url',
  },
  ...POLICY_OPTIONS,
  {
    name: 'timeout',
    value: 'SECONDS',
    check: checkSeconds,
  },
  {
    name: 'open-timeout',
    value: 'SECONDS',
    check: checkSeconds,
  },
  {
    name: 'max-message',
    value: 'MIB',
    check: checkMebibytes,
  },
  {
    name: 'log-level',
    value: 'LEVEL',
    choices: LEVELS,
  },
  {
    name: 'log-format',
    value: 'FORMAT',
    choices: LOG_FORMATS,
  },
  {
    name: 'quiet',
    short: 'q',
  },
  {
    name: 'json',
    only: ['status', 'doctor'],
  },
  {
    name: 'report',
    only: ['doctor'],
  },
  {
    name: 'capture',
    value: 'FILE',
    check: checkNotEmpty,
  },
  {
    name: 'capture-arguments',
  },
  {
    name: 'ca',
    value: 'FILE',
    check: checkNotEmpty,
    for: 'url',
  },
  {
    name: 'cert',
    value: 'FILE',
    check: checkNotEmpty,
    for: 'url',
  },
  {
    name: 'key',
    value: 'FILE',
    check: checkNotEmpty,
    for: 'url',
  },
  {
    name: 'profile',
    value: 'NAME',
    check: checkProfile,
    group: 'sign-in',
  },
  {
    name: 'auth-timeout',
    value: 'SECONDS',
    check: checkSeconds,
    group: 'sign-in',
  },
  {
    name: 'device-code',
    group: 'sign-in',
  },
  {
    name: 'client-credentials',
    group: 'sign-in',
  },
  {
    name: 'credential-store',
    value: 'STORE',
    choices: CREDENTIAL_STORES,
    group: 'sign-in',
  },
  {
    name: 'host',
    value: 'NAME',
    check: checkRedirectHost,
    group: 'sign-in',
  },
  {
    name: 'callback-port',
    value: 'PORT',
    check: checkPort,
    group: 'sign-in',
  },
  {
    name: 'callback-path',
    value: 'PATH',
    check: checkCallbackPath,
    group: 'sign-in',
  },
  {
    name: 'static-oauth-client-info',
    value: 'JSON|@FILE',
    expands: true,
    check: jsonOrFile('static-oauth-client-info'),
    group: 'sign-in',
  },
  {
    name: 'static-oauth-client-metadata',
    value: 'JSON|@FILE',
    expands: true,
    check: jsonOrFile('static-oauth-client-metadata'),
    group: 'sign-in',
  },
  {
    name: 'client-metadata-url',
    value: 'URL',
    check: checkClientMetadataUrl,
    group: 'sign-in',
  },
  {
    name: 'resource',
    value: 'URI',
    check: checkResource,
    group: 'sign-in',
  },
  {
    name: 'disable-resource-parameter',
    group: 'sign-in',
  },
  {
    name: 'authorize-param',
    value: 'KEY=VALUE',
    repeatable: true,
    check: checkAuthorizeParameter,
    group: 'sign-in',
  },
  {
    name: 'use-id-token',
    group: 'sign-in',
  },
  {
    name: 'check',
    only: ['status'],
    group: 'sign-in',
  },
  {
    name: 'cwd',
    value: 'DIR',
    check: checkNotEmpty,
    group: 'local',
    for: 'command',
  },
  {
    name: 'env',
    value: 'NAME=VALUE',
    repeatable: true,
    expands: true,
    group: 'local',
    for: 'command',
  },
  {
    name: 'clean-env',
    group: 'local',
    for: 'command',
  },
  ...HTTP_OPTIONS,
  ...INSTALL_OPTIONS,
  { name: 'help', short: 'h' },
  { name: 'version' },
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
  /** Only `--help all` tells of it. */
  readonly rare?: true;
  readonly action:
    | 'replay'
    | 'login'
    | 'logout'
    | 'status'
    | 'doctor'
    | 'install'
    | 'uninstall'
    | 'accept'
    | 'completion';
}

/** Words that may come instead of the URL. */
export const SUBCOMMANDS: readonly Subcommand[] = [
  { name: 'login', argument: '<url>', help: 'sign in to a server', action: 'login' },
  { name: 'logout', argument: '<url>', help: 'sign out and forget the server', action: 'logout' },
  { name: 'status', argument: '[<url>]', help: 'show who is signed in where', action: 'status' },
  { name: 'accept', argument: '<url>', help: 'accept changed tools (--pin-tools)', rare: true, action: 'accept' },
  {
    name: 'doctor',
    argument: '<url>',
    help: 'find out why it does not work',
    action: 'doctor',
  },
  {
    name: 'install',
    argument: '<host> <url>',
    choices: HOST_IDS,
    help: "add a server, or -- <command>, to a host's config",
    action: 'install',
  },
  {
    name: 'uninstall',
    argument: '<host> <name>',
    choices: HOST_IDS,
    help: 'undo what install wrote',
    action: 'uninstall',
  },
  { name: 'replay', argument: '<file>', help: 'serve what --capture has recorded', action: 'replay', rare: true },
  {
    name: 'completion',
    argument: '<shell>',
    choices: SHELLS,
    help: 'print completions for bash, zsh, fish, powershell',
    action: 'completion',
  },
];
