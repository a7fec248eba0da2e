// A configuration file with servers, as a user has one.
import { mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface ConfigFile {
  readonly path: string;
  readonly folder: string;
  /** Replaces the file as editors do: by another one. */
  write(content: unknown): void;
  close(): Promise<void>;
}

/** @param content the text of the file, or what its `mcpServers` are */
export function configFile(content: unknown): ConfigFile {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-config-')));
  const file = path.join(folder, 'servers.json');
  const write = (next: unknown): void => {
    const text = typeof next === 'string' ? next : JSON.stringify({ mcpServers: next }, null, 2);
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  write(content);
  return { path: file, folder, write, close: async () => rmSync(folder, { recursive: true, force: true }) };
}

/** The entry of a server at a URL, or of one that a command starts. */
export function entryOf({ url, command }: { readonly url: string; readonly command?: readonly string[] }): object {
  const [program, ...args] = command ?? [];
  return program === undefined ? { url } : { command: program, args };
}
