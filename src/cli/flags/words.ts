/** From words to flags, positionals and a command, by the table of options. */
import { parseArgs } from 'node:util';
import type { Option } from './option.ts';
import { OPTIONS } from './options.ts';
import { isCommand } from './pasted-command.ts';
import { refusePlaceholders } from './reading/placeholders.ts';
import { UnexplainedMistake, usageError } from './usage-error.ts';
import { invalidValue } from './value-checks.ts';

export class Flags {
  readonly all = new Map<Option, (string | boolean)[]>();

  add(option: Option, value: string | boolean): void {
    const values = this.all.get(option) ?? [];
    if (values.length > 0 && !option.repeatable) throw usageError(`--${option.name} is given twice`, 'give it once');
    this.all.set(option, [...values, value]);
  }

  #values(name: string): (string | boolean)[] {
    for (const [option, values] of this.all) if (option.name === name) return values;
    return [];
  }

  has(name: string): boolean {
    return this.#values(name).includes(true);
  }

  /** Whether no other flag is given. */
  isOnly(...names: readonly string[]): boolean {
    return [...this.all.keys()].every(({ name }) => names.includes(name));
  }

  texts(name: string): string[] {
    return this.#values(name).map(String);
  }

  text(name: string): string | undefined {
    return this.texts(name)[0];
  }
}

/** What `parseArgs` makes of a word. */
type Token =
  | { readonly kind: 'positional'; readonly index: number; readonly value: string }
  | {
      readonly kind: 'option';
      readonly index: number;
      readonly name: string;
      readonly rawName: string;
      readonly value: string | undefined;
      readonly inlineValue: boolean | undefined;
    }
  | { readonly kind: 'option-terminator'; readonly index: number };

export interface ParsedArguments {
  readonly flags: Flags;
  readonly positionals: readonly string[];
  /** Everything after `--`, or undefined when there is no `--`. */
  readonly command: readonly string[] | undefined;
}

/** Throws a usage error for unknown flags and for those without or with the wrong kind of value. */
export function readTokens(argv: readonly string[]): ParsedArguments {
  const end = argv.indexOf('--');
  const own = end === -1 ? argv : argv.slice(0, end);
  const flags = new Flags();
  const positionals: string[] = [];
  for (const token of tokensOf(own)) {
    if (token.kind === 'positional') {
      // Flags after a command belong to the command.
      const words = positionals.length === 0 ? own.slice(token.index) : [];
      if (isCommand(words)) throw new UnexplainedMistake({ kind: 'command', words });
      positionals.push(token.value);
    }
    if (token.kind !== 'option') continue;
    const option = OPTIONS.find((o) => o.name === token.name);
    if (!option) {
      throw new UnexplainedMistake({
        kind: 'flag',
        flag: token.rawName,
        value: token.value ?? own[token.index + 1],
      });
    }
    // A flag in the place of a value is a value that was forgotten.
    const swallowed =
      !token.inlineValue && OPTIONS.some((o) => token.value === `--${o.name}` || token.value === `-${o.short}`);
    flags.add(option, flagValue(option, swallowed ? undefined : token.value));
  }
  return { flags, positionals, command: end === -1 ? undefined : argv.slice(end + 1) };
}

function tokensOf(words: readonly string[]): readonly Token[] {
  // Most starts have a URL and nothing else, and need neither Node's parser nor its description of the table.
  if (!words.some((word) => word.startsWith('-')))
    return words.map((value, index) => ({ kind: 'positional', index, value }));
  const options = Object.fromEntries(
    OPTIONS.map((o) => [
      o.name,
      {
        type: o.value === undefined ? 'boolean' : 'string',
        multiple: true,
        ...(o.short && { short: o.short }),
      } as const,
    ]),
  );
  return parseArgs({ args: [...words], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function flagValue(option: Option, value: string | undefined): string | boolean {
  if (option.value === undefined) {
    if (value === undefined || value === 'true') return true;
    if (value === 'false') return false;
    throw usageError(`--${option.name} takes no value`, `write --${option.name} alone`);
  }
  if (value === undefined) throw new UnexplainedMistake({ kind: 'valueless', name: option.name });
  return value;
}

/** Throws a usage error when the table says that the value is wrong. */
export function checkValue(option: Option, value: string | boolean): void {
  if (typeof value === 'boolean') return;
  if (!option.expands) refusePlaceholders(value, `--${option.name}`);
  const { name, choices } = option;
  if (choices && !choices.includes(value)) throw new UnexplainedMistake({ kind: 'choice', name, choices, value });
  const expected = option.check?.(value);
  if (expected)
    throw usageError(
      option.expands
        ? invalidValue(option.name, value, { isHarmless: false })
        : invalidValue(option.name, value, option.name === 'name' ? { isHarmless: true } : {}),
      expected,
    );
}
