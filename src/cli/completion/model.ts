/** What a shell can complete, from the table of flags and commands: the same for every shell. */

import { HOST_IDS } from '../flags/install-options.ts';
import type { Option } from '../flags/option.ts';
import type { Subcommand } from '../flags/options.ts';
import type { DescribedOption } from '../help/described-options.ts';

/** What a value is: one of several words, a file, a file behind an `@`, a folder, or text that no shell can know. */
export type CompletionValue =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' | 'at-file' | 'folder' | 'text' };

export interface Flag {
  /** With dashes, the long one first. */
  readonly names: readonly string[];
  readonly help: string;
  readonly repeatable: boolean;
  /** Undefined for a flag without a value. */
  readonly value: CompletionValue | undefined;
}

interface Command {
  readonly name: string;
  readonly help: string;
  /** What may follow, where the table lists it. */
  readonly words: readonly string[];
  /** The flags that it has, where some belong to it alone. */
  readonly flags: readonly string[] | undefined;
}

export interface Completions {
  readonly flags: readonly Flag[];
  readonly commands: readonly Command[];
}

export function completionsOf(options: readonly DescribedOption[], subcommands: readonly Subcommand[]): Completions {
  return {
    flags: options.map((option) => ({
      names: [`--${option.name}`, ...(option.short === undefined ? [] : [`-${option.short}`])],
      help: option.help,
      repeatable: option.repeatable === true,
      value: kindOf(option),
    })),
    commands: subcommands.map(({ name, help, choices = [] }) => ({
      name,
      help,
      words: choices,
      flags: flagsOf(name, options),
    })),
  };
}

/** The flags of a command that are about what it does: its own, and those of the server that it writes. */
function flagsOf(command: string, options: readonly DescribedOption[]): readonly string[] | undefined {
  const isOwn = ({ only }: Option): boolean => only?.includes(command) === true;
  if (!options.some(isOwn)) return undefined;
  const has = (option: Option): boolean =>
    isOwn(option) || (command !== 'uninstall' && option.only === undefined && option.group !== 'http');
  return options.filter(has).map(({ name }) => `--${name}`);
}

/** The name of a value in the help says what the value is. */
function kindOf({ value, choices }: Option): CompletionValue | undefined {
  if (value === undefined) return undefined;
  if (choices) return { kind: 'words', words: choices };
  if (value === 'HOST') return { kind: 'words', words: HOST_IDS };
  if (/(?:^|\|)@FILE$/.test(value)) return { kind: 'at-file' };
  if (/^FILE$/.test(value)) return { kind: 'file' };
  return { kind: /^(?:DIR|FOLDER)$/.test(value) ? 'folder' : 'text' };
}

/** The names of the flags that have a value, grouped by what the value is. */
export function namesByValue({
  flags,
}: Completions): readonly (readonly [names: readonly string[], value: CompletionValue])[] {
  const groups = new Map<string, [string[], CompletionValue]>();
  for (const { names, value } of flags) {
    if (!value) continue;
    const key = JSON.stringify(value);
    const group = groups.get(key) ?? [[], value];
    group[0].push(...names);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The flags, grouped by the commands after which they are not offered, because those have flags of their own. */
export function flagsByAbsence({ flags, commands }: Completions): readonly (readonly [string[], Flag[]])[] {
  const groups = new Map<string, [string[], Flag[]]>();
  for (const flag of flags) {
    const [long = ''] = flag.names;
    const without = commands.flatMap(({ name, flags: own }) => (own && !own.includes(long) ? [name] : []));
    const group = groups.get(without.join()) ?? [without, []];
    group[1].push(flag);
    groups.set(without.join(), group);
  }
  return [...groups.values()];
}

/** A shell word in single quotes, for POSIX shells. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
