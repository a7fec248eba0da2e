/**
 * The hosts, as data. Files and shapes are those of each host's documentation; where that is silent, of its source.
 * Templates: `{home}`, `{config}` (the folder for configurations of this system), `{xdg}` (`$XDG_CONFIG_HOME` or
 * `~/.config` on every system), `{local}` (`%LocalAppData%`); `*` in a folder stands for any characters.
 */
import type { Host } from './host.ts';

const ENV = { env: 'env' } as const;
/** `${NAME}`, `${env:NAME}` and the like. */
const BRACES = /\$\{[^}]+\}/;
const CLINE = 'cline_mcp_settings.json';

export const HOSTS: readonly Host[] = [
  {
    // https://code.claude.com/docs/en/mcp, "MCP installation scopes"
    id: 'claude-code',
    name: 'Claude Code',
    format: 'json',
    section: 'mcpServers',
    user: { other: [{ folder: '{home}/.claude', file: '../.claude.json' }] },
    override: { variable: 'CLAUDE_CONFIG_DIR', file: '.claude.json' },
    project: ['.mcp.json'],
    programs: ['claude'],
    shape: { fixed: { type: 'stdio' }, ...ENV },
    expands: BRACES,
    inherits: 'all',
    reload: 'start a new session',
  },
  {
    // https://modelcontextprotocol.io/docs/develop/connect-local-servers; the packaged apps of Windows see a folder of
    // their own instead of %AppData%.
    id: 'claude-desktop',
    name: 'Claude Desktop',
    format: 'json',
    section: 'mcpServers',
    user: {
      win32: [
        { folder: '{local}/Claude-Data/claude*', file: 'claude_desktop_config.json' },
        { folder: '{local}/Packages/Claude_*/LocalCache/Roaming/Claude', file: 'claude_desktop_config.json' },
        { folder: '{config}/Claude', file: 'claude_desktop_config.json' },
      ],
      other: [{ folder: '{config}/Claude', file: 'claude_desktop_config.json' }],
    },
    programs: ['claude-desktop'],
    shape: ENV,
    inherits: 'short',
    reload: 'quit Claude Desktop and start it again',
  },
  {
    // https://cursor.com/docs/mcp
    id: 'cursor',
    name: 'Cursor',
    format: 'json',
    section: 'mcpServers',
    user: { other: [{ folder: '{home}/.cursor', file: 'mcp.json' }] },
    project: ['.cursor/mcp.json'],
    programs: ['cursor', 'cursor-agent'],
    shape: ENV,
    expands: BRACES,
    inherits: 'all',
    reload: 'turn the server on under MCPs in Customize (older versions: Settings > Tools & MCP)',
  },
  {
    // https://docs.windsurf.com/windsurf/cascade/mcp
    id: 'windsurf',
    name: 'Windsurf',
    format: 'json',
    section: 'mcpServers',
    user: { other: [{ folder: '{home}/.codeium/windsurf', file: 'mcp_config.json' }] },
    programs: ['windsurf'],
    shape: ENV,
    expands: BRACES,
    inherits: 'all',
    reload: 'press Refresh in the MCP settings of Cascade',
  },
  {
    // https://code.visualstudio.com/docs/agents/reference/mcp-configuration
    id: 'vscode',
    aliases: ['vs-code', 'code'],
    name: 'VS Code',
    format: 'json',
    section: 'servers',
    user: { other: [{ folder: '{config}/Code', file: 'User/mcp.json' }] },
    project: ['.vscode/mcp.json'],
    programs: ['code'],
    shape: { fixed: { type: 'stdio' }, ...ENV },
    expands: BRACES,
    inherits: 'all',
    reload: 'run the command MCP: List Servers',
  },
  {
    // https://developers.openai.com/codex/mcp; the variables that servers inherit: codex-rs/rmcp-client/src/utils.rs
    id: 'codex',
    name: 'Codex',
    format: 'toml',
    section: 'mcp_servers',
    user: { other: [{ folder: '{home}/.codex', file: 'config.toml' }] },
    override: { variable: 'CODEX_HOME', file: 'config.toml' },
    project: ['.codex/config.toml'],
    programs: ['codex'],
    shape: { ...ENV, inherited: 'env_vars' },
    inherits: 'short',
    reload: 'start a new session',
  },
  {
    // https://github.com/google-gemini/gemini-cli/blob/main/docs/tools/mcp-server.md
    id: 'gemini',
    aliases: ['gemini-cli'],
    name: 'Gemini CLI',
    format: 'json',
    section: 'mcpServers',
    user: { other: [{ folder: '{home}/.gemini', file: 'settings.json' }] },
    override: { variable: 'GEMINI_CLI_HOME', file: '.gemini/settings.json' },
    project: ['.gemini/settings.json'],
    programs: ['gemini'],
    shape: ENV,
    expands: /\$(?:\w|\{[^}]+\})/,
    variable: /\$([A-Za-z_]\w*)/g,
    inherits: 'all',
    reload: 'start a new session',
  },
  {
    // https://zed.dev/docs/ai/mcp; `source` is for versions before 2026
    id: 'zed',
    name: 'Zed',
    format: 'json',
    section: 'context_servers',
    user: {
      win32: [{ folder: '{config}/Zed', file: 'settings.json' }],
      other: [{ folder: '{xdg}/zed', file: 'settings.json' }],
    },
    project: ['.zed/settings.json'],
    programs: ['zed', 'zeditor'],
    shape: { fixed: { source: 'custom' }, ...ENV },
    inherits: 'all',
    reload: 'Zed reads it at once; the settings of the Agent Panel show it',
  },
  {
    // https://www.jetbrains.com/help/junie/model-context-protocol-mcp.html
    id: 'junie',
    aliases: ['jetbrains'],
    name: 'Junie',
    format: 'json',
    section: 'mcpServers',
    user: { other: [{ folder: '{home}/.junie', file: 'mcp/mcp.json' }] },
    project: ['.junie/mcp/mcp.json'],
    programs: ['junie'],
    shape: ENV,
    inherits: 'all',
    reload: 'press Apply in Settings > Tools > Junie > MCP Settings, or restart the IDE',
  },
  {
    // https://opencode.ai/docs/mcp-servers
    id: 'opencode',
    name: 'opencode',
    format: 'json',
    section: 'mcp',
    user: {
      other: [
        { folder: '{xdg}/opencode', file: 'opencode.json' },
        { folder: '{xdg}/opencode', file: 'opencode.jsonc' },
      ],
    },
    override: { variable: 'OPENCODE_CONFIG', file: '' },
    project: ['opencode.json', 'opencode.jsonc'],
    programs: ['opencode'],
    shape: { fixed: { type: 'local', enabled: true }, commandIsArray: true, env: 'environment' },
    expands: /\{(?:env|file):[^}]+\}/,
    variable: /\{env:([A-Za-z_]\w*)\}/g,
    inherits: 'all',
    reload: 'start opencode again',
  },
  {
    // https://docs.cline.bot/mcp/configuring-mcp-servers
    id: 'cline',
    name: 'Cline',
    format: 'json',
    section: 'mcpServers',
    user: {
      other: [
        { folder: '{config}/Code/User/globalStorage/saoudrizwan.claude-dev', file: `settings/${CLINE}` },
        { folder: '{home}/.cline', file: `data/settings/${CLINE}` },
      ],
    },
    override: { variable: 'CLINE_MCP_SETTINGS_PATH', file: '' },
    programs: ['cline'],
    shape: ENV,
    expands: BRACES,
    inherits: 'short',
    reload: 'Cline reads it at once; see MCP Servers > Configure',
  },
];

/** The host of a word, in whatever case. */
export function hostNamed(word: string): Host | undefined {
  const id = word.toLowerCase();
  return HOSTS.find((host) => host.id === id || host.aliases?.includes(id));
}
