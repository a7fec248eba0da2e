/** How this program starts itself again, as a child process. */

/** The words of a command, before the arguments of the program itself. */
export interface OwnCommand {
  /** An absolute path: the single executable, or node. */
  readonly file: string;
  /** Empty for a single executable; otherwise the arguments of node, and the script as an absolute path. */
  readonly args: readonly string[];
}

export interface RunningProcess {
  readonly execPath: string;
  readonly execArgv: readonly string[];
  readonly argv: readonly string[];
}

/**
 * Whether this program is a single executable (https://nodejs.org/api/single-executable-applications.html), which
 * consists of node and the program.
 */
export function isSingleExecutable(): boolean {
  return process.getBuiltinModule('node:sea')?.isSea() ?? false;
}

/**
 * The command that starts this program again. For a command that is kept, pass the process without its `execArgv`.
 * @param isExecutable a single executable has its own path in place of the script, and takes no arguments of node
 */
export function ownCommand(running: RunningProcess = process, isExecutable = isSingleExecutable()): OwnCommand {
  const { execPath, execArgv, argv } = running;
  if (isExecutable) return { file: execPath, args: [] };
  const script = argv[1];
  return { file: execPath, args: [...execArgv, ...(script === undefined ? [] : [script])] };
}
