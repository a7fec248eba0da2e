/** `${NAME}` in values of the command line: how secrets stay out of it. */
import { usageError } from './mistakes.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * The text with every `${NAME}` replaced from the environment. Throws a usage error when one is not set.
 * @param where what holds the text, as the error names it
 * @param onValue is told every value that was put in
 */
export function expandVariables(text: string, env: Env, where: string, onValue?: (value: string) => void): string {
  return text.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, variable: string) => {
    const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
    const hint = `set ${variable} in the environment`;
    if (value === undefined) throw usageError(`${where} uses \${${variable}}, which is not set`, hint);
    if (value.trim() === '') throw usageError(`${where} uses \${${variable}}, which is empty`, hint);
    onValue?.(value.trim());
    return value.trim();
  });
}
