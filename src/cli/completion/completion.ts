/** `mcp-proxy completion SHELL`: the script that lets a shell complete the flags and commands of this program. */

import { type Shell, SUBCOMMANDS } from '../flags/options.ts';
import { DESCRIBED } from '../help/described-options.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { type Completions, completionsOf } from './model.ts';
import { powershellScript } from './powershell.ts';
import { zshScript } from './zsh.ts';

const SCRIPTS: Readonly<Record<Shell, (completions: Completions) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
};

export function completionScript(shell: Shell): string {
  return SCRIPTS[shell](completionsOf(DESCRIBED, SUBCOMMANDS));
}
