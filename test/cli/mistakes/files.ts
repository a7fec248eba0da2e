// Files that the command line names.
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createAuthority } from '../../peers/tls.ts';
import type { Group } from './mistake.ts';
import type { Workspace } from './workspace.ts';

const URL = 'https://server.example/mcp';

const file =
  (name: string, content?: string | Buffer) =>
  async (workspace: Workspace): Promise<Record<string, string>> => {
    workspace.file(name, content);
    return {};
  };

/** A file that nobody may read. Root may read everything, so the program runs as another user then. */
async function unreadable(workspace: Workspace): Promise<Record<string, string>> {
  workspace.file('ca.pem', createAuthority('Example CA').pem);
  chmodSync(path.join(workspace.folder, 'ca.pem'), 0);
  chmodSync(workspace.folder, 0o755);
  writeFileSync(path.join(workspace.folder, 'as-nobody.cjs'), 'if (process.getuid() === 0) process.setuid(65534);');
  return {};
}

export const FILES: Group = {
  title: 'Files',
  mistakes: [
    { title: 'The file does not exist', command: `mcp-proxy ${URL} --ca ca.pem` },
    { title: 'The file is a folder', command: `mcp-proxy ${URL} --ca certificates`, setUp: file('certificates') },
    {
      title: 'The user may not read the file',
      command: `mcp-proxy ${URL} --ca ca.pem`,
      setUp: unreadable,
      nodeArgs: ['--require', './as-nobody.cjs'],
      platform: 'linux',
    },
    {
      title: 'The path begins with ~, and no shell replaces it',
      command: `mcp-proxy ${URL} --ca '~/ca.pem'`,
      typed: `in the config of a host: "args": ["${URL}", "--ca", "~/ca.pem"]`,
    },
    {
      title: 'The certificate is not PEM',
      command: `mcp-proxy ${URL} --ca ca.der`,
      setUp: (workspace) => file('ca.der', der(createAuthority('Example CA').pem))(workspace),
    },
    {
      title: 'The certificate and the key are mixed up',
      command: `mcp-proxy ${URL} --cert key.pem --key cert.pem`,
      setUp: async (workspace) => {
        const { key, cert } = createAuthority('Example CA').issue();
        workspace.file('key.pem', key);
        workspace.file('cert.pem', cert);
        return {};
      },
    },
    {
      title: 'The key is missing',
      command: `mcp-proxy ${URL} --cert cert.pem`,
      setUp: (workspace) => file('cert.pem', createAuthority('Example CA').issue().cert)(workspace),
    },
    {
      title: 'The @ before the name of a file is missing',
      command: `mcp-proxy ${URL} --static-oauth-client-info client.json`,
      setUp: file('client.json', '{"client_id": "my-client"}'),
    },
    {
      title: 'The file does not hold JSON',
      command: `mcp-proxy ${URL} --static-oauth-client-info @client.json`,
      setUp: file('client.json', '{"client_id": "my-client",}\n'),
    },
    {
      title: 'The file of the client token is empty',
      command: `mcp-proxy ${URL} --listen :8080 --client-token @token`,
      setUp: file('token', '\n'),
    },
    {
      title: 'The @ before the file of the client token is missing',
      command: `mcp-proxy ${URL} --listen :8080 --client-token './client token'`,
    },
  ],
};

function der(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ''), 'base64');
}
