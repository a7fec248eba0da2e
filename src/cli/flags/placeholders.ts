/** Placeholders in values on the command line, which keep secrets out of it. */
import type { ProxyError } from '../../errors.ts';
import { usageError } from './usage-error.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** `${NAME}`, `${env:NAME}`, `${NAME:-default}`. The last alternative is the start of any other placeholder. */
const PLACEHOLDER = /\$\{(?:env:)?([A-Za-z_]\w*)\}|\$\{([A-Za-z_]\w*):-([^{}]*)\}|\$\{/g;

/**
 * A variable in the syntax of a shell, cmd.exe or PowerShell, as a whole value or after its scheme. Hosts start
 * programs without a shell, so it would be sent unchanged.
 */
const OF_A_SHELL = /^(?:[A-Za-z]+ +)?(\$([A-Z_][A-Z0-9_]*)|\$env:([A-Za-z_]\w*)|%([A-Z_][A-Z0-9_]*)%)$/;

/**
 * Replaces the placeholders in a text from the environment. The values from there are not expanded again.
 * Throws a usage error when a variable without a default is unset or empty, for every other `${`, and for a value that
 * is a shell variable.
 * @param where the name of the text in errors
 * @param onValue called with every value that is inserted
 */
export function expandVariables(text: string, env: Env, where: string, onValue?: (value: string) => void): string {
  refuseShellVariable(text, env, where);
  return text.replace(PLACEHOLDER, (found, plain?: string, defaulted?: string, standard?: string, at?: number) => {
    const variable = plain ?? defaulted;
    if (variable === undefined) throw unknownPlaceholder(text.slice(at), env, where);
    const set = Object.hasOwn(env, variable) ? env[variable] : undefined;
    // A default applies to an empty variable too, as in a POSIX shell (XCU, section 2.6.2).
    const value = set?.trim() || standard;
    if (value === undefined) {
      const why = set === undefined ? 'not set' : 'empty';
      throw usageError(`${where} uses ${found}, which is ${why}`, unsetHint(variable));
    }
    onValue?.(value);
    return value;
  });
}

/** Throws a usage error for a placeholder in a value without expansion, which would be sent unchanged. */
export function refusePlaceholders(text: string, where: string): void {
  if (OF_A_SHELL.test(text))
    throw usageError(`${where} contains ${text}, which this program does not expand there`, 'write the value itself');
  const at = text.indexOf('${');
  if (at === -1) return;
  throw usageError(
    `${where} contains ${quoted(text.slice(at))}, which this program does not expand there`,
    'write the value itself; a secret goes into a header: -H "Authorization: Bearer ${TOKEN}"',
  );
}

function refuseShellVariable(text: string, env: Env, where: string): void {
  const [, written, ...names] = OF_A_SHELL.exec(text) ?? [];
  const name = names.find((found) => found !== undefined);
  if (name === undefined) return;
  throw usageError(`${where} uses ${written}, which is not expanded here`, insteadHint(name, env));
}

function unknownPlaceholder(rest: string, env: Env, where: string): ProxyError {
  const [, prefix, name] = /^\$\{((?:[\w.-]+:(?!-))*)([\w.-]*)/.exec(rest) ?? [];
  const variable = prefix ? name?.toUpperCase().replace(/\W/g, '_') : name;
  const fitting = variable && /^[A-Za-z_]\w*$/.test(variable) ? variable : 'NAME';
  return usageError(
    `${where} uses ${quoted(rest)}, which is not one of \${NAME}, \${env:NAME} and \${NAME:-default}`,
    insteadHint(fitting, env),
  );
}

/** The placeholder at the start of a text, without its defaults: they may be secrets. */
function quoted(text: string): string {
  const whole = /^\$\{(?:[^{}]|\{[^{}]*\})*\}/.exec(text)?.[0].replace(/:-(?!\$\{)[^{}]*/g, ':-…');
  if (whole !== undefined && whole.length <= 80) return whole;
  return `${/^\$\{[\w.:]{0,40}/.exec(text)?.[0]}…`;
}

/** How to write a variable here. Only a variable that is missing has to be set. */
function insteadHint(variable: string, env: Env): string {
  const set = Object.hasOwn(env, variable) && env[variable]?.trim();
  return `write \${${variable}}${set ? '' : `, and set ${variable} in the environment`}`;
}

/** Some hosts have variables of their own, which are never in the environment. */
function unsetHint(variable: string): string {
  const ofHost = /^(?:workspace(?:Folder|Root)|userHome$)/.test(variable);
  return ofHost
    ? `write the path itself: the host did not fill in ${variable}`
    : `set ${variable} in the environment, or under "env" in the host's config`;
}
