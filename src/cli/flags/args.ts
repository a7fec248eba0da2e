/** From arguments to what is to be done. Pure: reads nothing but what it is given. */
import {
  type Config,
  type CredentialStore,
  DEFAULTS,
  HTTP_SERVER_DEFAULTS,
  type HttpServer,
  type HttpServerOptions,
  httpServer,
  isLoopback,
  type LogFormat,
  type ProcessConfig,
  type Strategy,
} from '../../config.ts';
import type { Env, Level } from '../../core/ports.ts';
import { headerSecrets, urlSecrets } from '../../core/redact.ts';
import type { ReadFile } from './given-files.ts';
import { SHELLS, type Shell, SUBCOMMANDS } from './options.ts';
import { readAuth } from './read-auth.ts';
import { credentialsIn, parseHeader } from './read-headers.ts';
import { readForwardHeaders, readListen } from './read-listen.ts';
import { readTls } from './read-tls.ts';
import { readUrl } from './url-argument.ts';
import { notYet, UnexplainedMistake, usageError } from './usage-error.ts';
import { checkValue, type Flags, readTokens } from './words.ts';

interface Given<C extends ProcessConfig> {
  readonly config: C;
  /** Everything in the arguments that must never be shown. */
  readonly secrets: readonly string[];
}

/** The server of `status`, or how to use any server where the user is signed in. */
export interface StatusTarget {
  readonly url: URL | undefined;
  readonly options: HttpServerOptions;
  /** Asks each server whether it still accepts the sign-in. */
  readonly check?: boolean;
  /** Prints a JSON array on one line. */
  readonly json?: boolean;
}

export type Action =
  | ({ readonly kind: 'run' } & Given<Config>)
  | ({ readonly kind: 'login' | 'logout'; readonly server: HttpServer } & Given<ProcessConfig>)
  | ({ readonly kind: 'status' } & StatusTarget & Given<ProcessConfig>)
  | { readonly kind: 'completion'; readonly shell: Shell }
  | { readonly kind: 'help'; readonly all: boolean }
  | { readonly kind: 'version' };

/** What to do. Throws a ProxyError `usage` with a hint when the arguments do not say it. */
export function parseArguments(argv: readonly string[], env: Env, readFile: ReadFile): Action {
  // Whoever asks for help gets it, whatever else is wrong.
  const own = ownWords(argv);
  const help = own.findIndex((word) => /^(?:--help|-h|--help=all)$/.test(word));
  if (help !== -1) return { kind: 'help', all: own[help] === '--help=all' || own[help + 1] === 'all' };
  const { flags, positionals, command } = readTokens(argv);
  if (flags.has('version')) return { kind: 'version' };
  for (const [option, values] of flags.all) for (const value of values) checkValue(option, value);
  const subcommand = SUBCOMMANDS.find((s) => s.name === positionals[0]);
  const targets = subcommand ? positionals.slice(1) : positionals;
  if (subcommand?.action === 'completion') return completion(targets);
  if (targets.length > 1) {
    const headers = flags.texts('header');
    throw new UnexplainedMistake({ kind: 'surplus', targets, headers, subcommand: subcommand?.name });
  }

  if (subcommand && !subcommand.action) throw notYet(subcommand.name);
  if (command !== undefined) throw notYet('-- <command>');

  if (subcommand && flags.text('listen') !== undefined) {
    throw usageError(`${subcommand.name} serves no clients`, 'leave --listen and its flags out');
  }
  const kind = subcommand?.action ?? 'run';
  const url = targets[0] === undefined ? undefined : readUrl(targets[0]);
  const [check, json] = [flags.has('check'), flags.has('json')];
  if (kind === 'status') {
    const { options, config, secrets } = read(url, flags, env, readFile);
    return { kind, url, options, config, secrets, ...(check && { check }), ...(json && { json }) };
  }
  if (check || json) {
    const flag = check ? '--check' : '--json';
    throw usageError(`${flag} belongs to the command status`, `mcp-proxy status ${flag}`);
  }
  if (url === undefined) {
    const line = `mcp-proxy ${subcommand ? `${subcommand.name} ` : ''}https://server.example/mcp`;
    throw usageError('no URL given', `${line}, or mcp-proxy --help for all commands and flags`);
  }
  const { options, config, secrets } = read(url, flags, env, readFile);
  const server = httpServer(url, options);
  return kind === 'run'
    ? { kind, config: { ...config, servers: [server] }, secrets }
    : { kind, server, config, secrets };
}

function completion(targets: readonly string[]): Action {
  const shell = SHELLS.find((name) => name === targets[0]);
  if (shell !== undefined && targets.length === 1) return { kind: 'completion', shell };
  throw usageError('completion takes the name of a shell', `mcp-proxy completion ${SHELLS.join(', or ')}`);
}

interface Read extends Given<ProcessConfig> {
  readonly options: HttpServerOptions;
}

/** Takes the user info out of the URL. */
function read(url: URL | undefined, flags: Flags, env: Env, readFile: ReadFile): Read {
  const headers = flags.texts('header').map((header) => parseHeader(header, env));
  const allowHttp = flags.has('allow-http');
  let authorizationFromUrl = false;
  if (url) {
    const basic = credentialsIn(url);
    const authorized = headers.some(([name]) => name.toLowerCase() === 'authorization');
    if (basic && !authorized) {
      headers.push(['Authorization', basic]);
      authorizationFromUrl = true;
    }
    url.username = '';
    url.password = '';
    url.hash = '';
    if (url.protocol === 'http:' && !allowHttp && !isLoopback(url.hostname)) {
      throw usageError(
        `http: sends everything to ${url.host} without encryption`,
        'use https:, or add --allow-http to connect anyway',
      );
    }
  }
  const { auth, secrets } = readAuth(flags, env, readFile);
  const listen = readListen(flags, env, readFile);
  const options: HttpServerOptions = {
    headers,
    ...(authorizationFromUrl && { authorizationFromUrl }),
    forwardHeaders: readForwardHeaders(flags),
    allowHttp,
    strategy: (flags.text('transport') as Strategy | undefined) ?? HTTP_SERVER_DEFAULTS.strategy,
    ignoreTools: flags.texts('ignore-tool'),
    auth,
    tls: readTls(flags, readFile),
  };
  const inHeaders = headers.flatMap(([name, value]) => headerSecrets(name, value));
  const token = listen?.clientToken === undefined ? [] : [listen.clientToken];
  return {
    options,
    config: { ...readProcess(flags), listen },
    secrets: [...inHeaders, ...(url ? urlSecrets(url) : []), ...secrets, ...token],
  };
}

function readProcess(flags: Flags): Omit<ProcessConfig, 'listen'> {
  return {
    enableProxy: flags.has('enable-proxy'),
    credentialStore: (flags.text('credential-store') as CredentialStore | undefined) ?? DEFAULTS.credentialStore,
    ...loudness(flags),
    logFormat: (flags.text('log-format') as LogFormat | undefined) ?? DEFAULTS.logFormat,
  };
}

function loudness(flags: Flags): Pick<ProcessConfig, 'logLevel' | 'quiet'> {
  const level = flags.text('log-level') as Level | undefined;
  if (!flags.has('quiet')) return { logLevel: level ?? DEFAULTS.logLevel };
  if (level === undefined) return { logLevel: 'error', quiet: true };
  throw usageError('--quiet and --log-level exclude each other', 'leave one of them out');
}

/** How to write what is wrong with the arguments, also where they cannot be read. */
export function logFormatIn(argv: readonly string[]): LogFormat {
  const own = ownWords(argv);
  const asked = own.some(
    (word, i) => word === '--log-format=json' || (own[i - 1] === '--log-format' && word === 'json'),
  );
  return asked ? 'json' : DEFAULTS.logFormat;
}

/** Whether the arguments start the program for a client on stdio, even if they cannot be parsed. */
export function servesStdio(argv: readonly string[]): boolean {
  const own = ownWords(argv);
  const first = own.find((word) => !word.startsWith('-'));
  return !own.some((word) => /^(?:--listen(?:=|$)|-l)/.test(word)) && !SUBCOMMANDS.some(({ name }) => name === first);
}

/** The words before `--`. */
function ownWords(argv: readonly string[]): readonly string[] {
  return argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
}
