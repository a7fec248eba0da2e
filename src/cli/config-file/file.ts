/** A configuration file with several servers, in the shape that hosts have. Reads everything that can be read. */
import type { Node } from 'jsonc-parser';
import type { Server } from '../../config.ts';
import type { ProxyError } from '../../errors.ts';
import { rootOf } from '../../hosts/formats/json-edit.ts';
import { Unreadable } from '../../hosts/formats/unreadable.ts';
import { CLIENT_INFO, clientInfoText } from '../flags/reading/auth.ts';
import { variablesIn } from '../flags/reading/command.ts';
import { calledFile } from '../flags/reading/given-files.ts';
import { usageError } from '../flags/usage-error.ts';
import { type EntryContext, type ReadServer, readEntry } from './entry.ts';
import { SECTIONS } from './keys.ts';
import { startsItself } from './loop.ts';
import { quoted, wrongType } from './node.ts';
import { fileError, Problem, problemFrom } from './problem.ts';

/** Larger files are not what they should be. */
const MAX_LENGTH = 16 * 1_048_576;

export interface FileContext extends EntryContext {
  /** The name of the file, as the user gave it. */
  readonly file: string;
  /** The file itself, wherever links lead. */
  readonly path: string;
}

export interface ReadFileResult {
  readonly servers: readonly Server[];
  /** The servers that are turned off. */
  readonly off: readonly string[];
  /** One for each entry that cannot be used, by its name. */
  readonly problems: readonly { readonly name: string; readonly error: ProxyError }[];
  readonly secrets: readonly string[];
}

/** Throws a usage error for a file that is not such a configuration at all. */
export function readServers(text: string, context: FileContext): ReadFileResult {
  const { file } = context;
  const read: ReadServer[] = [];
  const off: string[] = [];
  const problems: { name: string; error: ProxyError }[] = [];
  const names = new Map<string, string>();
  for (const { name, at, value } of entriesIn(text, file)) {
    try {
      checkName(name, at);
      const other = names.get(name.toLowerCase());
      if (other !== undefined) throw sameName(name, other, at);
      names.set(name.toLowerCase(), name);
      const entry = readEntry(name, at, value, context);
      if (!entry) off.push(name);
      else if (startsItself(entry.server, context)) throw itself(at);
      else read.push(entry);
    } catch (error) {
      const problem = problemFrom(error, at);
      const named = new Problem(problem.offset, `server ${quoted(name)}: ${problem.message}`, problem.hint);
      problems.push({ name, error: fileError(file, text, named) });
    }
  }
  const withheld = new Set([
    ...read.flatMap((one) => one.withheld),
    ...['client-token', 'header'].flatMap((flag) => context.flags.texts(flag).flatMap(variablesIn)),
    ...context.flags
      .texts(CLIENT_INFO)
      .flatMap((text) => variablesIn(clientInfoText(text, context.env, context.readFile))),
  ]);
  return {
    servers: read.map(({ server }) => (server.kind === 'stdio' ? { ...server, withheld: [...withheld] } : server)),
    off,
    problems,
    secrets: read.flatMap(({ secrets }) => secrets),
  };
}

interface FileEntry {
  readonly name: string;
  readonly at: number;
  readonly value: Node;
}

/** The entries of all sections, in their order. One name may come twice. */
function entriesIn(text: string, file: string): FileEntry[] {
  try {
    if (text.length > MAX_LENGTH)
      throw usageError(`${calledFile(file)} is too large`, 'check that it is the right file');
    const root = rootOf(text);
    const sections = SECTIONS.flatMap((path) => sectionAt(root, path) ?? []);
    if (sections.length === 0) {
      throw usageError(
        `${calledFile(file)} has no servers`,
        'expected {"mcpServers": {"NAME": {"url": "https://server.example/mcp"}}}, or "servers" or "context_servers"',
      );
    }
    return sections.flatMap(({ children = [] }) =>
      children.flatMap(({ children: [key, value] = [] }) =>
        key && value ? { name: String(key.value), at: key.offset, value } : [],
      ),
    );
  } catch (error) {
    if (error instanceof Problem) throw fileError(file, text, error);
    if (!(error instanceof Unreadable)) throw error;
    throw usageError(`${file}:${error.line}:${error.column}: ${error.message}`, 'expected JSON; comments are allowed');
  }
}

function sectionAt(root: Node | undefined, path: readonly string[]): Node | undefined {
  let node = root;
  for (const key of path) {
    if (node?.type !== 'object') return undefined;
    node = node.children?.find(({ children }) => children?.[0]?.value === key)?.children?.[1];
  }
  if (!node || node.type === 'object') return node;
  throw wrongType(node, quoted(path.join('.')), 'an object in braces');
}

/** Letters, digits, `-` and `_`, as tools have them in their names; `__` separates the name from that of a tool. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9]|[-_](?!_)){0,62}(?<![-_])$/;

function checkName(name: string, at: number): void {
  if (NAME.test(name)) return;
  throw new Problem(
    at,
    'the name is not usable in paths, metrics and names of tools',
    'expected 1 to 63 letters, digits, - and _, beginning and ending with a letter or digit, and without __',
  );
}

function sameName(name: string, other: string, at: number): Problem {
  return name === other
    ? new Problem(at, 'two servers have this name', 'give each a name of its own')
    : new Problem(at, `${quoted(other)} is the same name but for upper and lower case`, 'give each a name of its own');
}

function itself(at: number): Problem {
  return new Problem(
    at,
    'this server is this proxy itself, which would start itself again and again',
    'leave the entry out of this file, or keep the servers in a file of their own',
  );
}
