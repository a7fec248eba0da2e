/** The keys of an entry: those of the hosts, and flags of this program. */
import type { Option } from '../flags/option.ts';
import { OPTIONS } from '../flags/options.ts';

/** The sections in which hosts keep their servers, with the hosts that have them. */
export const SECTIONS: readonly (readonly string[])[] = [
  // Claude, Cursor, Windsurf, Gemini CLI, Cline, Junie.
  ['mcpServers'],
  // VS Code: .vscode/mcp.json, and its settings.
  ['servers'],
  ['mcp', 'servers'],
  // Zed.
  ['context_servers'],
];

/** Keys of hosts that say how to reach a server. */
export const PLACE_KEYS = [
  'url',
  // Windsurf.
  'serverUrl',
  // Gemini CLI: Streamable HTTP.
  'httpUrl',
  'command',
  'args',
  'env',
  'envFile',
  'headers',
  'cwd',
  'type',
  'disabled',
  'enabled',
  'prefix',
] as const;

/** Keys of hosts that mean nothing to a proxy: what the host shows, and what it asks its user. */
export const IGNORED: ReadonlySet<string> = new Set([
  'name',
  'description',
  'icon',
  'version',
  'source',
  'settings',
  'gallery',
  'dev',
  'scope',
  'trust',
  'timeout',
  'autoApprove',
  'alwaysAllow',
]);

/** Keys of hosts that hide tools, with the flag that does the same. To ignore one would show what it hides. */
export const SAME_AS: ReadonlyMap<string, string> = new Map([
  ['disabledTools', 'ignore-tool'],
  ['excludeTools', 'ignore-tool'],
  ['includeTools', 'only-tool'],
  ['tools', 'only-tool'],
]);

/** Flags of the process, which has one of each whatever its servers are. */
const OF_PROCESS: ReadonlySet<string> = new Set([
  'config',
  'server',
  'capture',
  'capture-arguments',
  'enable-proxy',
  'credential-store',
  'log-level',
  'log-format',
  'quiet',
  'help',
  'version',
]);
/** Flags of HTTP mode that concern a server. */
const OF_SERVER: ReadonlySet<string> = new Set(['forward-header', 'upstream-session', 'max-children', 'child-idle']);

/** Whether a flag says something about one server. */
export function concernsServer({ name, group, only }: Option): boolean {
  if (group === 'http') return OF_SERVER.has(name);
  return group !== 'install' && only === undefined && !OF_PROCESS.has(name);
}

/** The flags that an entry may have as keys. `header`, `env` and `cwd` are there as keys of the hosts. */
export const SERVER_OPTIONS: readonly Option[] = OPTIONS.filter(
  (option) => concernsServer(option) && !['header', 'env', 'cwd'].includes(option.name),
);
