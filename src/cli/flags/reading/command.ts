/** The server that a command starts: `-- <command> [args...]` and its flags. Loaded on demand. */

import { openOnlyLocal } from '../../../app/local-server.ts';
import type { OpenServer } from '../../../app/stdio-proxy.ts';
import type { Config, ProcessConfig, StdioServer } from '../../../config.ts';
import type { Env } from '../../../core/ports.ts';
import { SECRET_NAME } from '../../../core/redact.ts';
import { programName } from '../../../platform/processes/program-name.ts';
import { readPolicy } from '../policy/read-policy.ts';
import { usageError } from '../usage-error.ts';
import { invalidValue, limitsIn, timeoutOf } from '../value-checks.ts';
import type { Flags } from '../words.ts';
import { expandVariables, PLACEHOLDER } from './placeholders.ts';

/** What the arguments say of a server that a command starts. */
export interface CommandArguments {
  /** Not empty. */
  readonly command: readonly string[];
  readonly flags: Flags;
  readonly config: ProcessConfig;
  /** Everything in the arguments that must never be shown, as far as it is known. */
  readonly secrets: readonly string[];
}

/** POSIX allows no `=` and no NUL in a name (XBD, section 8.1). */
const VARIABLE = /^[^=\0\s]+=[^\0]*$/;

/** The names of the variables in the placeholders of a text. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(([, plain, defaulted]) => plain ?? defaulted ?? []);
}

/** Throws a usage error when a variable is wrong, or has no value. */
export function readCommand(
  { command: [command = '', ...args], flags, config, secrets }: CommandArguments,
  env: Env,
): { readonly config: Config; readonly secrets: string[]; readonly open: OpenServer } {
  const own: string[] = [];
  const variables = flags.texts('env').map((text): readonly [string, string] => {
    if (!VARIABLE.test(text)) {
      throw usageError(
        invalidValue('env', text, { isHarmless: false }),
        'expected NAME=VALUE, such as API_KEY=${API_KEY}',
      );
    }
    const at = text.indexOf('=');
    const name = text.slice(0, at);
    const value = expandVariables(text.slice(at + 1), env, `--env ${name}`, (inserted) => own.push(inserted));
    if (SECRET_NAME.test(name)) own.push(value);
    return [name, value];
  });
  const server: StdioServer = {
    kind: 'stdio',
    name: programName({ command, args }),
    command,
    args,
    cwd: flags.text('cwd'),
    env: variables,
    cleanEnv: flags.has('clean-env'),
    withheld: ['client-token', 'state', 'state-key'].flatMap((flag) => flags.texts(flag)).flatMap(variablesIn),
    ...readPolicy(flags),
    timeout: timeoutOf(flags.text('timeout')),
    ...limitsIn(flags),
  };
  return { config: { ...config, servers: [server] }, secrets: [...secrets, ...own], open: openOnlyLocal };
}
