/** The program: the only place that reads the process's arguments and ends the process. */
import { readFileSync } from 'node:fs';
import { type OpenServer, startStdioProxy } from '../app/stdio-proxy.ts';
import type { CaptureConfig, Config, HttpServer, LogFormat } from '../config.ts';
import type { SecretStore } from '../core/ports.ts';
import { redactor } from '../core/redact.ts';
import { ProxyError, Unexpected } from '../errors.ts';
import { readIntoOneBuffer } from '../platform/one-buffer.ts';
import type { ConfigFile } from './config-file/start.ts';
import { onSignals, parentGone, toldToEnd } from './end-signals.ts';
import type { Action, ConfigArguments } from './flags/args.ts';
import type { Shell } from './flags/options.ts';
import { plainStart } from './flags/plain-start.ts';
import type { CommandArguments } from './flags/reading/command.ts';
import { UnexplainedMistake } from './flags/usage-error.ts';
import { superviseProxy } from './lifetime.ts';
import { environmentOf } from './proxy-environment.ts';
import { REFRESH_SERIAL, REFRESH_SERVER, reportOf } from './refresh-process/report.ts';
import { settleLater } from './settle.ts';
import { credentialStore } from './sign-in-parts.ts';
import { createLog, farewell } from './stderr-log.ts';

declare const __VERSION__: string;

export function main(): void {
  const argv = process.argv.slice(2);
  const plain = plainStart(argv);
  if (plain) perform(plain);
  else read(argv).catch(broken);
}

/** Reads the arguments with the parser, which most starts do without: they have a URL and nothing else. */
async function read(argv: readonly string[]): Promise<void> {
  const { logFormatIn, parseArguments, servesStdio } = await import('./flags/args.ts');
  let action: Action;
  try {
    action = parseArguments(argv, process.env, (file) => readFileSync(file, 'utf8'));
  } catch (error) {
    refuse(known(error), { format: logFormatIn(argv), answers: servesStdio(argv), secrets: [] });
    return;
  }
  perform(action);
}

function perform(action: Action): void {
  // Whoever has read enough may close the pipe.
  if (!action.kind.startsWith('run')) process.stdout.on('error', () => {});
  switch (action.kind) {
    case 'version':
      print(`${__VERSION__}\n`);
      return;
    case 'help':
      printUsage(action.all, action.command).catch(broken);
      return;
    case 'completion':
      printCompletion(action.shell).catch(broken);
      return;
    case 'run-command':
      runCommand(action);
      return;
    case 'run-config':
      runConfig(action);
      return;
    case 'replay':
      replay(action);
      return;
    case 'run':
      if (process.env[REFRESH_SERIAL] === undefined) start(action.config, action.secrets);
      else refresh(action.config);
      return;
    default:
      subcommand(action).catch(broken);
  }
}

async function printUsage(all: boolean, command: string | undefined): Promise<void> {
  const { helpText } = await import('./help/usage.ts');
  print(helpText(__VERSION__, all, command));
}

async function printCompletion(shell: Shell): Promise<void> {
  const { completionScript } = await import('./completion/completion.ts');
  print(completionScript(shell));
}

/** Writes everything there is to say, and ends: taking the engine apart would take longer than all of this. */
function print(text: string): void {
  process.stdout.write(text, () => process.exit());
}

interface RefuseOptions {
  readonly format: LogFormat;
  /** Whether a client on stdio may be waiting for an answer. */
  readonly answers: boolean;
  readonly secrets: readonly string[];
}

/** Ends without having begun. */
async function refuse(error: ProxyError, { format, answers, secrets }: RefuseOptions): Promise<void> {
  process.exitCode = error.meaning.exit;
  const meant = await explained(error);
  const redact = redactor(secrets);
  process.stderr.write(farewell(meant, format, redact));
  if (!answers || process.stdin.isTTY) return;
  const { code, message, data } = meant;
  const told = new ProxyError(code, redact(message), data.hint === undefined ? {} : { hint: redact(data.hint) });
  const { answerFirst } = await import('./startup-error-answer.ts');
  await answerFirst({ input: process.stdin, output: process.stdout }, told);
  process.exit();
}

/** The same error with its explanation, which is loaded on demand. */
async function explained(error: ProxyError): Promise<ProxyError> {
  return error instanceof UnexplainedMistake ? (await import('./flags/mistakes/explain.ts')).explain(error) : error;
}

/** Runs a command other than the proxy, and then exits with its status. */
async function subcommand(
  action: Exclude<
    Action,
    { kind: 'version' | 'help' | 'completion' | 'run' | 'run-command' | 'run-config' | 'replay' }
  >,
): Promise<void> {
  onSignals(
    () => process.exit(130),
    () => process.exit(130),
  );
  const { config } = action;
  const isJson = 'words' in action ? action.words.flags.has('json') : 'json' in action && action.json === true;
  const format = isJson ? 'json' : config.logFormat;
  const server = 'server' in action && 'name' in action.server ? action.server.name : undefined;
  const redact = redactor(action.secrets);
  const { commandOutput } = await import('./commands/output.ts');
  // What `status` and `doctor` print as JSON is an answer, and no event.
  const output = commandOutput(config, {
    redact,
    server,
    isAnswer: action.kind === 'status' || action.kind === 'doctor',
  });
  const context = { ...output, config, redact, version: __VERSION__ };
  const done = async (): Promise<void> => {
    switch (action.kind) {
      case 'login':
        return (await import('./commands/login.ts')).login(action.server, context);
      case 'logout':
        return (await import('./commands/logout.ts')).logout(action.server, context);
      case 'accept':
        return (await import('./commands/accept.ts')).accept(action.server, context, action.state);
      case 'status':
        return (await import('./commands/status.ts')).status(
          { ...action, json: action.json === true || format === 'json' },
          context,
        );
      case 'doctor':
        return (await import('./commands/doctor/doctor.ts')).doctor(action.words, context);
      case 'install':
        return (await import('./commands/install.ts')).install(action.words, context);
      case 'uninstall':
        return (await import('./commands/uninstall.ts')).uninstall(action.words, context);
    }
  };
  done().then(
    () => process.exit(),
    async (error: unknown) => {
      output.progress.end();
      fail(await explained(known(error)), format, action.secrets, server);
    },
  );
}

function known(error: unknown): ProxyError {
  return error instanceof ProxyError ? error : new Unexpected(error);
}

/** Runs in the process that refreshes tokens; see `refresh-process/start.ts`. */
function refresh(config: Config): void {
  const { [REFRESH_SERIAL]: serial, [REFRESH_SERVER]: name } = process.env;
  const server = config.servers.find((one) => one.kind === 'http' && one.name === name) as HttpServer | undefined;
  process.stdout.on('error', () => {});
  const failed = (error: unknown): void => {
    process.stdout.write(reportOf(known(error)), () => process.exit(1));
  };
  if (!server) {
    failed(new ProxyError('internal', 'the server to refresh tokens for is no longer in the configuration'));
    return;
  }
  const silent = createLog({ level: 'error', format: 'text', redact: String, write: () => {} });
  import('./refresh-process/work.ts')
    .then(({ refreshOnce }) => refreshOnce(server, Number(serial), { config, log: silent, version: __VERSION__ }))
    .then(() => process.exit(0), failed);
}

/** Starts in front of a local server. */
function runCommand(given: CommandArguments): void {
  const { logFormat: format, listen } = given.config;
  import('./flags/reading/command.ts')
    .then(({ readCommand }) => {
      const { config, secrets, open } = readCommand(given, process.env);
      start(config, secrets, open);
    })
    .catch((error: unknown) => refuse(known(error), { format, answers: listen === undefined, secrets: given.secrets }));
}

/** Starts in front of the servers of a configuration file. */
function runConfig(given: ConfigArguments): void {
  const { logFormat: format, listen } = given.config;
  import('./config-file/start.ts')
    .then(({ openConfig }) => {
      const { config, secrets, open, several } = openConfig(given);
      if (process.env[REFRESH_SERIAL] !== undefined) refresh(config);
      else start(config, secrets, open, several);
    })
    .catch((error: unknown) => refuse(known(error), { format, answers: listen === undefined, secrets: given.secrets }));
}

/** Serves a recording: on stdio, or as a local server that does so, where flags ask for more. */
async function replay({ file, flags, config, secrets }: Extract<Action, { kind: 'replay' }>): Promise<void> {
  if (!flags.isOnly('log-level', 'log-format', 'quiet')) {
    const { ownCommand } = await import('../platform/restart-command.ts');
    const own = ownCommand();
    // The proxy in front logs enough.
    const command = [own.file, ...own.args, 'replay', file, '--log-level', 'warn'];
    runCommand({ command, flags, config, secrets });
    return;
  }
  const { logLevel: level, logFormat: format } = config;
  const log = createLog({ level, format, redact: String, write: (text) => process.stderr.write(text) });
  const streams = { input: process.stdin, output: process.stdout };
  const options = { format, answers: true, secrets };
  const end = toldToEnd(() => process.exit(1));
  import('../app/replay.ts')
    .then((app) => app.replay(file, streams, log, end))
    .then(
      () => process.exit(0),
      (error: unknown) => refuse(known(error), options),
    );
}

/** Opens the place of the credentials, and runs. */
function start(config: Config, secrets: string[], open?: OpenServer, several?: ConfigFile): void {
  const { capture } = config;
  const store = capture ? recordable(capture).then(() => credentialStore(config)) : credentialStore(config);
  if (!(store instanceof Promise)) {
    run(config, secrets, store, open, several);
    return;
  }
  store.then(
    (opened) => run(config, secrets, opened, open, several),
    (error: unknown) =>
      refuse(known(error), { format: config.logFormat, answers: config.listen === undefined, secrets }),
  );
}

/** Rejects with a ProxyError when the recording cannot be written: a session that nobody wanted is of no use. */
async function recordable({ file }: CaptureConfig): Promise<void> {
  const { openRecordingFile } = await import('../state/files/recording.ts');
  openRecordingFile(file, () => {}).close();
}

function run(
  config: Config,
  secrets: string[],
  credentials: SecretStore,
  open?: OpenServer,
  several?: ConfigFile,
): void {
  const { listen } = config;
  const exit = (status: number): void => process.exit(status);
  settleLater();
  if (listen) {
    import('./commands/serve-http.ts')
      .then(({ serve }) => serve({ ...config, listen }, { credentials, secrets, version: __VERSION__, exit, several }))
      .catch((error: unknown) => fail(error, config.logFormat, secrets));
    return;
  }
  const environment = environmentOf(config, secrets, credentials, __VERSION__);
  several?.tell(environment.log);
  const streams = { input: readIntoOneBuffer(process.stdin), output: process.stdout };
  const proxy = startStdioProxy(config, { ...environment, streams }, open);
  const end = superviseProxy({ proxy, log: environment.log, exit, hangUp: several?.look });
  // If both are gone, the first to go decides how much time is left.
  Promise.race([
    proxy.clientGone.then(() => 'client-gone' as const),
    parentGone().then(() => 'parent-gone' as const),
  ]).then((reason) => end(reason, 0));
  if (process.stdin.isTTY) greet(config);
}

/** Tells the user of a terminal why nothing happens. */
function greet({ logLevel: level, logFormat: format }: Config): void {
  const log = createLog({ level, format, redact: String, plain: true, write: (text) => process.stderr.write(text) });
  log.info('Waiting for an MCP client. Hosts start this program (see --help). Ctrl-C quits.');
}

/** Ends with the last words to an error. */
function fail(error: unknown, format: LogFormat, secrets: readonly string[], server?: string): void {
  process.stderr.write(farewell(known(error), format, redactor(secrets), server));
  process.exit(known(error).meaning.exit);
}

/** Nothing that the program needs before it knows its configuration can be loaded. */
function broken(error: unknown): void {
  fail(error, 'text', []);
}
