/** Why a local server could not be started: what was looked for, where, and what to do. */
import { printable } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { codeOf } from '../../platform/files.ts';
import type { Program } from '../../platform/processes/start.ts';

const LONGEST = 500;

/**
 * @param folderExists whether the working directory exists
 * @param error of the system
 */
export function startFailure(program: Program, folderExists: boolean, error: unknown): ProxyError {
  const { command, cwd } = program;
  const shown = JSON.stringify(printable(command, 200));
  const fail = (message: string, hint: string): ProxyError => new ProxyError('unreachable', message, { hint }, error);
  if (cwd !== undefined && !folderExists) {
    return fail(`the working directory ${JSON.stringify(printable(cwd, 200))} does not exist`, 'check --cwd');
  }
  const code = codeOf(error);
  switch (code) {
    case 'ENOENT':
      if (/[/\\]/.test(command)) return fail(`the program ${shown} does not exist`, 'check the path after --');
      return fail(
        `the program ${shown} is in no folder of PATH (${printable(pathIn(program.env), LONGEST)})`,
        'give its full path after --, or add its folder to PATH; hosts often have a shorter PATH than a terminal',
      );
    case 'EACCES':
    case 'EPERM':
      return fail(`the program ${shown} may not be executed`, 'check its permissions');
    default:
      return fail(
        `the program ${shown} could not be started (${code ?? 'unknown error'})`,
        'start it by hand to see why',
      );
  }
}

function pathIn(env: Program['env']): string {
  const [, value] = Object.entries(env).find(([name]) => name.toUpperCase() === 'PATH') ?? [];
  return value || 'which is empty';
}
