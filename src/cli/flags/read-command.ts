/** The server that a command starts: `-- <command> [args...]` and its flags. */
import { type StdioServer, stdioServer } from '../../config.ts';
import { type Env, expandVariables, variablesIn } from './placeholders.ts';
import { UnexplainedMistake } from './usage-error.ts';
import type { Flags } from './words.ts';

export interface ReadCommand {
  readonly server: StdioServer;
  /** Everything in its variables that must never be shown. */
  readonly secrets: readonly string[];
}

/** Names of variables whose values are secrets, even where they are written out. */
const SECRET_NAME = /KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH/i;

/** Throws a usage error when the flags do not fit a command. */
export function readCommand(command: readonly string[], flags: Flags, env: Env): ReadCommand {
  const [program, ...args] = command;
  if (!program) throw new UnexplainedMistake({ kind: 'no-command' });
  refuseFor('url', flags);
  const secrets: string[] = [];
  const variables = flags.texts('env').map((text): readonly [string, string] => {
    const at = text.indexOf('=');
    const name = text.slice(0, at);
    const value = expandVariables(text.slice(at + 1), env, `--env ${name}`, (inserted) => secrets.push(inserted));
    if (SECRET_NAME.test(name)) secrets.push(value);
    return [name, value];
  });
  const server = stdioServer({
    command: program,
    args,
    cwd: flags.text('cwd'),
    env: variables,
    cleanEnv: flags.has('clean-env'),
    withheld: flags.texts('client-token').flatMap(variablesIn),
    ignoreTools: flags.texts('ignore-tool'),
  });
  return { server, secrets };
}

/** Refuses the flags that concern only the other kind of server. */
export function refuseFor(kind: 'url' | 'command', flags: Flags): void {
  for (const option of flags.all.keys()) {
    const concerns = option.for ?? (option.group === 'sign-in' ? 'url' : undefined);
    if (concerns === kind)
      throw new UnexplainedMistake({
        kind: 'other-server',
        flag: option.name,
        signsIn: option.group === 'sign-in',
        concerns,
      });
  }
}
