// A home with the configurations of hosts, in the form that the hosts write, and a stand-in for the host that starts
// what is in them.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PROGRAM, privateHome, proxyEnvironment } from '../../peers/proxy.ts';
import { RpcClient } from '../../peers/rpc.ts';

interface HostFile {
  /** Relative to the home, on this system. */
  readonly file: string;
  /** The file as the host writes it; undefined for a host that has none until a server is added. */
  readonly content: string;
  /** Reads one server from the text of the file. */
  readonly read: (text: string, name: string) => WrittenEntry;
}

export interface WrittenEntry {
  readonly command: string;
  readonly args: string[];
  readonly env: Record<string, string>;
}

const config =
  process.platform === 'darwin' ? 'Library/Application Support' : process.platform === 'win32' ? 'roaming' : '.config';

/** Uses no TOML library: each text is on a line of its own, or between commas. */
function withoutComments(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/,(\s*[}\]])/g, '$1');
}

const json =
  (section: string, env = 'env') =>
  (text: string, name: string): WrittenEntry => {
    const entry = JSON.parse(withoutComments(text))[section][name];
    const [command, ...first] = Array.isArray(entry.command) ? entry.command : [entry.command];
    return { command, args: [...first, ...(entry.args ?? [])], env: entry[env] ?? {} };
  };

/** The proxy writes basic strings only, whose escapes are those of JSON. */
function toml(text: string, name: string): WrittenEntry {
  const table = text.split(`[mcp_servers.${name}]`)[1]?.split(/\n\[/)[0] ?? '';
  const value = (key: string): string => new RegExp(`^${key} = (.*)$`, 'm').exec(table)?.[1] ?? '{}';
  const env = [...value('env').matchAll(/([\w-]+) = ("(?:[^"\\]|\\.)*")/g)];
  return {
    command: JSON.parse(value('command')),
    args: JSON.parse(value('args')),
    env: Object.fromEntries(env.map(([, key = '', text = '']) => [key, JSON.parse(text)])),
  };
}

const OTHERS = '{\n  "mcpServers": {\n    "other": {\n      "command": "x"\n    }\n  }\n}\n';
const ZED = `${config}/${process.platform === 'win32' ? 'Zed' : 'zed'}/settings.json`;

export const HOST_FILES: Readonly<Record<string, HostFile>> = {
  'claude-code': {
    file: '.claude.json',
    content:
      '{\n  "numStartups": 3,\n  "projects": {\n    "/p": {\n      "mcpServers": {}\n    }\n  },\n  "userID": "0"\n}',
    read: json('mcpServers'),
  },
  'claude-desktop': {
    file: `${config}/Claude/claude_desktop_config.json`,
    content: '{\r\n  "mcpServers": {}\r\n}\r\n',
    read: json('mcpServers'),
  },
  cursor: { file: '.cursor/mcp.json', content: OTHERS, read: json('mcpServers') },
  windsurf: { file: '.codeium/windsurf/mcp_config.json', content: '{}', read: json('mcpServers') },
  vscode: {
    file: `${config}/Code/User/mcp.json`,
    content: '{\n\t"servers": {\n\t\t// mine\n\t\t"other": { "command": "x" },\n\t},\n\t"inputs": [],\n}\n',
    read: json('servers'),
  },
  codex: {
    file: '.codex/config.toml',
    content: 'model = "x" # mine\n\n[mcp_servers.other]\ncommand = "x"\n\n[tui]\ntheme = "dark"',
    read: toml,
  },
  gemini: { file: '.gemini/settings.json', content: '{"security":{"auth":{}}}', read: json('mcpServers') },
  zed: {
    file: process.platform === 'darwin' ? '.config/zed/settings.json' : ZED,
    content: '// Zed settings\n//\n{\n  "theme": "One Dark", // dark\n  "vim_mode": true,\n}\n',
    read: (text, name) => json('context_servers')(text.replace(' // dark', ''), name),
  },
  junie: { file: '.junie/mcp/mcp.json', content: '\uFEFF{\n    "mcpServers": {\n    }\n}\n', read: json('mcpServers') },
  opencode: {
    file: '.config/opencode/opencode.json',
    content: '{\n  "$schema": "https://opencode.ai/config.json",\n  "model": "x"\n}\n',
    read: json('mcp', 'environment'),
  },
  cline: {
    file: `${config}/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json`,
    content: '{\n  "mcpServers": {\n  }\n}',
    read: json('mcpServers'),
  },
};

/** What an entry gives the program: its words without those that start the program. */
export function argumentsIn({ command, args }: Pick<WrittenEntry, 'command' | 'args'>): string[] {
  const words = [command, ...args];
  const start = words.splice(0, PROGRAM.length);
  if (start.join(' ') !== PROGRAM.join(' ')) throw new Error(`the entry starts ${start.join(' ')}`);
  return words;
}

export class HostHome {
  readonly folder = privateHome();

  at(name: string): string {
    return path.join(this.folder, ...name.split('/'));
  }

  fileOf(host: string): string {
    return this.at(HOST_FILES[host]?.file ?? unknown(host));
  }

  /** Writes a file, with the folders that it needs. */
  write(name: string, content: string | Buffer): string {
    const file = this.at(name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** Installs a host: its folder, and its configuration unless `content` is null. */
  add(host: string, content: string | null = HOST_FILES[host]?.content ?? ''): string {
    const file = this.fileOf(host);
    mkdirSync(path.dirname(file), { recursive: true });
    // Its configuration is beside its folder.
    if (host === 'claude-code') mkdirSync(this.at('.claude'), { recursive: true });
    if (content !== null) writeFileSync(file, content);
    return file;
  }

  text(host: string): string {
    return readFileSync(this.fileOf(host), 'utf8');
  }

  entry(host: string, name: string): WrittenEntry {
    return (HOST_FILES[host] ?? unknown(host)).read(this.text(host), name);
  }

  /** Every file and folder below the home, except those of the cache folder; files with their bytes and permissions. */
  contents(folder = this.folder): Record<string, string> {
    const found: Record<string, string> = {};
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const file = path.join(folder, name);
      if (/^(?:\.cache|local|Library[\\/]Caches)(?:[\\/]|$)/.test(name)) continue;
      const stats = statSync(file);
      found[name] = stats.isFile() ? `${(stats.mode & 0o777).toString(8)} ${readFileSync(file, 'base64')}` : 'folder';
    }
    return found;
  }

  close(): Promise<void> {
    if (existsSync(this.folder)) rmSync(this.folder, { recursive: true, force: true });
    return Promise.resolve();
  }
}

function unknown(host: string): never {
  throw new Error(`no host ${host}`);
}

/** Runs the entry in the configuration as the host would, and returns the text that a tool answers with. */
export async function callEcho({ command, args, env }: WrittenEntry, home: string, name = 'echo'): Promise<string> {
  // The variables that hosts with a short environment pass on, and no variable of the tests.
  const { PATH = '', HOME = '', ...rest } = proxyEnvironment(home);
  const own = process.platform === 'win32' ? rest : {};
  const child = spawn(command, args, { env: { ...own, PATH, HOME, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const rpc = new RpcClient({ write: (line) => child.stdin.write(`${line}\n`), describe: () => stderr });
  let partial = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (partial + text).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) rpc.accept(line);
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  try {
    await rpc.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'host', version: '1' },
    });
    rpc.notify('notifications/initialized');
    const { content } = await rpc.request('tools/call', { name, arguments: { text: 'hello' } });
    return content[0].text;
  } finally {
    child.stdin.end();
    await closed;
  }
}
