/** The program: the only place that reads the process's arguments and ends the process. */
import { readFileSync } from 'node:fs';
import type { SecretStore } from '../auth/store.ts';
import type { Config } from '../config.ts';
import { redactor } from '../core/redact.ts';
import { ProxyError } from '../errors.ts';
import { type Ending, startStdioProxy } from '../proxy.ts';
import { isReservedHeader } from '../upstream/http.ts';
import { fileMemory } from '../upstream/memory.ts';
import { type Action, parseArguments } from './args.ts';
import { cacheFolder } from './folders.ts';
import { OPTIONS, SUBCOMMANDS } from './options.ts';
import { credentialStore } from './place.ts';
import { RENEWAL, reportOf } from './renewal.ts';
import { onSignals, parentGone } from './signals.ts';
import { createLog, farewell } from './terminal.ts';

declare const __VERSION__: string;

export function main(): void {
  let action: Action;
  try {
    action = parseArguments(process.argv.slice(2), process.env, (file) => readFileSync(file, 'utf8'));
  } catch (error) {
    process.stderr.write(farewell(known(error)));
    process.exitCode = known(error).meaning.exit;
    return;
  }
  // Whoever has read enough may close the pipe.
  if (action.kind !== 'run') process.stdout.on('error', () => {});
  switch (action.kind) {
    case 'version':
      process.stdout.write(`${__VERSION__}\n`);
      return;
    case 'help':
      import('./usage.ts').then(({ usageText }) => process.stdout.write(usageText(__VERSION__, OPTIONS, SUBCOMMANDS)));
      return;
    case 'run':
      if (process.env[RENEWAL] === undefined) start(action.config, action.secrets);
      else renew(action.config, Number(process.env[RENEWAL]));
      return;
    default:
      subcommand(action);
  }
}

/** What the program does beside being a proxy: it ends by itself, with a status and a last word. */
function subcommand(action: Exclude<Action, { kind: 'version' | 'help' | 'run' }>): void {
  const redact = redactor(action.secrets);
  const log = createLog(action.config.logLevel, redact, (text) => process.stderr.write(text));
  const context = { log, version: __VERSION__, print: (line: string) => process.stdout.write(`${line}\n`) };
  const done = async (): Promise<void> => {
    switch (action.kind) {
      case 'login':
        return (await import('./login.ts')).login(action.config, context);
      case 'logout':
        return (await import('./logout.ts')).logout(action.config, context);
      case 'status':
        return (await import('./status.ts')).status(action.config, context);
    }
  };
  onSignals(
    () => process.exit(130),
    () => process.exit(130),
  );
  done().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(farewell(known(error)));
      process.exit(known(error).meaning.exit);
    },
  );
}

function known(error: unknown): ProxyError {
  return error instanceof ProxyError ? error : new ProxyError('internal', 'internal error, please report it');
}

/** See `renewal.ts`. */
function renew(config: Config, serial: number): void {
  process.stdout.on('error', () => {});
  const silent = createLog('error', String, () => {});
  import('./renew.ts')
    .then(({ renewStored }) => renewStored(config, silent, __VERSION__, serial))
    .then(
      () => process.exit(0),
      (error: unknown) => process.stdout.write(reportOf(known(error)), () => process.exit(1)),
    );
}

async function apart(serial: number): Promise<boolean> {
  return (await import('./renew-apart.ts')).renewApart(serial);
}

/** Opens the place of the credentials, and runs. */
function start(config: Config, secrets: readonly string[]): void {
  const store = credentialStore(config);
  if (!(store instanceof Promise)) {
    run(config, secrets, store);
    return;
  }
  store.then(
    (opened) => run(config, secrets, opened),
    (error: unknown) => {
      process.stderr.write(farewell(known(error)));
      process.exit(known(error).meaning.exit);
    },
  );
}

function run(config: Config, secrets: readonly string[], credentials: SecretStore): void {
  const redact = redactor(secrets);
  const log = createLog(config.logLevel, redact, (text) => process.stderr.write(text));
  // Whoever started us may close stderr; that is no reason to stop working.
  process.stderr.on('error', () => {});
  for (const [name] of config.headers) {
    if (isReservedHeader(name)) log.warn(`--header ${name} is ignored: this header belongs to the protocol`);
  }

  const folder = cacheFolder(process.env);
  const proxy = startStdioProxy(config, {
    streams: { input: process.stdin, output: process.stdout },
    env: process.env,
    memory: fileMemory(folder),
    credentials,
    folder,
    // Another process finds the credentials only where they are in a folder.
    ...(folder !== undefined && { renewApart: apart }),
    version: __VERSION__,
    log,
    redact,
  });
  const end = (ending: Ending, status: number): void => {
    proxy.close(ending).then(
      () => process.exit(status),
      () => process.exit(1),
    );
  };
  const crash = (error: unknown): void => {
    log.error(
      `internal error, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    end('crash', 1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  onSignals(
    () => end('signal', 0),
    () => process.exit(1),
  );
  proxy.hopeless.then((error) => {
    // The answer to whoever asked is under way, and what is wrong stands in the log.
    setImmediate(() => end('signal', error.meaning.exit));
  });
  proxy.clientGone.then(() => end('client-gone', 0));
  parentGone().then(() => end('client-gone', 0));
}
