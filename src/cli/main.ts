/** The program: the only place that reads the process's arguments and ends the process. */
import { readFileSync } from 'node:fs';
import { onlyRemoteServer } from '../app/server.ts';
import { type OpenServer, startStdioProxy } from '../app/stdio-proxy.ts';
import type { Config, LogFormat } from '../config.ts';
import type { SecretStore } from '../core/ports.ts';
import { redactor } from '../core/redact.ts';
import { ProxyError } from '../errors.ts';
import { REFRESH_SERIAL, reportOf } from './commands/refresh-report.ts';
import { onSignals, parentGone } from './end-signals.ts';
import { environmentOf } from './environment.ts';
import { type Action, logFormatIn, parseArguments, servesStdio } from './flags/args.ts';
import type { Shell } from './flags/options.ts';
import type { CommandArguments } from './flags/read-command.ts';
import { UnexplainedMistake } from './flags/usage-error.ts';
import { superviseProxy } from './lifetime.ts';
import { credentialStore } from './sign-in-parts.ts';
import { createLog, farewell } from './stderr-log.ts';

declare const __VERSION__: string;

export function main(): void {
  const argv = process.argv.slice(2);
  let action: Action;
  try {
    action = parseArguments(argv, process.env, (file) => readFileSync(file, 'utf8'));
  } catch (error) {
    refuse(known(error), { format: logFormatIn(argv), answers: servesStdio(argv), secrets: [] });
    return;
  }
  // Whoever has read enough may close the pipe.
  if (!action.kind.startsWith('run')) process.stdout.on('error', () => {});
  switch (action.kind) {
    case 'version':
      process.stdout.write(`${__VERSION__}\n`);
      return;
    case 'help':
      printUsage(action.all, action.command);
      return;
    case 'completion':
      printCompletion(action.shell);
      return;
    case 'run-command':
      runCommand(action);
      return;
    case 'run':
      if (process.env[REFRESH_SERIAL] === undefined) start(action.config, action.secrets);
      else refresh(action.config, Number(process.env[REFRESH_SERIAL]));
      return;
    default:
      subcommand(action);
  }
}

async function printUsage(all: boolean, command: string | undefined): Promise<void> {
  const { helpText } = await import('./help/usage.ts');
  process.stdout.write(helpText(__VERSION__, all, command));
}

async function printCompletion(shell: Shell): Promise<void> {
  const { completionScript } = await import('./completion/completion.ts');
  process.stdout.write(completionScript(shell));
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
  const { code, message, data } = await explained(error);
  const redact = redactor(secrets);
  const told = new ProxyError(code, redact(message), data.hint === undefined ? {} : { hint: redact(data.hint) });
  process.stderr.write(farewell(told, format));
  if (!answers || process.stdin.isTTY) return;
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
  action: Exclude<Action, { kind: 'version' | 'help' | 'completion' | 'run' | 'run-command' }>,
): Promise<void> {
  onSignals(
    () => process.exit(130),
    () => process.exit(130),
  );
  const { config } = action;
  const { logFormat: format } = config;
  const server = 'server' in action ? action.server.name : undefined;
  const redact = redactor(action.secrets);
  const { commandOutput } = await import('./commands/output.ts');
  // What `status` prints as JSON is an answer, and no event.
  const output = commandOutput(config, { redact, server, isAnswer: action.kind === 'status' });
  const context = { ...output, config, redact, version: __VERSION__ };
  const done = async (): Promise<void> => {
    switch (action.kind) {
      case 'login':
        return (await import('./commands/login.ts')).login(action.server, context);
      case 'logout':
        return (await import('./commands/logout.ts')).logout(action.server, context);
      case 'status':
        return (await import('./commands/status.ts')).status(
          { ...action, json: action.json === true || format === 'json' },
          context,
        );
      case 'install':
        return (await import('./commands/install.ts')).install(action.words, context);
      case 'uninstall':
        return (await import('./commands/uninstall.ts')).uninstall(action.words, context);
    }
  };
  done().then(
    () => process.exit(0),
    async (error: unknown) => {
      output.progress.end();
      fail(await explained(known(error)), format, action.secrets, server);
    },
  );
}

function known(error: unknown): ProxyError {
  return error instanceof ProxyError ? error : new ProxyError('internal', 'internal error, please report it');
}

/** Runs in the process that refreshes tokens; see `commands/refresh-report.ts`. */
function refresh(config: Config, serial: number): void {
  process.stdout.on('error', () => {});
  const silent = createLog({ level: 'error', format: 'text', redact: String, write: () => {} });
  import('./commands/refresh.ts')
    .then(({ refreshOnce }) =>
      refreshOnce(onlyRemoteServer(config), serial, { config, log: silent, version: __VERSION__ }),
    )
    .then(
      () => process.exit(0),
      (error: unknown) => process.stdout.write(reportOf(known(error)), () => process.exit(1)),
    );
}

/** Starts in front of a local server. */
function runCommand(given: CommandArguments): void {
  const { logFormat: format, listen } = given.config;
  import('./flags/read-command.ts')
    .then(({ readCommand }) => {
      const { config, secrets, open } = readCommand(given, process.env);
      start(config, secrets, open);
    })
    .catch((error: unknown) => refuse(known(error), { format, answers: listen === undefined, secrets: given.secrets }));
}

/** Opens the place of the credentials, and runs. */
function start(config: Config, secrets: readonly string[], open?: OpenServer): void {
  const store = credentialStore(config);
  if (!(store instanceof Promise)) {
    run(config, secrets, store, open);
    return;
  }
  store.then(
    (opened) => run(config, secrets, opened, open),
    (error: unknown) =>
      refuse(known(error), { format: config.logFormat, answers: config.listen === undefined, secrets }),
  );
}

function run(config: Config, secrets: readonly string[], credentials: SecretStore, open?: OpenServer): void {
  const { listen } = config;
  const exit = (status: number): void => process.exit(status);
  if (listen) {
    import('./commands/serve-http.ts')
      .then(({ serve }) => serve({ ...config, listen }, { credentials, secrets, version: __VERSION__, exit }))
      .catch((error: unknown) => fail(error, config.logFormat, secrets));
    return;
  }
  const environment = environmentOf(config, secrets, credentials, __VERSION__);
  const streams = { input: process.stdin, output: process.stdout };
  const proxy = startStdioProxy(config, { ...environment, streams }, open);
  const end = superviseProxy({ proxy, log: environment.log, exit });
  proxy.clientGone.then(() => end('client-gone', 0));
  parentGone().then(() => end('client-gone', 0));
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
