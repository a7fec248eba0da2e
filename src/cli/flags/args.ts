/** From arguments to what is to be done. Pure: reads nothing but what it is given. */
import {
  type Config,
  type ConfigWithoutUrl,
  DEFAULTS,
  isLoopback,
  type LogFormat,
  type Strategy,
} from '../../config.ts';
import type { Level } from '../../core/ports.ts';
import { headerSecrets, urlSecrets } from '../../core/redact.ts';
import type { ReadFile } from './given-files.ts';
import { SUBCOMMANDS } from './options.ts';
import type { Env } from './placeholders.ts';
import { readAuth } from './read-auth.ts';
import { credentialsIn, parseHeader } from './read-headers.ts';
import { readListen } from './read-listen.ts';
import { readTls } from './read-tls.ts';
import { readUrl } from './url-argument.ts';
import { notYet, UnexplainedMistake, usageError } from './usage-error.ts';
import { checkValue, type Flags, readTokens, type Tokens } from './words.ts';

interface With<C> {
  readonly config: C;
  /** Everything in the arguments that must never be shown. */
  readonly secrets: readonly string[];
}

export type Action =
  | ({ readonly kind: 'run' | 'login' | 'logout' } & With<Config>)
  | ({ readonly kind: 'status'; readonly check?: boolean; readonly json?: boolean } & With<ConfigWithoutUrl>)
  | ({ readonly kind: 'install' | 'uninstall'; readonly given: Tokens } & With<Pick<Config, 'logLevel' | 'logFormat'>>)
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
  refuseStray(flags, subcommand?.name);
  if (subcommand?.action === 'install' || subcommand?.action === 'uninstall') {
    const given = { flags, positionals: targets, command };
    return { kind: subcommand.action, given, config: readLogging(flags), secrets: [] };
  }
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
    return { kind, ...toConfig(url, flags, env, readFile), ...(check && { check }), ...(json && { json }) };
  }
  if (url === undefined) {
    const line = `mcp-proxy ${subcommand ? `${subcommand.name} ` : ''}https://server.example/mcp`;
    throw usageError('no URL given', `${line}, or mcp-proxy --help for all commands and flags`);
  }
  const { config, secrets } = toConfig(url, flags, env, readFile);
  return { kind, config: { ...config, url }, secrets };
}

/** Throws a usage error for a flag that belongs to other commands. */
function refuseStray(flags: Flags, command = ''): void {
  for (const [{ name, only }, values] of flags.all) {
    if (only === undefined || only.includes(command) || values.includes(false)) continue;
    throw usageError(`--${name} belongs to the command ${only[0]}`, `mcp-proxy ${only[0]} --${name}`);
  }
}

function readLogging(flags: Flags): Pick<Config, 'logLevel' | 'logFormat'> {
  return {
    logLevel: (flags.text('log-level') as Level | undefined) ?? DEFAULTS.logLevel,
    logFormat: (flags.text('log-format') as LogFormat | undefined) ?? DEFAULTS.logFormat,
  };
}

/** The configuration of a server, and the secrets in it. Removes credentials from the URL. Throws a usage error. */
export function toConfig(url: URL | undefined, flags: Flags, env: Env, readFile: ReadFile): With<ConfigWithoutUrl> {
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
  const config: ConfigWithoutUrl = {
    url,
    headers,
    ...(authorizationFromUrl && { authorizationFromUrl }),
    allowHttp,
    strategy: (flags.text('transport') as Strategy | undefined) ?? DEFAULTS.strategy,
    ignoreTools: flags.texts('ignore-tool'),
    enableProxy: flags.has('enable-proxy'),
    ...readLogging(flags),
    auth,
    tls: readTls(flags, readFile),
    listen,
  };
  const inHeaders = headers.flatMap(([name, value]) => headerSecrets(name, value));
  const token = listen?.clientToken === undefined ? [] : [listen.clientToken];
  return { config, secrets: [...inHeaders, ...(url ? urlSecrets(url) : []), ...secrets, ...token] };
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
