/** From arguments to what is to be done. Pure: reads nothing but what it is given. */
import type { PinnedServer } from '../../app/policy/pins.ts';
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
  type StateConfig,
  type Strategy,
} from '../../config.ts';
import type { Env, Level } from '../../core/ports.ts';
import { headerSecrets, urlSecrets } from '../../core/redact.ts';
import { SHELLS, type Shell, SUBCOMMANDS } from './options.ts';
import { readPolicy } from './policy/read-policy.ts';
import { readAuth } from './reading/auth.ts';
import type { CommandArguments } from './reading/command.ts';
import type { ReadFile } from './reading/given-files.ts';
import { credentialsIn, parseHeader } from './reading/headers.ts';
import { readForwardHeaders, readListen } from './reading/listen.ts';
import { readState } from './reading/state.ts';
import { readTls } from './reading/tls.ts';
import { readUrl } from './url-argument.ts';
import { UnexplainedMistake, usageError } from './usage-error.ts';
import { limitsIn, timeoutOf } from './value-checks.ts';
import { checkValue, type Flags, type ParsedArguments, readTokens } from './words.ts';

interface Given<C extends ProcessConfig> {
  readonly config: C;
  /** Everything in the arguments that must never be shown. */
  readonly secrets: string[];
}

/** A configuration file, and the flags beside it. */
export interface ConfigArguments extends Given<ProcessConfig> {
  readonly file: string;
  readonly flags: Flags;
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
  /** `config-file/start.ts` says the rest. */
  | ({ readonly kind: 'run-config' } & ConfigArguments)
  | ({ readonly kind: 'login' | 'logout'; readonly server: HttpServer } & Given<ProcessConfig>)
  | ({ readonly kind: 'status' } & StatusTarget & Given<ProcessConfig>)
  | ({ readonly kind: 'install' | 'uninstall' | 'doctor'; readonly words: ParsedArguments } & Given<ProcessConfig>)
  | ({
      readonly kind: 'accept';
      readonly server: PinnedServer;
      readonly state: StateConfig | undefined;
    } & Given<ProcessConfig>)
  | ({ readonly kind: 'replay'; readonly file: string; readonly flags: Flags } & Given<ProcessConfig>)
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
  const file = flags.text('config');
  const named = { file, server: flags.text('server'), command: subcommand?.name };
  if (file !== undefined || named.server !== undefined) {
    const other = subcommand !== undefined || command !== undefined || targets.length > 0;
    if (other || file === undefined) throw new UnexplainedMistake({ kind: 'config', ...named });
    const { config, token } = readWhole(flags, env, readFile);
    return { kind: 'run-config', file, flags, config, secrets: token };
  }
  if (subcommand?.action === 'completion') return completion(targets);
  if (subcommand?.action === 'replay') return replayed(command ? [] : targets, flags, env, readFile);
  if (subcommand?.action === 'install' || subcommand?.action === 'uninstall') {
    const words = { flags, positionals: targets, command };
    return { kind: subcommand.action, words, config: { ...readProcess(flags), listen: undefined }, secrets: [] };
  }
  if (targets.length > 1) {
    const headers = flags.texts('header');
    throw new UnexplainedMistake({ kind: 'surplus', targets, headers, subcommand: subcommand?.name });
  }
  if (subcommand && flags.text('listen') !== undefined) {
    throw usageError(`${subcommand.name} serves no clients`, 'leave --listen and its flags out');
  }
  if (subcommand?.action === 'doctor') return doctor({ flags, positionals: targets, command });
  if (command !== undefined) {
    const hasUrl = targets.length > 0;
    const [program, ...args] = command;
    if (subcommand?.action === 'accept' && !hasUrl && program) {
      const server = { kind: 'stdio', command: program, args } as const;
      return {
        kind: 'accept',
        server,
        config: { ...readProcess(flags), listen: undefined },
        ...stateOf(flags, env, readFile),
      };
    }
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
  if (kind === 'run') return { kind, config: { ...config, servers: [server] }, secrets };
  if (kind !== 'accept') return { kind, server, config, secrets };
  const shared = stateOf(flags, env, readFile);
  return { kind, server, config, state: shared.state, secrets: [...secrets, ...shared.secrets] };
}

/** The store that replicas share, for a command that needs it. */
function stateOf(flags: Flags, env: Env, readFile: ReadFile): { state: StateConfig | undefined; secrets: string[] } {
  const state = readState(flags, env, readFile);
  return { state, secrets: [...(state?.secrets ?? [])] };
}

/** Throws a usage error for a flag that belongs to other commands. */
function refuseStray(flags: Flags, command = ''): void {
  for (const [{ name, only }, values] of flags.all) {
    if (only === undefined || only.includes(command) || values.includes(false)) continue;
    throw usageError(`--${name} belongs to the command ${only[0]}`, `mcp-proxy ${only[0]} --${name}`);
  }
  // The pins that replicas share are there.
  const state = ['state', 'state-key'].find((name) => flags.text(name) !== undefined);
  if (state !== undefined && flags.text('listen') === undefined && command !== 'accept') {
    throw usageError(`--${state} is given without --listen`, 'it belongs to HTTP mode: --listen localhost:8080');
  }
}

/** The doctor itself reads the rest of the words: what is missing in them is what it reports. */
function doctor(words: ParsedArguments): Action {
  const { flags, positionals, command } = words;
  const hasUrl = positionals.length > 0;
  if (command !== undefined && (hasUrl || !command[0])) {
    throw new UnexplainedMistake({ kind: 'local', subcommand: undefined, hasUrl });
  }
  if (command === undefined && !hasUrl) {
    throw usageError('no URL given', 'mcp-proxy doctor https://server.example/mcp, or mcp-proxy doctor -- COMMAND');
  }
  return { kind: 'doctor', words, config: { ...readProcess(flags), listen: undefined }, secrets: [] };
}

function completion(targets: readonly string[]): Action {
  const shell = SHELLS.find((name) => name === targets[0]);
  if (shell !== undefined && targets.length === 1) return { kind: 'completion', shell };
  throw usageError('completion takes the name of a shell', `mcp-proxy completion ${SHELLS.join(', or ')}`);
}

/** The recording to serve: on stdio, or behind HTTP mode. */
function replayed(targets: readonly string[], flags: Flags, env: Env, readFile: ReadFile): Action {
  const [file] = targets;
  if (file === undefined || targets.length > 1) {
    throw usageError('replay takes the name of one file', 'mcp-proxy replay session.jsonl');
  }
  refuseFor('url', flags);
  const { config, token } = readWhole(flags, env, readFile);
  return { kind: 'replay', file, flags, config, secrets: token };
}

interface ReadArguments extends Given<ProcessConfig> {
  readonly options: HttpServerOptions;
}

/** What the flags say of a server and of the process. Throws a usage error. */
export function read(url: URL | undefined, flags: Flags, env: Env, readFile: ReadFile): ReadArguments {
  const { config, token } = readWhole(flags, env, readFile);
  const { options, secrets } = readServer(url, flags, env, readFile);
  return { options, config, secrets: [...secrets, ...token] };
}

/** How to use a server, and the secrets in that. Takes the user info out of the URL. Throws a usage error. */
export function readServer(
  url: URL | undefined,
  flags: Flags,
  env: Env,
  readFile: ReadFile,
): Omit<ReadArguments, 'config'> {
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
  const options: HttpServerOptions = {
    headers,
    ...(authorizationFromUrl && { authorizationFromUrl }),
    forwardHeaders: readForwardHeaders(flags),
    allowHttp,
    strategy: (flags.text('transport') as Strategy | undefined) ?? HTTP_SERVER_DEFAULTS.strategy,
    ...readPolicy(flags),
    timeout: timeoutOf(flags.text('timeout')),
    ...limitsIn(flags),
    auth,
    tls: readTls(flags, readFile),
  };
  const inHeaders = headers.flatMap(([name, value]) => headerSecrets(name, value));
  return { options, secrets: [...inHeaders, ...(url ? urlSecrets(url) : []), ...secrets] };
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
function readWhole(flags: Flags, env: Env, readFile: ReadFile): { config: ProcessConfig; token: string[] } {
  const listen = readListen(flags, env, readFile);
  const token = listen?.clientToken === undefined ? [] : [listen.clientToken];
  return { config: { ...readProcess(flags), listen }, token: [...token, ...(listen?.state?.secrets ?? [])] };
}

function readProcess(flags: Flags): Omit<ProcessConfig, 'listen'> {
  return {
    enableProxy: flags.has('enable-proxy'),
    credentialStore: (flags.text('credential-store') as CredentialStore | undefined) ?? DEFAULTS.credentialStore,
    ...loudness(flags),
    ...recording(flags),
    logFormat: (flags.text('log-format') as LogFormat | undefined) ?? DEFAULTS.logFormat,
  };
}

function recording(flags: Flags): Pick<ProcessConfig, 'capture'> {
  const file = flags.text('capture');
  const keepsArguments = flags.has('capture-arguments');
  if (file !== undefined) return { capture: { file, keepsArguments } };
  if (!keepsArguments) return {};
  throw usageError('--capture-arguments is given without --capture', 'name the file of the recording: --capture FILE');
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
  const hasAnswer = own.some((word) => word === 'status' || word === 'doctor');
  const asked = own.some(
    (word, i) =>
      word === '--log-format=json' ||
      (own[i - 1] === '--log-format' && word === 'json') ||
      (hasAnswer && word === '--json'),
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
