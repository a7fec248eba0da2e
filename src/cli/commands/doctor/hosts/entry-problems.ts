/** What is wrong with an entry that starts this program. Pure: what it must know of the machine is passed in. */
import type { Found } from '../../../../hosts/entries.ts';
import type { Host } from '../../../../hosts/host.ts';
import type { OwnStart } from './own-arguments.ts';

export interface EntryProblem {
  /** `fail`: the entry cannot work. */
  readonly mark: 'fail' | 'warn';
  readonly text: string;
  /** What to do, if installing the entry again does not help. */
  readonly hint?: string | undefined;
}

export interface MachineFacts {
  readonly exists: (file: string) => boolean;
  readonly isAbsolute: (file: string) => boolean;
  /** The folder of PATH that has a program; undefined when none has. */
  readonly folderOf: (program: string) => string | undefined;
  /** The folders in which programs of the desktop are found; undefined where they are the same as in a shell. */
  readonly desktop: readonly string[] | undefined;
  /** What is wrong with the arguments, in the words of the program itself. */
  readonly mistake: { readonly message: string; readonly hint: string | undefined } | undefined;
  /** The version of Node that a command is, if it is one. */
  readonly nodeVersion: string | undefined;
}

/** Hosts that are started in a terminal, and have its PATH. */
const OF_TERMINALS: ReadonlySet<string> = new Set(['claude-code', 'codex', 'gemini', 'opencode']);

export function problemsOf(
  found: Found,
  start: OwnStart,
  host: Pick<Host, 'id' | 'name'>,
  machine: MachineFacts,
): EntryProblem[] {
  const { mistake } = machine;
  return [
    ...(start.by === 'launcher' ? [] : commandProblems(found.words[0] ?? '', host, machine)),
    ...scriptProblems(start, machine),
    ...(start.by === 'launcher'
      ? [
          {
            mark: 'warn',
            text: 'it downloads mcp-proxy at its start, which is slow and fails without a network',
          } as const,
        ]
      : []),
    ...nodeProblems(machine),
    ...(mistake ? [{ mark: 'fail', text: mistake.message, hint: mistake.hint } as const] : []),
  ];
}

function commandProblems(
  command: string,
  { id, name }: Pick<Host, 'id' | 'name'>,
  machine: MachineFacts,
): EntryProblem[] {
  const { isAbsolute, exists, folderOf, desktop } = machine;
  if (isAbsolute(command))
    return exists(command) ? [] : [{ mark: 'fail', text: `the command ${command} does not exist` }];
  if (/[/\\]/.test(command)) {
    return [{ mark: 'fail', text: `the command ${command} is a relative path: ${name} starts it in another folder` }];
  }
  const folder = folderOf(command);
  if (folder === undefined) return [{ mark: 'fail', text: `there is no program ${command} in PATH` }];
  if (OF_TERMINALS.has(id) || desktop === undefined || desktop.includes(folder)) return [];
  return [{ mark: 'warn', text: `${command} is in ${folder}, which only your shell knows: ${name} may not find it` }];
}

function scriptProblems({ script }: OwnStart, { isAbsolute, exists }: MachineFacts): EntryProblem[] {
  if (script === undefined) return [];
  if (!isAbsolute(script)) return [{ mark: 'fail', text: `the path ${script} is relative: write it from the root on` }];
  return exists(script) ? [] : [{ mark: 'fail', text: `the file ${script} does not exist` }];
}

function nodeProblems({ nodeVersion }: MachineFacts): EntryProblem[] {
  if (nodeVersion === undefined || isNewEnough(nodeVersion)) return [];
  return [{ mark: 'fail', text: `it starts Node ${nodeVersion}, which is too old: 20.19 or 22.3 is the least` }];
}

/** Whether a version, such as `v20.19.5`, runs this program (`engines` in package.json). */
function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 3) || (major === 20 && minor >= 19);
}
