/** A local server in the options of the library. */
import { DEFAULT_TIMEOUT, type StdioServer } from '../../config.ts';
import { programName } from '../../platform/processes/program-name.ts';
import { type Caller, check, membersOf, type UncheckedOptions } from './option-checks.ts';

export interface CommandOptions {
  /** A name to look for in `PATH`, or a path; no shell reads it. */
  readonly command: string;
  readonly args?: readonly string[];
  /** Working directory; by default the one of this process. */
  readonly cwd?: string;
  /** Variables in addition to those of this process. They replace inherited ones of the same name. */
  readonly env?: Readonly<Record<string, string>>;
  /** Inherits a short list of variables (`PATH`, `HOME`, ...) instead of all of this process. */
  readonly cleanEnv?: boolean;
}

/** What only a server at a URL has. */
const REMOTE_ONLY = ['url', 'strategy', 'headers', 'allowHttp', 'auth', 'tls'];

export function localServer(
  options: CommandOptions & Partial<Pick<StdioServer, 'ignoreTools' | 'timeout' | 'policy'>>,
): StdioServer {
  const {
    command,
    args = [],
    cwd,
    env = {},
    cleanEnv = false,
    ignoreTools = [],
    timeout = DEFAULT_TIMEOUT,
    policy,
  } = options;
  const name = programName({ command, args });
  const variables = Object.entries(env);
  return {
    kind: 'stdio',
    name,
    command,
    args,
    cwd,
    env: variables,
    cleanEnv,
    withheld: [],
    ignoreTools,
    timeout,
    ...(policy && { policy }),
  };
}

/** Throws a ProxyError `usage` that names the function and the first wrong option. */
export function checkCommand(caller: Caller, options: UncheckedOptions): void {
  const { command, args = [], cwd = '', env = {}, cleanEnv = false } = options;
  const isCommand = typeof command === 'string' && command !== '' && !command.includes('\0');
  check(caller, isCommand, 'command', 'the name or path of a program', 'put its arguments into args');
  const areArgs = Array.isArray(args) && args.every((arg) => typeof arg === 'string');
  check(caller, areArgs, 'args', 'an array of strings', 'leave it out for none');
  const variables = membersOf(env);
  const areTexts = variables !== undefined && !Array.isArray(env) && Object.values(variables).every(isText);
  check(caller, areTexts, 'env', 'an object with strings', 'give { NAME: "value" }, or leave it out');
  check(caller, isText(cwd), 'cwd', 'the path of a directory', 'leave it out for that of this process');
  check(caller, typeof cleanEnv === 'boolean', 'cleanEnv', 'a boolean', 'leave it out for false');
  const remote = REMOTE_ONLY.find((name) => options[name] !== undefined);
  const hint = 'a command starts a server on this machine, to which nothing is sent over a network: leave it out';
  check(caller, remote === undefined, `${remote} beside command`, 'an option of a local server', hint);
  const forwarded = membersOf(options.listen)?.forwardHeaders;
  const forwards = Array.isArray(forwarded) && forwarded.length > 0;
  check(caller, !forwards, 'listen.forwardHeaders beside command', 'an option of a local server', hint);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
