// The commands in the documents. Each is checked as far as it concerns this repository.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArguments } from '../../src/cli/flags/args.ts';
import { ROOT } from './blocks.ts';
import { ownArguments } from './entries.ts';

type Check = (words: readonly string[]) => void;

interface Package {
  readonly name: string;
  readonly repository: { readonly url: string };
  readonly homepage: string;
  readonly bugs: string;
  readonly keywords: readonly string[];
  readonly scripts: Record<string, string>;
}

export const PACKAGE = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Package;

const CLIENT = '{"client_id":"id","client_secret":"secret"}';

/** The folder that the documents clone the repository to. */
const CLONES = ['/opt/mcp-proxy/', '/path/to/mcp-proxy/'];

/** Throws if the program does not take these arguments. Files hold whatever their flags expect. */
export function checkArguments(args: readonly string[], env: Readonly<Record<string, string>>): void {
  const readFile = (name: string): string =>
    name.endsWith('.json') ? CLIENT : name.endsWith('.key') ? 'k'.repeat(64) : 'text';
  const { kind } = parseArguments(args, env, readFile);
  if (kind === 'help' || kind === 'version') throw new Error(`this only asks for the ${kind}`);
}

/** Throws if this command is not known, or wrong. */
export function checkCommand(words: readonly string[]): void {
  const own = ownArguments(words);
  if (own) {
    checkArguments(own, anyValues(own.join(' ')));
    for (const file of words.filter((word) => word.endsWith('mcp-proxy.js'))) checkFile(file.replace('$PWD/', ''));
    return;
  }
  const [program = '', ...args] = words;
  const check = COMMANDS.get(program);
  if (!check) throw new Error(`nothing is known of the command ${program}`);
  check(args);
}

/** An environment with each variable that a text names. */
export function anyValues(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => [name, 'text']));
}

function checkFile(name: string): void {
  const clone = CLONES.find((folder) => name.startsWith(folder)) ?? '';
  if (!existsSync(path.join(ROOT, name.slice(clone.length)))) throw new Error(`${name} does not exist`);
}

function must(condition: boolean, words: readonly string[]): void {
  if (!condition) throw new Error(`unexpected arguments: ${words.join(' ')}`);
}

const npm: Check = (words) => {
  const [command = '', ...rest] = words;
  const own = rest.slice(rest.indexOf('--') + 1);
  if (command === 'run') must(Object.hasOwn(PACKAGE.scripts, rest[0] ?? ''), words);
  else if (command === 'install' || command === 'uninstall') {
    must(
      [PACKAGE.name, '.', '/path/to/mcp-proxy'].includes(rest.filter((word) => !word.startsWith('-')).join(' ')),
      words,
    );
  } else if (command === 'start') {
    if (own.some((word) => word.startsWith('http'))) checkArguments(own, {});
    else must(rest.length === 0 || own.join(' ') === '--demo oauth', words);
  } else must(['audit', 'ci', 'test'].includes(command), words);
};

const git: Check = (words) => must(words[0] === 'clone' && `git+${words[1]}` === PACKAGE.repository.url, words);

/** `claude mcp add [flags] NAME -- COMMAND`, and the same of Codex. */
const addToHost: Check = (words) => {
  const separator = words.indexOf('--');
  must(words[0] === 'mcp' && words[1] === 'add' && separator > 0, words);
  checkCommand(words.slice(separator + 1));
};

const docker: Check = (words) => {
  if (words[0] === 'build') return checkFile(words[words.indexOf('-f') + 1] ?? '');
  must(words[0] === 'run' || words[0] === 'exec', words);
  // The image or the container has the name of the program.
  const image = words.findIndex((word, i) => word === 'mcp-proxy' && words[i - 1] !== '--name');
  const own = words.slice(image + 1);
  checkArguments(words[0] === 'exec' ? (ownArguments(own) ?? []) : own, {});
};

const sudo: Check = (words) => {
  const env = words.indexOf('env');
  must(words[0] === '-u' && env === 2, words);
  checkCommand(words.slice(env + 1).filter((word) => !/^[A-Z_]+=/.test(word)));
};

const known: Check = () => undefined;

const COMMANDS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['npm', npm],
  ['git', git],
  ['claude', addToHost],
  ['codex', addToHost],
  ['gemini', (words) => checkCommand(words.slice(words.indexOf('example') + 1))],
  ['docker', docker],
  ['sudo', sudo],
  ['node', ([script = '']) => checkFile(script)],
  ['cp', ([file = '']) => checkFile(file)],
  ['cd', ([folder = '']) => must(folder === 'mcp-proxy' || CLONES.includes(`${folder}/`), [folder])],
  // Other programs: those of docs/team.md, where team.test.ts runs curl, and those that check a release.
  ...['curl', 'gh', 'install', 'journalctl', 'nginx', 'openssl', 'printf', 'sha256sum', 'systemctl', 'useradd'].map(
    (name) => [name, known] as const,
  ),
]);
