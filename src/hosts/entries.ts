/** From a program to the entry that a host has for it, and back. Pure. */
import type { Entry, Host } from './host.ts';

/** A server as a host's configuration has it: a program to start, or a URL that the host connects to itself. */
export interface Found {
  /** The program and its arguments; empty when the entry names a URL. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variables that the host passes on from its own environment. */
  readonly inherited: readonly string[];
  /** The folder in which the program starts, where the entry names one. */
  readonly cwd: string | undefined;
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** The value of the entry, members in the order in which hosts document them. */
export function entryValue(
  { shape }: Pick<Host, 'shape'>,
  { command, args, env, inherited = [] }: Entry,
): Record<string, unknown> {
  return {
    ...shape.fixed,
    ...(shape.commandIsArray ? { command: [command, ...args] } : { command, args: [...args] }),
    ...(Object.keys(env).length > 0 && { [shape.env]: { ...env } }),
    ...(shape.inherited && inherited.length > 0 && { [shape.inherited]: [...inherited] }),
  };
}

/** Reads an entry of any host, whatever shape it has; values of unexpected types count as absent. */
export function readEntry(value: unknown): Found {
  const entry = objectOf(value);
  // Zed before 2025: {"command": {"path", "args", "env"}}.
  const nested = objectOf(entry.command);
  const program = nested.path ?? entry.command;
  const words = [
    ...(typeof program === 'string' ? [program] : textsOf(program)),
    ...textsOf(nested.args ?? entry.args),
  ];
  const url = [entry.url, entry.httpUrl, entry.serverUrl].find((found) => typeof found === 'string');
  return {
    words: url === undefined ? words : [],
    env: namedTexts(entry.env ?? entry.environment ?? nested.env),
    inherited: textsOf(entry.env_vars),
    cwd: typeof entry.cwd === 'string' && entry.cwd !== '' ? entry.cwd : undefined,
    url,
    headers: headersOf(entry),
  };
}

/** Headers of all hosts; Codex names variables instead of values. */
function headersOf(entry: Readonly<Record<string, unknown>>): Record<string, string> {
  const fromVariables = Object.entries(namedTexts(entry.env_http_headers)).map(([name, variable]) => [
    name,
    `\${${variable}}`,
  ]);
  const bearer = entry.bearer_token_env_var;
  return {
    ...namedTexts(entry.headers ?? entry.http_headers),
    ...Object.fromEntries(fromVariables),
    ...(typeof bearer === 'string' && { Authorization: `Bearer \${${bearer}}` }),
  };
}

/**
 * Every text in the entries of a section that may be a secret: variables, headers, and arguments that look like headers.
 * The name of a file of certificates is none.
 */
export function secretsOf(section: unknown): string[] {
  return Object.values(objectOf(section)).flatMap((value) => {
    const { words, env, headers } = readEntry(value);
    const inWords = words.filter((word) => /^(?:--\w[\w-]*=)?[\w-]+:(?!\/\/)/.test(word) && !word.includes('${'));
    const { NODE_EXTRA_CA_CERTS: _, ...others } = env;
    return [...Object.values(others), ...Object.values(headers), ...inWords];
  });
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}

function namedTexts(value: unknown): Record<string, string> {
  const texts = Object.entries(objectOf(value)).filter(
    ([, text]) => typeof text === 'string' || typeof text === 'number',
  );
  return Object.fromEntries(texts.map(([name, text]) => [name, String(text)]));
}
