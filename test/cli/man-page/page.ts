/** The man page, from the table of flags and commands, in the man macros (man(7)). */

import type { Subcommand } from '../../../src/cli/flags/options.ts';
import type { DescribedOption as Option } from '../../../src/cli/help/described-options.ts';

const GROUPS: readonly (readonly [title: string, group: Option['group']])[] = [
  ['Common', undefined],
  ['HTTP mode', 'http'],
  ['Policy', 'policy'],
  ['Local servers', 'local'],
  ['Sign-in', 'sign-in'],
  ['Host configuration', 'install'],
];

const EXAMPLES: readonly (readonly [meaning: string, command: string])[] = [
  ['Connect a client on stdio, such as a host that starts this program:', 'mcp-proxy https://server.example/mcp'],
  [
    'The same, with a token from the environment:',
    "mcp-proxy https://server.example/mcp -H 'Authorization: Bearer ${TOKEN}'",
  ],
  ['Serve HTTP clients at http://localhost:8080/mcp:', 'mcp-proxy https://server.example/mcp --listen localhost:8080'],
  ['Start a local server, and serve it over HTTP:', 'mcp-proxy --listen localhost:8080 -- npx -y some-server'],
  ['Find out why a server does not work:', 'mcp-proxy doctor https://server.example/mcp'],
  ['Complete the flags and commands in this shell:', 'eval "$(mcp-proxy completion bash)"'],
];

const STATUSES: readonly (readonly [status: string, meaning: string])[] = [
  ['0', 'The program did what it was asked to. With doctor: nothing has failed.'],
  ['1', 'It failed at run time. With doctor: a check has failed.'],
  ['2', 'The arguments are wrong.'],
  ['78', 'Node is too old.'],
  ['130', 'A signal, such as Ctrl-C, ended a command.'],
];

const VARIABLES: readonly (readonly [names: string, meaning: string])[] = [
  ['BROWSER', 'The program that opens the page of a sign-in, instead of that of the system.'],
  ['HTTP_PROXY, HTTPS_PROXY, NO_PROXY', 'The outbound proxy, with --enable-proxy.'],
  ['NODE_EXTRA_CA_CERTS', 'A PEM file of authorities to trust too.'],
  [
    'CI, NO_COLOR, TERM',
    'If CI or NO_COLOR is set, or TERM is dumb, commands write plain lines instead of one that is rewritten. Without colours: NO_COLOR, TERM=dumb.',
  ],
  ['XDG_CACHE_HOME', 'The folder of the cache on Linux.'],
];

const FILES: readonly (readonly [name: string, meaning: string])[] = [
  [
    '~/.cache/mcp-proxy, ~/Library/Caches/mcp-proxy, %LocalAppData%\\mcp-proxy',
    'Tokens, readable by their user alone, and what is known about servers. Deleting the folder costs a sign-in, and uninstall asks before it removes an entry.',
  ],
];

/** @param date YYYY-MM-DD */
export function manPage(options: readonly Option[], subcommands: readonly Subcommand[], date: string): string {
  const lines = [
    '.\\" Written by npm run man, from the table of flags.',
    `.TH MCP-PROXY 1 ${date} mcp-proxy "User Commands"`,
    '.SH NAME',
    `mcp-proxy \\- ${text('connects any MCP client to any MCP server')}`,
    '.SH SYNOPSIS',
    ...[
      '<url> [flags]',
      '[flags] -- <command>',
      ...subcommands.map(({ name, argument }) => `${name} ${argument} [flags]`),
    ].flatMap((words, i) => [...(i === 0 ? [] : ['.br']), `\\fBmcp\\-proxy\\fR ${synopsis(words)}`]),
    '.SH DESCRIPTION',
    text('A client on standard input and output uses a remote MCP server as if it ran on this machine.'),
    text('With --listen, HTTP clients use it. The words after -- are the command of a server on this machine.'),
    text('When the server asks for a sign-in, the browser of the user opens.'),
    text('Flags may come before or after the URL. A space or an equals sign separates a flag from its value.'),
    '.SH COMMANDS',
    ...subcommands.flatMap(({ name, argument, help, choices }) => {
      const hosts = name === 'install' && choices ? ` ${text(`The hosts are ${choices.join(', ')}.`)}` : '';
      return entry(synopsis(`${name} ${argument}`), sentence(help) + hosts);
    }),
    '.SH OPTIONS',
    ...GROUPS.flatMap(([title, group]) => [
      `.SS ${text(title)}`,
      ...options.filter((option) => option.group === group).flatMap(described),
    ]),
    '.SH EXIT STATUS',
    ...STATUSES.flatMap(([status, meaning]) => entry(bold(status), text(meaning))),
    '.SH ENVIRONMENT',
    ...VARIABLES.flatMap(([names, meaning]) => entry(bold(names), text(meaning))),
    '.SH FILES',
    ...FILES.flatMap(([name, meaning]) => entry(italic(name), text(meaning))),
    '.SH EXAMPLES',
    ...EXAMPLES.flatMap(([meaning, command]) => [
      text(meaning),
      '.PP',
      '.RS 4',
      '.nf',
      text(command),
      '.fi',
      '.RE',
      '.PP',
    ]),
  ];
  // A paragraph without text is a mistake.
  return `${lines.slice(0, -1).join('\n')}\n`;
}

function described(option: Option): string[] {
  const names = [...(option.short === undefined ? [] : [`-${option.short}`]), `--${option.name}`].map(bold).join(', ');
  const value = option.value === undefined ? '' : ` ${italic(option.value)}`;
  const facts = [
    sentence(option.help),
    option.choices && sentence(`one of ${option.choices.join(', ')}`),
    option.repeatable && 'Repeatable.',
    option.default && text(`Default: ${option.default}.`),
  ];
  return entry(names + value, facts.filter(Boolean).join('\n'));
}

function entry(term: string, meaning: string): string[] {
  return ['.TP', term, meaning];
}

/** A word in angle brackets is for the user to fill in. */
function synopsis(words: string): string {
  return words
    .split(/(<[^>]*>|[[\]])/)
    .map((part) => (part.startsWith('<') ? italic(part.slice(1, -1)) : /^[[\]]$/.test(part) ? part : plainOrBold(part)))
    .join('');
}

function plainOrBold(part: string): string {
  return part.replace(/[a-z]+/g, (word) => (word === 'flags' ? italic(word) : bold(word)));
}

function sentence(help: string): string {
  return text(`${help.charAt(0).toUpperCase()}${help.slice(1)}.`);
}

function bold(words: string): string {
  return `\\fB${text(words)}\\fR`;
}

function italic(words: string): string {
  return `\\fI${text(words)}\\fR`;
}

/** Text without the meaning that some characters have for the formatter, and with dashes that can be copied. */
function text(words: string): string {
  const characters: Readonly<Record<string, string>> = {
    '\\': '\\e',
    '-': '\\-',
    "'": '\\(aq',
    '`': '\\(ga',
    '^': '\\(ha',
    '~': '\\(ti',
  };
  return words.replace(/[\\'`^~-]/g, (character) => characters[character] as string).replace(/^\./, '\\&.');
}
