/** `--config FILE`: from a configuration file to running servers, and from its changes to other ones. Loaded on demand. */
import { readFileSync } from 'node:fs';
import { openLocal } from '../../app/local-server.ts';
import { layered, openShared } from '../../app/server.ts';
import { identityOf } from '../../app/several/joined-server.ts';
import { openTogether, type WatchServers } from '../../app/several/stdio-servers.ts';
import type { OpenServer } from '../../app/stdio-proxy.ts';
import type { Config, Server } from '../../config.ts';
import type { Log } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';
import type { ConfigArguments } from '../flags/args.ts';
import { nearest } from '../flags/mistakes/nearest.ts';
import { readGivenFile } from '../flags/reading/given-files.ts';
import { usageError } from '../flags/usage-error.ts';
import { type FileContext, type ReadFileResult, readServers } from './file.ts';
import { CONFIG_FILES, markFor, realPath } from './loop.ts';
import { quoted } from './node.ts';
import { watchFolderOf } from './watch.ts';

/** The servers of a file that is in use. */
export interface ConfigFile {
  /** Logs what is wrong with the file. */
  readonly tell: (log: Log) => void;
  /** Looks whether the file has changed. */
  readonly look: () => void;
  readonly watch: WatchServers | undefined;
}

export interface OpenedConfig {
  readonly config: Config;
  readonly secrets: string[];
  readonly open: OpenServer;
  readonly several: ConfigFile;
}

/** Reads the file. Throws a usage error when none of its servers can be used. */
export function openConfig(given: ConfigArguments): OpenedConfig {
  const { file, flags, config } = given;
  const readFile = (name: string): string => readFileSync(name, 'utf8');
  const own = realPath(file);
  const mark = markFor(own, process.env[CONFIG_FILES]);
  if (!mark) {
    throw usageError(
      `a server of ${quoted(file)} leads back to that file, so this program would start itself again and again`,
      'take this program out of the file, or give it a file of its own',
    );
  }
  const context: FileContext = { file, path: own, env: process.env, readFile, flags, config };
  const read = (text: string): ReadFileResult => {
    const found = readServers(text, context);
    return { ...found, servers: found.servers.map((server) => marked(server, mark)) };
  };
  const text = readGivenFile(file, 'config', readFile);
  const found = read(text);
  const name = flags.text('server');
  const servers = name === undefined ? found.servers : [serverNamed(name, found, file)];
  if (servers.length === 0) throw nothingLeft(found, file);
  if (config.capture && servers.length > 1) {
    throw usageError('--capture records one server, and the file has several', 'choose one: --server NAME');
  }
  const secrets = [...given.secrets, ...found.secrets];
  const isAlone = name !== undefined || (servers.length === 1 && !config.listen);
  // A recording is of one server.
  const isFixed = isAlone || config.capture !== undefined;
  const following = new Following({ file, text, found, secrets, read, readFile, isFixed });
  return {
    config: { ...config, servers },
    secrets,
    open: isAlone ? openOnly : openTogether((changed) => following.start(changed)),
    several: {
      tell: (log) => following.tell(log),
      look: () => following.look(),
      watch: name === undefined && !isFixed ? (changed) => following.start(changed) : undefined,
    },
  };
}

const openOnly: OpenServer = (config, environment) => {
  const server = config.servers[0] as Server;
  return layered(
    server.kind === 'stdio' ? openLocal(server, config, environment) : openShared(server, config, environment),
  );
};

/** The server with a variable that tells this program, should it be started by it, where it comes from. */
function marked(server: Server, mark: readonly [string, string]): Server {
  return server.kind === 'stdio' ? { ...server, env: [...server.env, mark] } : server;
}

function serverNamed(name: string, { servers, off, problems }: ReadFileResult, file: string): Server {
  const server = servers.find((one) => one.name === name);
  if (server) return server;
  const problem = problems.find((one) => one.name === name);
  if (problem) throw problem.error;
  if (off.includes(name))
    throw usageError(`the server ${quoted(name)} is turned off in ${quoted(file)}`, 'turn it on there');
  const names = servers.map((one) => one.name);
  const meant = nearest(name, names);
  throw usageError(
    `${quoted(file)} has no server ${quoted(name)}`,
    meant === undefined ? `it has ${names.slice(0, 20).join(', ') || 'none'}` : `did you mean --server ${meant}?`,
  );
}

function nothingLeft({ problems, off }: ReadFileResult, file: string): ProxyError {
  const [first, ...others] = problems;
  if (!first) {
    const why = off.length > 0 ? 'all of its servers are turned off' : 'it has no servers';
    return usageError(`${quoted(file)} has nothing to connect to: ${why}`, 'add a server, or turn one on');
  }
  const { message, data } = first.error;
  const more = others.length === 0 ? '' : ` (and ${others.length} more servers cannot be used)`;
  return new ProxyError('usage', `${message}${more}`, data);
}

interface FollowingOptions {
  readonly file: string;
  readonly text: string;
  readonly found: ReadFileResult;
  /** Grows with the secrets of new servers. */
  readonly secrets: string[];
  readonly read: (text: string) => ReadFileResult;
  readonly readFile: (name: string) => string;
  /** The one server stays what it is. */
  readonly isFixed: boolean;
}

/** Follows the changes of the file. */
class Following {
  readonly #options: FollowingOptions;
  #text: string;
  #found: ReadFileResult;
  #servers: readonly Server[];
  #log: Log | undefined;
  #changed: ((servers: readonly Server[]) => void) | undefined;

  constructor(options: FollowingOptions) {
    this.#options = options;
    this.#text = options.text;
    this.#found = options.found;
    this.#servers = options.found.servers;
  }

  /** Logs what is wrong from now on, beginning with the first look. */
  tell(log: Log): void {
    this.#log = log;
    for (const { error } of this.#found.problems) tellError(log, error);
    if (this.#options.isFixed) watchFolderOf(this.#options.file, () => this.look());
  }

  start(changed: (servers: readonly Server[]) => void): void {
    this.#changed = changed;
    watchFolderOf(this.#options.file, () => this.look());
  }

  look(): void {
    const { file, read, readFile, isFixed, secrets } = this.#options;
    let found: ReadFileResult;
    try {
      const text = readFile(file);
      if (text === this.#text) return;
      this.#text = text;
      found = read(text);
    } catch (error) {
      // Not there for a moment while another one takes its place, or half written: what runs goes on.
      const isMissing = !(error instanceof ProxyError);
      if (isMissing) this.#log?.debug(`${file} cannot be read: ${(error as Error).message}`);
      else if (this.#log) tellError(this.#log, error);
      return;
    }
    const told = new Set(this.#found.problems.map(({ error }) => error.message));
    for (const { error } of found.problems) if (this.#log && !told.has(error.message)) tellError(this.#log, error);
    this.#found = found;
    secrets.push(...found.secrets);
    const next = withOld(found, this.#servers);
    const summary = differences(this.#servers, next);
    if (summary === undefined) return;
    if (isFixed) {
      this.#log?.warn(`${file} has changed: start the proxy again to use it`);
      return;
    }
    this.#servers = next;
    this.#log?.info(`${file} has changed: ${summary}`);
    this.#changed?.(next);
  }
}

function tellError(log: Log, { message, data }: ProxyError): void {
  log.error(data.hint ? `${message} (${data.hint})` : message);
}

/** The servers that were read, and the old ones of entries that cannot be used any more as they are written. */
function withOld({ servers, problems }: ReadFileResult, old: readonly Server[]): Server[] {
  const broken = new Set(problems.map(({ name }) => name));
  const kept = old.filter(({ name }) => broken.has(name) && !servers.some((server) => server.name === name));
  return [...servers, ...kept];
}

/** What is different, in words; undefined when nothing is. */
function differences(old: readonly Server[], next: readonly Server[]): string | undefined {
  const before = new Map(old.map((server) => [server.name, identityOf(server)]));
  const after = new Map(next.map((server) => [server.name, identityOf(server)]));
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const parts = [
    ['added', names.filter((name) => !before.has(name))],
    ['removed', names.filter((name) => !after.has(name))],
    ['changed', names.filter((name) => before.has(name) && after.has(name) && before.get(name) !== after.get(name))],
  ] as const;
  const told = parts.flatMap(([what, which]) => (which.length === 0 ? [] : [`${what} ${which.join(', ')}`]));
  return told.length === 0 ? undefined : told.join('; ');
}
