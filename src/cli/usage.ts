/** The text of `--help`, from the table that parses. */
import type { Option } from './option.ts';
import type { Subcommand } from './options.ts';

/** Columns of a terminal that nobody has made wider. */
const WIDTH = 80;
const INDENT = 6;

export function usageText(version: string, options: readonly Option[], subcommands: readonly Subcommand[]): string {
  const commands = subcommands.map(
    (s) => `  mcp-proxy ${`${s.name} ${s.argument}`.padEnd(16)} ${s.help}${s.action ? '' : ' (not available yet)'}`,
  );
  return [
    `mcp-proxy ${version}: connects any MCP client to any MCP server`,
    '',
    'Usage:',
    '  mcp-proxy <url> [flags]                   a client on stdio to a remote server',
    '  mcp-proxy <url> --listen :8080 [flags]    HTTP clients to a remote server',
    '  mcp-proxy [flags] -- <command> [args...]  a local server (not available yet)',
    ...commands,
    '',
    'Flags:',
    ...options.filter((o) => !o.group).flatMap(describe),
    '',
    'Flags of HTTP mode:',
    ...options.filter((o) => o.group === 'http').flatMap(describe),
    '',
    'Flags of the sign-in, for servers that ask for one (most need none of them):',
    ...options.filter((o) => o.group === 'sign-in').flatMap(describe),
    '',
    'In the config of a host:',
    '  {"mcpServers": {"name": {"command": "npx",',
    '    "args": ["-y", "@mikluko/mcp-proxy", "https://server.example/mcp"]}}}',
    '',
  ].join('\n');
}

function describe(option: Option): string[] {
  const names = `${option.short ? `-${option.short}, ` : ''}--${option.name}`;
  const choices = option.choices ? ` (${option.choices.join(', ')})` : '';
  const standard = option.default ? ` [${option.default}]` : '';
  const repeat = option.repeatable ? '; repeatable' : '';
  return [
    `  ${names}${option.value ? ` ${option.value}` : ''}`,
    ...wrap(`${option.help}${choices}${repeat}${standard}`),
  ];
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(' '.repeat(INDENT) + word);
  }
  return lines;
}
