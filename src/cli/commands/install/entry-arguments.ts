/**
 * From flags to the arguments and the variables of an entry. Secrets go into variables: arguments are seen by every
 * program of this machine (`ps`). Pure.
 */
import path from 'node:path';
import { isLoopback } from '../../../config.ts';
import type { Env } from '../../../core/ports.ts';
import { headerSecrets, SECRET_NAME, urlSecrets } from '../../../core/redact.ts';
import { objectOf } from '../../../hosts/entries.ts';
import type { Host } from '../../../hosts/host.ts';
import type { Option } from '../../flags/option.ts';
import { CLIENT_INFO, CLIENT_METADATA, SECRET_MEMBER } from '../../flags/reading/auth.ts';
import { usageError } from '../../flags/usage-error.ts';
import type { Flags } from '../../flags/words.ts';

export interface EntryArguments {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variables that the host takes from its own environment. */
  readonly inherited: readonly string[];
  /** What of it must not be shown. */
  readonly secrets: readonly string[];
  /** What the user should know. */
  readonly notes: readonly string[];
}

export interface Surroundings {
  readonly host: Host;
  /** The environment of this process, and the variables of an entry that is taken over. */
  readonly env: Env;
  /** Where relative names of files begin. */
  readonly cwd: string;
  /** Whether others read the configuration, as they do that of a project. */
  readonly shared: boolean;
}

/** Variables that the program itself reads. Hosts with a short environment do not pass them on. */
const READ = ['NODE_EXTRA_CA_CERTS'];
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);

const PLACEHOLDER = /\$\{(?:env:)?([A-Za-z_]\w*)(?::-[^{}]*)?\}/g;
/** Headers whose values are credentials. */
const CREDENTIAL = /auth|cookie|key|token|secret|password|credential/i;

/** @param basic the `Authorization` that was in the URL */
export function entryArguments(url: URL, flags: Flags, basic: string | undefined, from: Surroundings): EntryArguments {
  const collected = new Collected(from);
  const args = [url.href];
  if (basic !== undefined) args.push('--header', collected.header(`Authorization:${basic}`));
  args.push(...flagWords(flags, collected));
  if (from.host.inherits === 'short') {
    const usesTls = url.protocol === 'https:' || !isLoopback(url.hostname);
    const names = [...(usesTls ? READ : []), ...(flags.has('enable-proxy') ? PROXIES : [])];
    for (const name of names) collected.carryOver(name);
  }
  const { env, inherited, secrets, notes } = collected;
  return { args, env, inherited, secrets: [...secrets, ...urlSecrets(url)], notes };
}

/** What an entry that is taken over gives to its server besides the words of the command. */
export interface OwnVariables {
  readonly env: Readonly<Record<string, string>>;
  readonly inherited: readonly string[];
}

/** The same for a local server: the flags, `--` and the command, which is passed on as it is. */
export function localEntryArguments(
  command: readonly string[],
  flags: Flags,
  own: OwnVariables,
  from: Surroundings,
): EntryArguments {
  const collected = new Collected(from);
  const args = flagWords(flags, collected);
  const given = new Set(flags.texts('env').map((text) => text.slice(0, text.indexOf('='))));
  for (const name of [...Object.keys(own.env), ...own.inherited]) {
    // With --clean-env, the server gets only the variables that --env names.
    if (flags.has('clean-env') && !given.has(name) && from.env[name]) args.push('--env', `${name}=\${${name}}`);
    if (from.shared) collected.copy(name, { isSecret: true });
  }
  for (const name of own.inherited) collected.pass(name);
  const { env, inherited, secrets, notes } = collected;
  return { args: [...args, '--', ...command], env, inherited, secrets, notes };
}

function flagWords(flags: Flags, collected: Collected): string[] {
  const words: string[] = [];
  for (const [option, values] of flags.all) {
    if (option.only !== undefined) continue;
    for (const value of values) {
      if (value === true) words.push(`--${option.name}`);
      if (typeof value === 'string') words.push(`--${option.name}`, collected.value(option, value));
    }
  }
  return words;
}

/** Variables, secrets and notes, as the arguments need them. */
class Collected {
  readonly env: Record<string, string> = {};
  readonly inherited: string[] = [];
  readonly secrets: string[] = [];
  readonly notes: string[] = [];
  readonly #from: Surroundings;

  constructor(from: Surroundings) {
    this.#from = from;
  }

  /** The value of a flag as the entry has it. */
  value(option: Option, value: string): string {
    if (option.name === 'header') return this.header(value);
    if (option.name === 'env') return this.#variable(value);
    if (option.name === CLIENT_INFO || option.name === CLIENT_METADATA) return this.#client(option.name, value);
    const isFile = option.value === 'FILE';
    return isFile ? path.resolve(this.#from.cwd, value) : value;
  }

  /** Without a blank: some hosts take arguments apart that have one, most of them on Windows. */
  header(text: string): string {
    const colon = text.indexOf(':');
    const [name, value] = [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
    if (this.#copyPlaceholders(value)) return `${name}:${value}`;
    if (this.#from.shared && !CREDENTIAL.test(name)) return `${name}:${value}`;
    const variable = this.#keep(name, value, `-H '${name}: \${${variableFor(name)}}'`);
    this.secrets.push(...headerSecrets(name, value));
    return `${name}:\${${variable}}`;
  }

  /** A variable of a local server, `NAME=VALUE`. */
  #variable(text: string): string {
    const at = text.indexOf('=');
    const [name, value] = [text.slice(0, at), text.slice(at + 1)];
    if (this.#copyPlaceholders(value) || value === '' || !isSecret(name, value)) return text;
    this.secrets.push(value);
    return `${name}=\${${this.#keep(name, value, `--env '${name}=\${${variableFor(name)}}'`)}}`;
  }

  #client(flag: string, given: string): string {
    if (given.startsWith('@')) {
      this.#copyPlaceholders(given);
      return given.includes('${') ? given : `@${path.resolve(this.#from.cwd, given.slice(1))}`;
    }
    this.#copyPlaceholders(given);
    const members = Object.entries(objectOf(JSON.parse(given))).map(([name, value]) => {
      if (name === 'private_key_file' && typeof value === 'string') return [name, path.resolve(this.#from.cwd, value)];
      if (typeof value !== 'string' || value.includes('${') || !SECRET_MEMBER.test(name)) return [name, value];
      this.secrets.push(value);
      return [name, `\${${this.#keep(name, value, `--${flag} with "${name}": "\${${variableFor(name)}}"`)}}`];
    });
    return JSON.stringify(Object.fromEntries(members));
  }

  /** Keeps a secret in a variable of the entry, and returns its name. */
  #keep(name: string, value: string, instead: string): string {
    const { shared, host } = this.#from;
    const variable = this.#freeName(variableFor(name), value);
    if (shared) {
      throw usageError(
        `the configuration of a project is for everyone who has the project, and "${name}" is a secret`,
        `${instead}, with ${variable} set here and in the environment of ${host.name}`,
      );
    }
    if (host.expands?.test(value)) {
      throw usageError(
        `${host.name} would change the value of "${name}": it replaces what looks like a variable`,
        `${instead}, with ${variable} set here and in the environment of ${host.name}`,
      );
    }
    this.env[variable] = value;
    return variable;
  }

  #freeName(name: string, value: string): string {
    for (let i = 1; ; i++) {
      const candidate = i === 1 ? name : `${name}_${i}`;
      const taken = Object.hasOwn(this.env, candidate) ? this.env[candidate] : undefined;
      if (taken === undefined || taken === value) return candidate;
    }
  }

  /** Copies the variables of all placeholders in a text; false when there is none. */
  #copyPlaceholders(text: string): boolean {
    const names = [...text.matchAll(PLACEHOLDER)].map(([, name]) => name as string);
    for (const name of names) this.copy(name, { isSecret: true });
    return names.length > 0;
  }

  /** Copies a variable that the program itself reads, and says so. */
  carryOver(name: string): void {
    const isNew = !Object.hasOwn(this.env, name);
    this.copy(name, { isSecret: false });
    if (!isNew || !Object.hasOwn(this.env, name)) return;
    this.notes.push(`${name} is copied into the entry: ${this.#from.host.name} does not pass it on to servers`);
  }

  /** Makes a host with a short environment pass a variable on. */
  pass(name: string): void {
    const { inherits, shape } = this.#from.host;
    if (inherits !== 'short' || Object.hasOwn(this.env, name) || this.inherited.includes(name)) return;
    if (shape.inherited) this.inherited.push(name);
    else this.copy(name, { isSecret: true });
  }

  /** Copies a variable of the environment into the entry: the host may be started without it. */
  copy(name: string, { isSecret }: { readonly isSecret: boolean }): void {
    const { env, shared, host } = this.#from;
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined || value === '' || Object.hasOwn(this.env, name)) return;
    if (shared || host.expands?.test(value)) {
      if (this.inherited.includes(name)) return;
      this.inherited.push(name);
      this.notes.push(`${host.name} must be started with ${name} in its environment`);
      return;
    }
    this.env[name] = value;
    if (isSecret) this.secrets.push(value, value.replace(/^\S+\s+/, ''));
  }
}

/** Whether a variable looks like a secret: by its name, as a URL with a password, or as one long word with digits. */
function isSecret(name: string, value: string): boolean {
  const isToken = /^(?![./~])(?=.*\d)(?=.*[A-Za-z])[\w.~+/=-]{20,}$/.test(value);
  return SECRET_NAME.test(name) || /:\/\/[^/\s]*:[^/\s]*@/.test(value) || isToken;
}

/** `MCP_PROXY_AUTHORIZATION`: hosts replace a variable in arguments if they have it themselves, so it needs a name of its own. */
function variableFor(name: string): string {
  const words = name.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase();
  return `MCP_PROXY_${words}`;
}
