/** Why a local server could not be started: what was looked for, where, and what to do. */
import path from 'node:path';
import { printable } from '../../core/redact.ts';
import { ProxyError } from '../../errors.ts';
import { codeOf } from '../../platform/files.ts';
import type { Obstacle } from '../../platform/processes/obstacle.ts';
import type { Program } from '../../platform/processes/start.ts';

const LONGEST = 500;
/** How many folders of PATH to show. */
const FOLDERS = 3;

/**
 * Pure.
 * @param obstacle what is in the way, if it is known
 * @param error of the system
 */
export function startFailure(program: Program, obstacle: Obstacle | undefined, error: unknown): ProxyError {
  const { command, cwd } = program;
  const shown = JSON.stringify(printable(command, 200));
  const fail = (message: string, hint: string): ProxyError => new ProxyError('unreachable', message, { hint }, error);
  const folder = JSON.stringify(printable(cwd ?? '', 200));
  switch (obstacle?.kind) {
    case 'no-folder':
      return fail(`the working directory ${folder} does not exist`, 'check --cwd');
    case 'folder-is-file':
      return fail(`the working directory ${folder} is a file`, 'give a directory with --cwd');
    case 'directory':
      return fail(`the program ${shown} is a directory`, 'check the path after --');
    case 'interpreter': {
      const interpreter = JSON.stringify(printable(obstacle.interpreter, 200));
      return fail(
        `the interpreter ${interpreter} of the program ${shown} does not exist`,
        'install it, or correct the first line of the program',
      );
    }
  }
  const code = codeOf(error);
  switch (code) {
    case 'ENOENT':
      if (/[/\\]/.test(command)) return fail(`the program ${shown} does not exist`, 'check the path after --');
      return fail(
        `the program ${shown} is in no folder of PATH (${pathIn(program.env)})`,
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
  if (!value) return 'which is empty';
  const folders = value.split(path.delimiter);
  const shown = printable(folders.slice(0, FOLDERS).join(path.delimiter), LONGEST);
  return folders.length > FOLDERS ? `${shown} and ${folders.length - FOLDERS} more` : shown;
}
