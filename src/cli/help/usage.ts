/** The text of `--help`, from the table that parsing uses. */

import { HOST_IDS } from '../flags/install-options.ts';
import { SUBCOMMANDS, type Subcommand } from '../flags/options.ts';
import { DESCRIBED, type DescribedOption } from './described-options.ts';

const WIDTH = 80;
/** The column where the text about a flag or a command begins. */
const COLUMN = 28;

const EXAMPLES = `Examples:
  mcp-proxy https://server.example/mcp
      connect a client on stdio, such as a host that starts this
  mcp-proxy https://server.example/mcp -H 'Authorization: Bearer \${TOKEN}'
      the same, with a token from the environment
  mcp-proxy https://server.example/mcp --listen localhost:8080
      serve HTTP clients at http://localhost:8080/mcp`;

const BY_HAND = `  an entry by hand:
  {"mcpServers": {"example": {"command": "/path/to/node", "args":
    ["/path/to/mcp-proxy/bin/mcp-proxy.js", "https://server.example/mcp"]}}}`;

const GROUPS: readonly (readonly [title: string, group: DescribedOption['group']])[] = [
  ['Common', undefined],
  ['Policy', 'policy'],
  ['HTTP mode', 'http'],
  ['Local servers', 'local'],
  ['Sign-in (rarely needed)', 'sign-in'],
  ['Host configuration', 'install'],
];

export interface UsageOptions {
  readonly version: string;
  readonly options: readonly DescribedOption[];
  readonly subcommands: readonly Subcommand[];
  /** Whether to explain every flag. Otherwise, explain the common ones and name the others. */
  readonly all: boolean;
}

/** The help of this program. */
export function helpText(version: string, all: boolean, command?: string): string {
  if (!all && command !== undefined && Object.hasOwn(USAGES, command))
    return commandHelp(command as OwnHelp, DESCRIBED);
  return usageText({ version, options: DESCRIBED, subcommands: SUBCOMMANDS, all });
}

const HOSTS_LINE = wrapped(`hosts: ${HOST_IDS.join(', ')}`, 2);

/** The arguments and the example of the commands with a help of their own. */
const USAGES = {
  install: {
    lines: [
      'mcp-proxy install <host> <url> [flags]',
      'mcp-proxy install <host> [flags] -- <command>',
      'mcp-proxy install <host> --from HOST NAME [flags]',
    ],
    meaning: 'Shows what it adds to the configuration of a host, asks, writes it, and connects once.',
    example: 'mcp-proxy install cursor https://server.example/mcp --name example',
    more: 'Flags for the server, such as --header, become part of the entry: mcp-proxy --help all',
  },
  uninstall: {
    lines: ['mcp-proxy uninstall <host> <name> [flags]'],
    meaning: 'Takes a server out of the configuration of a host, and brings back what was there before.',
    example: 'mcp-proxy uninstall cursor example',
    more: '',
  },
  doctor: {
    lines: ['mcp-proxy doctor <url> [flags]', 'mcp-proxy doctor [flags] -- <command>'],
    meaning:
      'Checks every step of a start, and the entries of hosts that start mcp-proxy. Ends with the one next step, and with status 1 if a check has failed. Does not sign in, and changes nothing.',
    example: 'mcp-proxy doctor https://server.example/mcp',
    more: 'Give it the flags of the start that does not work, such as --header: mcp-proxy --help all',
  },
} as const;

type OwnHelp = keyof typeof USAGES;

/** The help of a command that has flags of its own. */
function commandHelp(command: OwnHelp, options: readonly DescribedOption[]): string {
  const { lines, meaning, example, more } = USAGES[command];
  const own = options.filter(({ only }) => only?.includes(command));
  return [
    ...lines.map((line, i) => `${i === 0 ? 'Usage: ' : '       '}${line}`),
    '',
    ...wrapped(meaning, 0),
    '',
    ...(command === 'doctor' ? [] : ['Hosts:', ...wrapped(HOST_IDS.join(', '), 2), '']),
    'Flags:',
    ...own.flatMap(describe),
    ...(more === '' ? [] : ['', ...wrapped(more, 0)]),
    '',
    `Example: ${example}`,
    '',
  ].join('\n');
}

export function usageText({ version, options, subcommands, all }: UsageOptions): string {
  const commands = subcommands
    .filter(({ rare }) => all || !rare)
    .flatMap(({ name, argument, help }) => entry(`${name} ${argument}`, help));
  const groups = GROUPS.flatMap(([title, group]) => {
    const own = options.filter((option) => (all ? option.group : shortGroup(option)) === group);
    if (own.length === 0) return [];
    const explained = own.filter(({ rare }) => all || !rare);
    const others = own.filter((option) => !explained.includes(option)).map(({ name }) => `--${name}`);
    const also = others.length === 0 ? [] : wrapped(`also: ${others.join(', ')}`, 2);
    return ['', `${title}:`, ...explained.flatMap(describe), ...also];
  });
  return [
    `mcp-proxy ${version}: connects any MCP client to any MCP server`,
    '',
    EXAMPLES,
    '',
    'Commands:',
    ...entry('<url> | -- <command>', 'connect clients to this server'),
    ...commands,
    ...groups,
    ...(all ? [...HOSTS_LINE, BY_HAND] : []),
    '',
  ].join('\n');
}

/** Where the short help names a flag: a few of them are not worth a heading. */
function shortGroup({ group }: DescribedOption): DescribedOption['group'] {
  return group === 'local' || group === 'policy' ? undefined : group;
}

function describe(option: DescribedOption): string[] {
  const names = `${option.short ? `-${option.short}, ` : ''}--${option.name}`;
  const choices = option.choices ? ` (${option.choices.join(', ')})` : '';
  const standard = option.default ? ` [${option.default}]` : '';
  const repeat = option.repeatable ? '; repeatable' : '';
  return entry(`${names}${option.value ? ` ${option.value}` : ''}`, `${option.help}${choices}${repeat}${standard}`);
}

/** A term and its meaning, side by side where there is room. */
function entry(term: string, text: string): string[] {
  const [first = '', ...rest] = wrapped(text, COLUMN);
  const fits = term.length + 4 <= COLUMN;
  return fits ? [`  ${term}`.padEnd(COLUMN) + first.trimStart(), ...rest] : [`  ${term}`, first, ...rest];
}

function wrapped(text: string, indent: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(' '.repeat(indent) + word);
  }
  return lines;
}
