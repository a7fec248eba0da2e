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
import type { CommandArguments } from './read-command.ts';
import { credentialsIn, parseHeader } from './read-headers.ts';
import { readForwardHeaders, readListen } from './read-listen.ts';
import { readTls } from './read-tls.ts';
import { readUrl } from './url-argument.ts';
import { notYet, UnexplainedMistake, usageError } from './usage-error.ts';
import { checkValue, type Flags, type ParsedArguments, readTokens } from './words.ts';

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
  /** `readCommand` says the rest. */
  | ({ readonly kind: 'run-command' } & CommandArguments)
  | ({ readonly kind: 'login' | 'logout'; readonly server: HttpServer } & Given<ProcessConfig>)
  | ({ readonly kind: 'status' } & StatusTarget & Given<ProcessConfig>)
  | ({ readonly kind: 'install' | 'uninstall'; readonly words: ParsedArguments } & Given<ProcessConfig>)
  | { readonly kind: 'completion'; readonly shell: Shell }
  /** `command` is the first word, for commands that have a help of their own. */
  | { readonly kind: 'help'; readonly all: boolean; readonly command: string | undefined }
  | { readonly kind: 'version' };

/** What to do. Throws a ProxyError `usage` with a hint when the arguments do not say it. */
export function parseArguments(argv: readonly string[], env: Env, readFile: ReadFile): Action {
  // Whoever asks for help gets it, whatever else is wrong.
  const own = ownWords(argv);
  const help = own.findIndex((word) => /^(?:--help|-h|--help=all)$/.test(word));
  if (help !== -1) {
    return { kind: 'help', all: own[help] === '--help=all' || own[help + 1] === 'all', command: own[0] };
  }
  const { flags, positionals, command } = readTokens(argv);
  if (flags.has('version')) return { kind: 'version' };
  for (const [option, values] of flags.all) for (const value of values) checkValue(option, value);
  const subcommand = SUBCOMMANDS.find((s) => s.name === positionals[0]);
  const targets = subcommand ? positionals.slice(1) : positionals;
  refuseStray(flags, subcommand?.name);
  if (subcommand?.action === 'completion') return completion(targets);
  if (subcommand?.action === 'install' || subcommand?.action === 'uninstall') {
    const words = { flags, positionals: targets, command };
    return { kind: subcommand.action, words, config: { ...readProcess(flags), listen: undefined }, secrets: [] };
  }
  if (targets.length > 1) {
    const headers = flags.texts('header');
    throw new UnexplainedMistake({ kind: 'surplus', targets, headers, subcommand: subcommand?.name });
  }

  if (subcommand && !subcommand.action) throw notYet(subcommand.name);
  if (subcommand && flags.text('listen') !== undefined) {
    throw usageError(`${subcommand.name} serves no clients`, 'leave --listen and its flags out');
  }
  if (command !== undefined) {
    const hasUrl = targets.length > 0;
    if (subcommand || hasUrl || !command[0]) {
      throw new UnexplainedMistake({ kind: 'local', subcommand: subcommand?.name, hasUrl });
    }
    return { kind: 'run-command', ...readLocal(command, flags, env, readFile) };
  }
  const kind = subcommand?.action ?? 'run';
  const url = targets[0] === undefined ? undefined : readUrl(targets[0]);
  const [check, json] = [flags.has('check'), flags.has('json')];
  if (kind === 'status') {
    const { options, config, secrets } = read(url, flags, env, readFile);
    return { kind, url, options, config, secrets, ...(check && { check }), ...(json && { json }) };
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

/** Throws a usage error for a flag that belongs to other commands. */
function refuseStray(flags: Flags, command = ''): void {
  for (const [{ name, only }, values] of flags.all) {
    if (only === undefined || only.includes(command) || values.includes(false)) continue;
    throw usageError(`--${name} belongs to the command ${only[0]}`, `mcp-proxy ${only[0]} --${name}`);
  }
}

function completion(targets: readonly string[]): Action {
  const shell = SHELLS.find((name) => name === targets[0]);
  if (shell !== undefined && targets.length === 1) return { kind: 'completion', shell };
  throw usageError('completion takes the name of a shell', `mcp-proxy completion ${SHELLS.join(', or ')}`);
}

interface Read extends Given<ProcessConfig> {
  readonly options: HttpServerOptions;
}

/** How to use a server, and the secrets in that. Takes the user info out of the URL. Throws a usage error. */
export function read(url: URL | undefined, flags: Flags, env: Env, readFile: ReadFile): Read {
  refuseFor('command', flags);
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
  const { config, token } = readWhole(flags, env, readFile);
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
  return {
    options,
    config,
    secrets: [...inHeaders, ...(url ? urlSecrets(url) : []), ...secrets, ...token],
  };
}

/** A command and its flags. Throws a usage error. */
export function readLocal(command: readonly string[], flags: Flags, env: Env, readFile: ReadFile): CommandArguments {
  refuseFor('url', flags);
  const { config, token } = readWhole(flags, env, readFile);
  return { command, flags, config, secrets: token };
}

/** Refuses the flags that concern only the other kind of server. */
function refuseFor(kind: 'url' | 'command', flags: Flags): void {
  const other = [...flags.all.keys()].find((option) => (option.for ?? (option.group === 'sign-in' && 'url')) === kind);
  if (other) throw new UnexplainedMistake({ kind: 'other-server', option: other, concerns: kind });
}

/** What concerns the process, and the client token. */
function readWhole(flags: Flags, env: Env, readFile: ReadFile): { config: ProcessConfig; token: readonly string[] } {
  const listen = readListen(flags, env, readFile);
  const token = listen?.clientToken === undefined ? [] : [listen.clientToken];
  return { config: { ...readProcess(flags), listen }, token };
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
  throw usageError('--quiet and --log-level cannot be used together', 'leave one of them out');
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
