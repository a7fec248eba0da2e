import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOST_IDS } from '../../../src/cli/flags/install-options.ts';
import { isInstalled, projectPlace, userPlace } from '../../../src/hosts/places.ts';
import { HOSTS, hostNamed } from '../../../src/hosts/table.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-places-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const at = (name: string): string => path.join(home, ...name.split('/'));
const named = (id: string) => hostNamed(id) ?? expect.unreachable(id);
const fileOf = (id: string, platform: NodeJS.Platform, env: Record<string, string> = {}): string =>
  userPlace(named(id), { platform, env, home }).file;

const CLINE = 'User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json';

describe('the configuration of a user', () => {
  it.each([
    ['claude-code', '.claude.json', '.claude.json', '.claude.json'],
    [
      'claude-desktop',
      '.config/Claude/claude_desktop_config.json',
      'Library/Application Support/Claude/claude_desktop_config.json',
      'AppData/Roaming/Claude/claude_desktop_config.json',
    ],
    ['cursor', '.cursor/mcp.json', '.cursor/mcp.json', '.cursor/mcp.json'],
    ['windsurf', ...Array.from({ length: 3 }, () => '.codeium/windsurf/mcp_config.json')],
    [
      'vscode',
      '.config/Code/User/mcp.json',
      'Library/Application Support/Code/User/mcp.json',
      'AppData/Roaming/Code/User/mcp.json',
    ],
    ['codex', '.codex/config.toml', '.codex/config.toml', '.codex/config.toml'],
    ['gemini', '.gemini/settings.json', '.gemini/settings.json', '.gemini/settings.json'],
    ['zed', '.config/zed/settings.json', '.config/zed/settings.json', 'AppData/Roaming/Zed/settings.json'],
    ['junie', '.junie/mcp/mcp.json', '.junie/mcp/mcp.json', '.junie/mcp/mcp.json'],
    ['opencode', ...Array.from({ length: 3 }, () => '.config/opencode/opencode.json')],
    ['cline', `.config/Code/${CLINE}`, `Library/Application Support/Code/${CLINE}`, `AppData/Roaming/Code/${CLINE}`],
  ])('of %s is where the host looks for it', (id, linux, mac, windows) => {
    expect(fileOf(id, 'linux')).toBe(at(linux as string));
    expect(fileOf(id, 'darwin')).toBe(at(mac as string));
    expect(fileOf(id, 'win32')).toBe(at(windows as string));
  });

  it('follows the variables of the system', () => {
    const env = { XDG_CONFIG_HOME: at('xdg'), APPDATA: at('roaming') };
    expect(fileOf('zed', 'linux', env)).toBe(at('xdg/zed/settings.json'));
    expect(fileOf('zed', 'linux', { XDG_CONFIG_HOME: 'relative' })).toBe(at('.config/zed/settings.json'));
    expect(fileOf('vscode', 'win32', env)).toBe(at('roaming/Code/User/mcp.json'));
  });

  it.each([
    ['claude-code', 'CLAUDE_CONFIG_DIR', '.claude.json'],
    ['codex', 'CODEX_HOME', 'config.toml'],
    ['gemini', 'GEMINI_CLI_HOME', '.gemini/settings.json'],
    ['opencode', 'OPENCODE_CONFIG', ''],
    ['cline', 'CLINE_MCP_SETTINGS_PATH', ''],
  ])('of %s is where %s says', (id, variable, file) => {
    writeFileSync(at('.claude.json'), '{}');
    expect(fileOf(id, 'linux', { [variable]: at('elsewhere') })).toBe(path.join(at('elsewhere'), file));
  });

  it('is the file that exists, before the usual one', () => {
    mkdirSync(at('.config/opencode'), { recursive: true });
    writeFileSync(at('.config/opencode/opencode.jsonc'), '{}');
    expect(fileOf('opencode', 'linux')).toBe(at('.config/opencode/opencode.jsonc'));
    mkdirSync(at('.cline'));
    expect(fileOf('cline', 'linux')).toBe(at('.cline/data/settings/cline_mcp_settings.json'));
  });

  it('of a packaged app of Windows is in the folder of the package', () => {
    const folder = 'AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude';
    mkdirSync(at(folder), { recursive: true });
    mkdirSync(at('AppData/Roaming/Claude'), { recursive: true });
    expect(fileOf('claude-desktop', 'win32')).toBe(at(`${folder}/claude_desktop_config.json`));
  });
});

describe('the configuration of a project', () => {
  it.each([
    ['claude-code', '.mcp.json'],
    ['claude-desktop', undefined],
    ['cursor', '.cursor/mcp.json'],
    ['windsurf', undefined],
    ['vscode', '.vscode/mcp.json'],
    ['codex', '.codex/config.toml'],
    ['gemini', '.gemini/settings.json'],
    ['zed', '.zed/settings.json'],
    ['junie', '.junie/mcp/mcp.json'],
    ['opencode', 'opencode.json'],
    ['cline', undefined],
  ])('of %s is %s', (id, file) => {
    expect(projectPlace(named(id), home)?.file).toBe(file && at(file));
  });
});

describe('the table', () => {
  it.each(HOSTS)('$id: is found by its words, and shows whether it is installed', (host) => {
    for (const word of [host.id, host.id.toUpperCase(), ...(host.aliases ?? [])]) expect(hostNamed(word)).toBe(host);
    const machine = { platform: 'linux', env: { PATH: at('bin') }, home } as const;
    const place = userPlace(host, machine);
    expect(isInstalled(host, place, machine)).toBe(false);
    mkdirSync(at('bin'));
    const [program = ''] = host.programs;
    writeFileSync(at(`bin/${program}`), '', { mode: 0o755 });
    expect(isInstalled(host, place, machine)).toBe(true);
    rmSync(at('bin'), { recursive: true });
    mkdirSync(place.folder, { recursive: true });
    expect(isInstalled(host, place, machine)).toBe(true);
  });

  it('has every word once', () => {
    const words = HOSTS.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
    expect(new Set(words).size).toBe(words.length);
  });
});

it('has the words that the command line lists', () => {
  expect(HOSTS.map(({ id }) => id)).toEqual(HOST_IDS);
});
