/** The program: the only place that reads the process's arguments and ends the process. */
import type { Config } from '../config.ts';
import { headerSecrets, redactor, urlSecrets } from '../core/redact.ts';
import { ProxyError } from '../errors.ts';
import { type Ending, startStdioProxy } from '../proxy.ts';
import { isReservedHeader } from '../upstream/http.ts';
import { fileMemory } from '../upstream/memory.ts';
import { type Action, parseArguments } from './args.ts';
import { cacheFolder } from './folders.ts';
import { OPTIONS, SUBCOMMANDS } from './options.ts';
import { onSignals, parentGone } from './signals.ts';
import { createLog, farewell } from './terminal.ts';

declare const __VERSION__: string;

function main(): void {
  let action: Action;
  try {
    action = parseArguments(process.argv.slice(2), process.env);
  } catch (error) {
    const known = error instanceof ProxyError ? error : new ProxyError('internal', 'internal error, please report it');
    process.stderr.write(farewell(known));
    process.exitCode = known.meaning.exit;
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
      run(action.config);
  }
}

function run(config: Config): void {
  const redact = redactor([
    ...config.headers.flatMap(([name, value]) => headerSecrets(name, value)),
    ...urlSecrets(config.url),
  ]);
  const log = createLog(config.logLevel, redact, (text) => process.stderr.write(text));
  // Whoever started us may close stderr; that is no reason to stop working.
  process.stderr.on('error', () => {});
  for (const [name] of config.headers) {
    if (isReservedHeader(name)) log.warn(`--header ${name} is ignored: this header belongs to the protocol`);
  }

  const proxy = startStdioProxy(config, {
    streams: { input: process.stdin, output: process.stdout },
    env: process.env,
    memory: fileMemory(cacheFolder(process.env)),
    userAgent: `mcp-proxy/${__VERSION__}`,
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
  proxy.clientGone.then(() => end('client-gone', 0));
  parentGone().then(() => end('client-gone', 0));
}

main();
