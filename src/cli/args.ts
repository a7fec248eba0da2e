/** From arguments to what is to be done. Pure: reads nothing but what it is given. */
import { parseArgs } from 'node:util';
import { type Config, DEFAULTS, isLoopback, type Strategy } from '../config.ts';
import type { Level } from '../core/ports.ts';
import { ProxyError } from '../errors.ts';
import { OPTIONS, type Option, SUBCOMMANDS } from './options.ts';

export type Action =
  | { readonly kind: 'run'; readonly config: Config }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

type Env = Readonly<Record<string, string | undefined>>;

/** What to do. Throws a ProxyError `usage` with a hint when the arguments do not say it. */
export function parseArguments(argv: readonly string[], env: Env): Action {
  // Whoever asks for help gets it, whatever else is wrong.
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  if (own.includes('--help') || own.includes('-h')) return { kind: 'help' };
  const { flags, positionals, command } = readTokens(argv);
  if (flags.has('version')) return { kind: 'version' };
  for (const [option, values] of flags.all) for (const value of values) checkValue(option, value);
  const [target, ...surplus] = positionals;
  const subcommand = SUBCOMMANDS.find((s) => s.name === target);
  if (!subcommand && surplus.length > 0) throw surplusArgument(positionals);

  const planned = [...flags.all.keys()].find((option) => option.planned);
  if (planned) throw notYet(`--${planned.name}`);
  if (subcommand) throw notYet(subcommand.name);
  if (command !== undefined) throw notYet('-- <command>');
  if (target === undefined) {
    throw usage('no URL given', 'mcp-proxy https://server.example/mcp, or mcp-proxy --help for all there is');
  }
  return { kind: 'run', config: toConfig(target, flags, env) };
}

class Flags {
  readonly all = new Map<Option, (string | boolean)[]>();

  add(option: Option, value: string | boolean): void {
    const values = this.all.get(option) ?? [];
    if (values.length > 0 && !option.repeatable) throw usage(`--${option.name} is given twice`, 'give it once');
    this.all.set(option, [...values, value]);
  }

  #values(name: string): (string | boolean)[] {
    for (const [option, values] of this.all) if (option.name === name) return values;
    return [];
  }

  has(name: string): boolean {
    return this.#values(name).includes(true);
  }

  texts(name: string): string[] {
    return this.#values(name).map(String);
  }

  text(name: string): string | undefined {
    return this.texts(name)[0];
  }
}

interface Tokens {
  readonly flags: Flags;
  readonly positionals: readonly string[];
  /** Everything after `--`, or undefined when there is no `--`. */
  readonly command: readonly string[] | undefined;
}

function readTokens(argv: readonly string[]): Tokens {
  const options = Object.fromEntries(
    OPTIONS.map((o) => [
      o.name,
      {
        type: o.value === undefined ? 'boolean' : 'string',
        multiple: true,
        ...(o.short && { short: o.short }),
      } as const,
    ]),
  );
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  const { tokens } = parseArgs({ args: [...own], options, strict: false, allowPositionals: true, tokens: true });
  const flags = new Flags();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = OPTIONS.find((o) => o.name === token.name);
    if (!option) throw unknownFlag(token.rawName);
    // A flag in the place of a value is a value that was forgotten.
    const swallowed =
      !token.inlineValue && OPTIONS.some((o) => token.value === `--${o.name}` || token.value === `-${o.short}`);
    flags.add(option, flagValue(option, swallowed ? undefined : token.value));
  }
  return { flags, positionals, command: end === -1 ? undefined : argv.slice(end + 1) };
}

function flagValue(option: Option, value: string | undefined): string | boolean {
  if (option.value === undefined) {
    if (value === undefined || value === 'true') return true;
    if (value === 'false') return false;
    throw usage(`--${option.name} takes no value`, `write --${option.name} alone`);
  }
  if (value === undefined)
    throw usage(`--${option.name} needs a value`, `--${option.name} ${option.value}: ${option.help}`);
  return value;
}

function checkValue(option: Option, value: string | boolean): void {
  if (typeof value === 'boolean') return;
  if (option.choices && !option.choices.includes(value)) {
    const fitting = option.choices.filter((choice) => choice.startsWith(value));
    const near = fitting.length > 1 ? undefined : nearest(value, option.choices);
    throw usage(
      `--${option.name} has no such value`,
      near ? `did you mean ${near}?` : `it is one of ${option.choices.join(', ')}`,
    );
  }
  const wrong = option.check?.(value);
  // Some values are secrets, so a wrong one is not repeated.
  if (wrong) throw usage(`the value of --${option.name} is wrong`, wrong);
}

function toConfig(target: string, flags: Flags, env: Env): Config {
  const url = parseUrl(target);
  const headers = flags.texts('header').map((header) => parseHeader(header, env));
  const basic = credentialsIn(url);
  const authorized = headers.some(([name]) => name.toLowerCase() === 'authorization');
  if (basic && !authorized) headers.push(['Authorization', basic]);
  url.username = '';
  url.password = '';
  url.hash = '';
  const allowHttp = flags.has('allow-http');
  if (url.protocol === 'http:' && !allowHttp && !isLoopback(url.hostname)) {
    throw usage(`${url.host} would be reached without encryption`, 'use https:, or add --allow-http if that is meant');
  }
  return {
    url,
    headers,
    allowHttp,
    strategy: (flags.text('transport') as Strategy | undefined) ?? DEFAULTS.strategy,
    ignoreTools: flags.texts('ignore-tool'),
    enableProxy: flags.has('enable-proxy'),
    logLevel: (flags.text('log-level') as Level | undefined) ?? DEFAULTS.logLevel,
  };
}

/** What is wrong is said without repeating it: a mangled command line may put a secret in any place. */
function parseUrl(text: string): URL {
  if (text === '') throw usage('the URL is empty', 'is the variable set that it comes from?');
  if (/^https?:\/\//i.test(text)) {
    if (URL.canParse(text)) return new URL(text);
    throw usage('the URL is not valid', 'it looks like https://server.example/mcp; check the host name and the port');
  }
  const near = nearestSubcommand(text);
  if (near) throw usage('the first argument is no URL', `did you mean ${near}?`);
  const local = /^(localhost|127\.0\.0\.1)([:/]|$)/.test(text);
  throw usage(
    'the first argument is no URL',
    local ? 'put http:// in front of it' : 'put https:// in front of a host name; values with spaces need quotes',
  );
}

/** The subcommand that a word most likely meant. */
function nearestSubcommand(word: string): string | undefined {
  return /^[a-z]+$/i.test(word)
    ? nearest(
        word,
        SUBCOMMANDS.map((s) => s.name),
      )
    : undefined;
}

/** User info of a URL as an `Authorization` value (RFC 7617), or undefined when there is none. */
function credentialsIn(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  try {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
  } catch {
    throw usage('the user name or the password in the URL is not encoded properly', 'write % as %25');
  }
}

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110, section 5.5: visible characters, space and tab, and bytes above 0x7f. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function parseHeader(text: string, env: Env): readonly [string, string] {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0)).trim();
  if (colon === -1 || name === '') throw usage('a --header is not of the form KEY:VALUE', QUOTING);
  if (!HEADER_NAME.test(name))
    throw usage(
      'the name of a --header holds characters that no name may hold',
      'a name consists of letters, digits and -, for example -H "X-Key: VALUE"',
    );
  const value = text
    .slice(colon + 1)
    .trim()
    .replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, variable: string) => fromEnvironment(name, variable, env));
  if (value === '')
    throw usage(`--header ${name} has no value`, `put the whole header into quotes: -H "${name}: VALUE"`);
  if (/^(bearer|basic)$/i.test(value)) throw usage(`--header ${name} ends after ${value}`, QUOTING);
  if (!HEADER_VALUE.test(value)) {
    throw usage(`--header ${name} holds characters that no header may hold`, 'look for line breaks');
  }
  return [name, value];
}

const QUOTING = 'put the whole header into quotes: -H "Authorization: Bearer ${TOKEN}"';

function fromEnvironment(header: string, variable: string, env: Env): string {
  const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
  const hint = `set ${variable} in the environment`;
  if (value === undefined) throw usage(`--header ${header} uses \${${variable}}, which is not set`, hint);
  if (value.trim() === '') throw usage(`--header ${header} uses \${${variable}}, which is empty`, hint);
  return value.trim();
}

function surplusArgument(positionals: readonly string[]): ProxyError {
  const near = nearestSubcommand(positionals[0] as string);
  if (near) return usage('the first argument is no URL', `did you mean ${near}?`);
  return usage(
    `one URL is expected, but ${positionals.length} arguments were given`,
    'values with spaces need quotes: -H "Authorization: Bearer ${TOKEN}"',
  );
}

function unknownFlag(raw: string): ProxyError {
  const names = OPTIONS.map((o) => `--${o.name}`);
  const near = nearest(raw, names);
  return usage(
    `unknown flag ${JSON.stringify(raw.slice(0, 60))}`,
    near ? `did you mean ${near}?` : 'mcp-proxy --help lists all flags',
  );
}

function notYet(what: string): ProxyError {
  return usage(`${what} is not available yet`, 'this version connects clients on stdio to servers without sign-in');
}

function usage(message: string, hint: string): ProxyError {
  return new ProxyError('usage', message, { hint });
}

/** The candidate that a typo most likely meant, or undefined when none is near. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(text.slice(0, 60), candidate) }))
    .sort((a, b) => a.distance - b.distance);
  // A longer or shorter form of a word is no typo, but meant all the same.
  const form = candidates.find((c) => text.length > 2 && (text.startsWith(c) || c.startsWith(text)));
  const best = ranked[0];
  if (form !== undefined) return form;
  return best && best.distance <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined;
}

/** Levenshtein's distance: insertions, deletions and replacements that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
