// The entries for the configuration of a host that the documents show.
import { parse as parseToml } from 'smol-toml';
import type { Block } from './blocks.ts';

/** An entry that starts a program, in the forms of all hosts. */
export interface Entry {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** An entry that names a URL. */
export interface UrlEntry {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

export function dataOf({ language, text }: Block): unknown {
  return language === 'toml' ? parseToml(text) : JSON.parse(text);
}

/** All entries in a configuration, wherever they are. */
export function entriesIn(value: unknown): (Entry | UrlEntry)[] {
  if (!isObject(value)) return [];
  if (value.command !== undefined) return [startingEntry(value)];
  if (typeof value.url === 'string') return [{ url: value.url, headers: strings(value.headers ?? {}) }];
  return Object.values(value).flatMap(entriesIn);
}

export const isStarting = (entry: Entry | UrlEntry): entry is Entry => 'command' in entry;

/** The arguments of mcp-proxy in a command that starts it; undefined for any other command. */
export function ownArguments([program, ...rest]: readonly string[]): string[] | undefined {
  if (program === 'mcp-proxy') return rest;
  if (program === 'node') {
    // Behind the options of Node.
    const script = rest.findIndex((word) => !/^--[\w-]+=/.test(word));
    return /^(.*[/\\])?bin[/\\]mcp-proxy\.js$/.test(rest[script] ?? '') ? rest.slice(script + 1) : undefined;
  }
  if (program === 'npx' && rest[0] === '-y' && rest[1] === '@mikluko/mcp-proxy') return rest.slice(2);
  return undefined;
}

function startingEntry({ command, args = [], env, environment }: Fields): Entry {
  const words = Array.isArray(command) ? command : [command, ...(args as unknown[])];
  for (const word of words) if (typeof word !== 'string') throw new Error(`${JSON.stringify(word)} is not a string`);
  return { command: words as string[], env: strings(env ?? environment ?? {}) };
}

function strings(value: unknown): Record<string, string> {
  if (!isObject(value)) throw new Error(`${JSON.stringify(value)} is not an object`);
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new Error(`${name} is not a string`);
  }
  return value as Record<string, string>;
}
