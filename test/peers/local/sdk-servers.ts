// The servers of the SDKs as commands, for clients that start them.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import type { Peer } from '../listen.ts';

interface CommandPeer extends Peer {
  readonly command: readonly string[];
}

export const startSdkV1Stdio = (): Promise<CommandPeer> => bundled('sdk-v1-stdio.ts');
export const startSdkV2Stdio = (): Promise<CommandPeer> => bundled('sdk-v2-stdio.ts');

/** Node 20 cannot load TypeScript, so a server is put into one file first. */
async function bundled(name: string): Promise<CommandPeer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-server-'));
  const file = path.join(folder, `${path.basename(name, '.ts')}.mjs`);
  await build({
    input: fileURLToPath(new URL(name, import.meta.url)),
    platform: 'node',
    logLevel: 'silent',
    output: { file, format: 'esm', codeSplitting: false },
  });
  return {
    url: '',
    command: [process.execPath, file],
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
