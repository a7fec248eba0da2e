/** Placeholders that are written in another way, have no value, or are where none is expanded. */
import type { ProxyError } from '../../../errors.ts';
import { OF_A_SHELL } from '../reading/placeholders.ts';
import { type NoValue, type OtherSyntax, usageError } from '../usage-error.ts';

/** A placeholder, or a variable of a shell, in a value without expansion. */
export function explainUnexpanded(text: string, where: string): ProxyError {
  if (OF_A_SHELL.test(text))
    return usageError(`${where} contains ${text}, which this program does not expand there`, 'write the value itself');
  return usageError(
    `${where} contains ${quoted(text.slice(text.indexOf('${')))}, which this program does not expand there`,
    'write the value itself; a secret goes into a header: -H "Authorization: Bearer ${TOKEN}"',
  );
}

/** A variable of a shell in a value with expansion. */
export function explainShellVariable({ text, where, isSet }: OtherSyntax): ProxyError {
  const [, written, ...names] = OF_A_SHELL.exec(text) ?? [];
  const name = names.find((found) => found !== undefined) ?? 'NAME';
  return usageError(`${where} uses ${written}, which is not expanded here`, insteadHint(name, isSet(name)));
}

/** A text that begins with a placeholder of another kind. */
export function explainPlaceholder({ text: rest, where, isSet }: OtherSyntax): ProxyError {
  const [, prefix, name] = /^\$\{((?:[\w.-]+:(?!-))*)([\w.-]*)/.exec(rest) ?? [];
  const variable = prefix ? name?.toUpperCase().replace(/\W/g, '_') : name;
  const fitting = variable && /^[A-Za-z_]\w*$/.test(variable) ? variable : 'NAME';
  return usageError(
    `${where} uses ${quoted(rest)}, which is not one of \${NAME}, \${env:NAME} and \${NAME:-default}`,
    insteadHint(fitting, isSet(fitting)),
  );
}

/** How to write a variable here. Only a variable that is missing has to be set. */
function insteadHint(variable: string, isSet: boolean): string {
  return `write \${${variable}}${isSet ? '' : `, and set ${variable} in the environment`}`;
}

/** The placeholder at the beginning of a text, without its defaults: they may be secrets. */
function quoted(text: string): string {
  const whole = /^\$\{(?:[^{}]|\{[^{}]*\})*\}/.exec(text)?.[0].replace(/:-(?!\$\{)[^{}]*/g, ':-…');
  if (whole !== undefined && whole.length <= 80) return whole;
  return `${/^\$\{[\w.:]{0,40}/.exec(text)?.[0]}…`;
}

/** A placeholder whose variable is unset, or empty. */
export function explainNoValue({ text, where, variable, isSet }: NoValue): ProxyError {
  return usageError(`${where} uses ${text}, which is ${isSet ? 'empty' : 'not set'}`, noValueHint(variable));
}

/** Some hosts have variables of their own, which are never in the environment. */
function noValueHint(variable: string): string {
  const ofHost = /^(?:workspace(?:Folder|Root)|userHome$)/.test(variable);
  return ofHost
    ? `write the path itself: the host did not fill in ${variable}`
    : `set ${variable} in the environment, or under "env" in the host's config`;
}
