/** Placeholders in values of the command line, which keep secrets out of it. */
import { UnexplainedMistake } from './usage-error.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** `${NAME}`, `${env:NAME}`, `${NAME:-default}`; the last alternative is the beginning of any other placeholder. */
const PLACEHOLDER = /\$\{(?:env:)?([A-Za-z_]\w*)\}|\$\{([A-Za-z_]\w*):-([^{}]*)\}|\$\{/g;

/**
 * The whole of a value, or what follows its scheme, as shells, cmd.exe and PowerShell write variables: hosts start
 * programs without a shell, so it would be sent as it is.
 */
export const OF_A_SHELL = /^(?:[A-Za-z]+ +)?(\$([A-Z_][A-Z0-9_]*)|\$env:([A-Za-z_]\w*)|%([A-Z_][A-Z0-9_]*)%)$/;

/**
 * The text with its placeholders replaced from the environment; what comes from there is not expanded again.
 * Throws a usage error when a variable without a default is unset or empty, for every other `${`, and for a value that is
 * a variable of a shell.
 * @param where what holds the text, as the error names it
 * @param onValue is told every value that was put in
 */
export function expandVariables(text: string, env: Env, where: string, onValue?: (value: string) => void): string {
  if (OF_A_SHELL.test(text)) throw new UnexplainedMistake({ kind: 'shell-variable', text, where });
  return text.replace(PLACEHOLDER, (found, plain?: string, defaulted?: string, standard?: string, at?: number) => {
    const variable = plain ?? defaulted;
    if (variable === undefined) throw new UnexplainedMistake({ kind: 'placeholder', text: text.slice(at), where });
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

/** Throws a usage error for a placeholder in a value without expansion: the program would send it as it is. */
export function refusePlaceholders(text: string, where: string): void {
  if (isUnexpanded(text)) throw new UnexplainedMistake({ kind: 'unexpanded', text, where });
}

export function isUnexpanded(text: string): boolean {
  return OF_A_SHELL.test(text) || text.includes('${');
}
