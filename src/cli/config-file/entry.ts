/** From one entry of a configuration file to a server. */
import { parseEnv } from 'node:util';
import type { Node } from 'jsonc-parser';
import { httpServer, type ProcessConfig, type Server, type StdioServer, type UpstreamSession } from '../../config.ts';
import type { Env } from '../../core/ports.ts';
import { SECRET_NAME } from '../../core/redact.ts';
import { plainValue } from '../../hosts/formats/json-edit.ts';
import { readServer } from '../flags/args.ts';
import { nearest } from '../flags/mistakes/nearest.ts';
import type { Option } from '../flags/option.ts';
import { OPTIONS } from '../flags/options.ts';
import { CLIENT_INFO, clientInfoText } from '../flags/reading/auth.ts';
import { readCommand, variablesIn } from '../flags/reading/command.ts';
import type { ReadFile } from '../flags/reading/given-files.ts';
import { expandVariables } from '../flags/reading/placeholders.ts';
import { readUrl } from '../flags/url-argument.ts';
import { milliseconds } from '../flags/value-checks.ts';
import { checkValue, Flags } from '../flags/words.ts';
import { concernsServer, IGNORED, PLACE_KEYS, SAME_AS, SERVER_OPTIONS } from './keys.ts';
import { booleanOf, namedTextsOf, type Property, propertiesOf, quoted, textOf, textsOf, wrongType } from './node.ts';
import { Problem, problemFrom } from './problem.ts';

export interface EntryContext {
  readonly env: Env;
  readonly readFile: ReadFile;
  /** The flags of the command line, which are those of every server. */
  readonly flags: Flags;
  readonly config: ProcessConfig;
}

export interface ReadServer {
  readonly server: Server;
  /** Everything in the entry that must never be shown. */
  readonly secrets: readonly string[];
  /** Variables whose values are secrets of this proxy. */
  readonly withheld: readonly string[];
}

/** What an entry says, sorted by what it is about. */
interface Sorted {
  readonly places: ReadonlyMap<string, Property>;
  readonly flags: readonly { readonly option: Option; readonly property: Property }[];
}

/** The server of an entry; undefined for one that is turned off. Throws a Problem. */
export function readEntry(name: string, at: number, node: Node, context: EntryContext): ReadServer | undefined {
  const properties = propertiesOf(node, `the entry ${quoted(name)}`);
  if (isOff(properties)) return undefined;
  const { places, flags } = sorted(properties);
  const url = places.get('url') ?? places.get('serverUrl') ?? places.get('httpUrl');
  const command = places.get('command');
  if (url && command) throw new Problem(url.at, 'both a URL and a command are given', 'leave one of them out');
  if (!url && !command) throw new Problem(at, 'neither a URL nor a command is given', 'expected "url" or "command"');
  checkType(places.get('type'), url !== undefined);
  const given = givenFlags(flags, places, { ...context, isUrl: url !== undefined });
  try {
    const read = url ? remote(name, url, given, context) : local(name, command as Property, places, given, context);
    const prefix = places.get('prefix');
    const isPrefixed = prefix !== undefined && booleanOf(prefix.value, '"prefix"');
    const upstreamSession = given.text('upstream-session') as UpstreamSession | undefined;
    const more = { ...(isPrefixed && { prefix: true }), ...(upstreamSession && { upstreamSession }) };
    return { ...read, server: { ...read.server, ...more } };
  } catch (error) {
    throw problemFrom(error, (url ?? (command as Property)).at);
  }
}

function isOff(properties: readonly Property[]): boolean {
  return properties.some(({ key, value }) => {
    if (key === 'disabled') return booleanOf(value, '"disabled"');
    return key === 'enabled' && !booleanOf(value, '"enabled"');
  });
}

function sorted(properties: readonly Property[]): Sorted {
  const places = new Map<string, Property>();
  const flags: { option: Option; property: Property }[] = [];
  for (const property of properties) {
    const { key } = property;
    const option = SERVER_OPTIONS.find(({ name }) => name === (SAME_AS.get(key) ?? key));
    if ((PLACE_KEYS as readonly string[]).includes(key)) places.set(key, property);
    else if (IGNORED.has(key) || isEverything(property)) continue;
    else if (option) flags.push({ option, property });
    else throw unknownKey(property);
  }
  return { places, flags };
}

/** Copilot writes `"tools": ["*"]` into every entry. */
function isEverything({ key, value }: Property): boolean {
  return key === 'tools' && JSON.stringify(plainValue(value)) === '["*"]';
}

function unknownKey({ key, at }: Property): Problem {
  const ofProcess = OPTIONS.find(({ name }) => name === key);
  if (ofProcess) {
    return new Problem(at, `${quoted(key)} is not about one server`, `give it on the command line: --${key}`);
  }
  const known = [...PLACE_KEYS, ...SERVER_OPTIONS.map(({ name }) => name)];
  const spelled = key.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll('_', '-');
  const meant = known.find((one) => one === spelled) ?? nearest(key, known);
  const expected = 'expected url, command, args, env, headers, cwd, disabled, or the name of a flag without its dashes';
  return new Problem(at, `unknown key ${quoted(key)}`, meant === undefined ? expected : `did you mean "${meant}"?`);
}

const URL_TYPES: readonly string[] = ['http', 'sse', 'streamable-http', 'streamableHttp', 'streamable_http', 'remote'];
const COMMAND_TYPES: readonly string[] = ['stdio', 'local'];

function checkType(type: Property | undefined, isUrl: boolean): void {
  if (!type) return;
  const given = textOf(type.value, '"type"');
  if ((isUrl ? URL_TYPES : COMMAND_TYPES).includes(given)) return;
  const expected = isUrl ? 'http or sse for a server at a URL' : 'stdio for a server that a command starts';
  throw new Problem(type.value.offset, `the type ${quoted(given)} does not fit`, `expected ${expected}`);
}

/** The flags of the entry, and those of the command line that it does not have itself. */
function givenFlags(
  own: Sorted['flags'],
  places: Sorted['places'],
  { flags, isUrl }: EntryContext & { readonly isUrl: boolean },
): Flags {
  const ofEntry = new Flags();
  for (const { option, property } of own) add(ofEntry, option, property.value, property.key);
  addNamed(ofEntry, places.get('headers'), 'header', ': ');
  addNamed(ofEntry, places.get('env'), 'env', '=');
  const cwd = places.get('cwd');
  if (cwd) add(ofEntry, optionNamed('cwd'), cwd.value, 'cwd');
  const given = new Flags();
  for (const [option, values] of flags.all) {
    const kind = option.for ?? (option.group === 'sign-in' ? 'url' : undefined);
    const isOther = kind !== undefined && kind !== (isUrl ? 'url' : 'command');
    if (!concernsServer(option) || isOther) continue;
    const ownValues = ofEntry.all.get(option) ?? [];
    if (ownValues.length > 0 && !option.repeatable) continue;
    const subjects = new Set(ownValues.map((value) => subjectOf(option, value)));
    for (const value of values) if (!subjects.has(subjectOf(option, value))) given.add(option, value);
  }
  for (const [option, values] of ofEntry.all) for (const value of values) given.add(option, value);
  const type = places.get('type');
  if (type?.value.value === 'sse' && !given.text('transport')) given.add(optionNamed('transport'), 'sse-first');
  return given;
}

/** What follows the name in a value of a flag that names what it is about. */
const NAMES: Readonly<Record<string, string>> = { header: ':', 'rename-tool': '=', env: '=' };

/** What a value of a repeatable flag is about, where a second one about the same would contradict it. */
function subjectOf({ name }: Option, value: string | boolean): string {
  const text = String(value);
  const separator = NAMES[name];
  if (separator === undefined) return text;
  const [subject = ''] = text.split(separator, 1);
  return name === 'header' ? subject.trim().toLowerCase() : subject.trim();
}

function optionNamed(name: string): Option {
  return OPTIONS.find((option) => option.name === name) as Option;
}

function add(flags: Flags, option: Option, node: Node, key: string): void {
  try {
    for (const value of valuesOf(option, node, quoted(key))) {
      checkValue(option, value);
      flags.add(option, value);
    }
  } catch (error) {
    throw problemFrom(error, node.offset);
  }
}

/** The values of a flag. A flag with JSON may have the JSON itself. */
function valuesOf(option: Option, node: Node, what: string): (string | boolean)[] {
  if (option.value === undefined) return [booleanOf(node, what)];
  if (option.repeatable && node.type === 'array') return textsOf(node, what);
  if (option.value.includes('JSON') && node.type === 'object') return [JSON.stringify(plainValue(node))];
  if (node.type === 'number' && /^(?:SECONDS|PORT|N|BYTES)$/.test(option.value)) return [String(node.value)];
  if (node.type !== 'string') throw wrongType(node, what, expectedFor(option));
  return [node.value as string];
}

function expectedFor({ value = '', repeatable }: Option): string {
  if (repeatable) return 'a string or an array of strings';
  if (/^(?:SECONDS|PORT|N|BYTES)$/.test(value)) return 'a number';
  return value.includes('JSON') ? 'an object, or @ and the name of a file' : 'a string';
}

function addNamed(flags: Flags, property: Property | undefined, flag: string, separator: string): void {
  if (!property) return;
  for (const [name, text] of namedTextsOf(property.value, quoted(property.key))) {
    flags.add(optionNamed(flag), `${name}${separator}${text}`);
  }
}

/** The variables of a file, which VS Code and Cursor read, too. */
function variablesInFile(property: Property | undefined, readFile: ReadFile): [string, string][] {
  if (!property) return [];
  const name = textOf(property.value, '"envFile"');
  try {
    return Object.entries(parseEnv(readFile(name))).map(([variable, value]) => [variable, value ?? '']);
  } catch {
    throw new Problem(property.value.offset, 'the file of "envFile" cannot be read', 'check its name and permissions');
  }
}

function remote(name: string, url: Property, flags: Flags, { env, readFile }: EntryContext): ReadServer {
  refuseFor('command', 'that a command starts', flags, url);
  const expanding = new Expanding(env);
  const target = readUrl(expanding.text(url, url.value));
  const { options, secrets } = readServer(target, flags, env, readFile);
  const texts = [
    ...flags.texts('header'),
    ...flags.texts(CLIENT_INFO).map((text) => clientInfoText(text, env, readFile)),
  ];
  return {
    server: { ...httpServer(target, options), name },
    secrets: [...secrets, ...expanding.inserted],
    withheld: texts.flatMap(variablesIn),
  };
}

function local(
  name: string,
  command: Property,
  places: Sorted['places'],
  flags: Flags,
  { env, config, readFile }: EntryContext,
): ReadServer {
  const expanding = new Expanding(env);
  const { words, variables } = wordsOf(command, places.get('args'));
  for (const [variable, text] of variables) flags.add(optionNamed('env'), `${variable}=${text}`);
  refuseFor('url', 'at a URL', flags, command);
  const read = readCommand(
    { command: words.map((word) => expanding.text(command, word)), flags, config, secrets: expanding.inserted },
    env,
  );
  const server = read.config.servers[0] as StdioServer;
  const fromFile = variablesInFile(places.get('envFile'), readFile);
  const secrets = fromFile.flatMap(([variable, value]) => (SECRET_NAME.test(variable) ? value : []));
  return {
    server: { ...server, name, env: [...fromFile, ...server.env], ...limitsOf(flags) },
    secrets: [...read.secrets, ...secrets],
    withheld: [],
  };
}

/** Throws a Problem for a flag that concerns only the other kind of server. */
function refuseFor(kind: 'url' | 'command', called: string, flags: Flags, { at }: Property): void {
  const refused = [...flags.all.keys()].find((option) => {
    return (option.for ?? (option.group === 'sign-in' && 'url')) === kind;
  });
  if (refused) throw new Problem(at, `${quoted(refused.name)} is for servers ${called}`, 'leave it out');
}

function limitsOf(flags: Flags): Pick<StdioServer, 'maxChildren' | 'childIdle'> {
  const [children, idle] = [flags.text('max-children'), flags.text('child-idle')];
  return {
    ...(children !== undefined && { maxChildren: Number(children) }),
    ...(idle !== undefined && { childIdle: milliseconds(idle) }),
  };
}

/** The words of a command in the shapes of all hosts. */
function wordsOf(
  command: Property,
  args: Property | undefined,
): { readonly words: readonly Node[]; readonly variables: readonly [string, string][] } {
  const { value } = command;
  const rest = args ? elementsOf(args.value, '"args"') : [];
  if (value.type === 'array') return { words: [...elementsOf(value, '"command"'), ...rest], variables: [] };
  if (value.type !== 'object') {
    if (textOf(value, '"command"') === '') throw wrongType(value, '"command"', 'the name of a program');
    return { words: [value, ...rest], variables: [] };
  }
  // Zed before 2025: {"command": {"path", "args", "env"}}.
  const nested = new Map(propertiesOf(value, '"command"').map((one) => [one.key, one.value]));
  const [program, inner, variables] = ['path', 'args', 'env'].map((key) => nested.get(key));
  if (!program) throw wrongType(value, '"command"', 'the name of a program');
  textOf(program, '"path"');
  return {
    words: [program, ...(inner ? elementsOf(inner, '"args"') : []), ...rest],
    variables: variables ? namedTextsOf(variables, '"env"') : [],
  };
}

function elementsOf(node: Node, what: string): readonly Node[] {
  textsOf(node, what);
  return node.children ?? [];
}

/** Expands placeholders, and keeps what it has inserted. */
class Expanding {
  readonly inserted: string[] = [];
  readonly #env: Env;

  constructor(env: Env) {
    this.#env = env;
  }

  text({ key }: Property, node: Node): string {
    const text = textOf(node, quoted(key));
    // A program may mean `$NAME` itself.
    if (!text.includes('${')) return text;
    try {
      return expandVariables(text, this.#env, quoted(key), (value) => this.inserted.push(value));
    } catch (error) {
      throw problemFrom(error, node.offset);
    }
  }
}
