/** Placeholders in values on the command line, which keep secrets out of it. */
import type { Env } from '../../../core/ports.ts';
import { UnexplainedMistake } from '../usage-error.ts';

/** `${NAME}`, `${env:NAME}`, `${NAME:-default}`. The last alternative is the start of any other placeholder. */
export const PLACEHOLDER = /\$\{(?:env:)?([A-Za-z_]\w*)\}|\$\{([A-Za-z_]\w*):-([^{}]*)\}|\$\{/g;

/**
 * A variable in the syntax of a shell, cmd.exe or PowerShell, as a whole value or after its scheme. Hosts start
 * programs without a shell, so it would be sent unchanged.
 */
export const OF_A_SHELL = /^(?:[A-Za-z]+ +)?(\$([A-Z_][A-Z0-9_]*)|\$env:([A-Za-z_]\w*)|%([A-Z_][A-Z0-9_]*)%)$/;

/**
 * Replaces the placeholders in a text from the environment. The values from there are not expanded again.
 * Throws a usage error when a variable without a default is unset or empty, for every other `${`, and for a value that
 * is a shell variable.
 * @param where the name of the text in errors
 * @param onValue called with every value that is inserted
 */
export function expandVariables(text: string, env: Env, where: string, onValue?: (value: string) => void): string {
  const isSet = (variable: string): boolean => Object.hasOwn(env, variable) && Boolean(env[variable]?.trim());
  if (OF_A_SHELL.test(text)) throw new UnexplainedMistake({ kind: 'shell-variable', text, where, isSet });
  return text.replace(PLACEHOLDER, (found, plain?: string, defaulted?: string, standard?: string, at?: number) => {
    const variable = plain ?? defaulted;
    if (variable === undefined)
      throw new UnexplainedMistake({ kind: 'placeholder', text: text.slice(at), where, isSet });
    const set = Object.hasOwn(env, variable) ? env[variable] : undefined;
    // A default applies to an empty variable too, as in a POSIX shell (XCU, section 2.6.2).
    const value = set?.trim() || standard;
    if (value === undefined) {
      throw new UnexplainedMistake({ kind: 'no-value', text: found, where, variable, isSet: set !== undefined });
    }
    onValue?.(value);
    return value;
  });
}

/** Throws a usage error for a placeholder in a value without expansion, which would be sent unchanged. */
export function refusePlaceholders(text: string, where: string): void {
  if (isUnexpanded(text)) throw new UnexplainedMistake({ kind: 'unexpanded', text, where });
}

export function isUnexpanded(text: string): boolean {
  return OF_A_SHELL.test(text) || text.includes('${');
}
