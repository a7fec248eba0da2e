// DNS rebinding: a server on the internet names an authorization server whose name is at a public address when the
// program checks it, and at this machine when the program connects. The connection must go to the address of the check.
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { opened } from '../../peers/opened.ts';
import { challenge, type Provider, startProvider } from '../../peers/providers/provider.ts';
import { startProxy } from '../../peers/proxy.ts';
import { createAuthority } from '../../peers/tls.ts';
import { run, sharedHome } from './command.ts';

const open = opened();
const MCP = 'https://mcp.example.com/mcp';
const METADATA = 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp';
const NAME = 'rebinding.example.net';
/** Public, and another address of this machine, at which the honest part of the name's servers listens. */
const [PUBLIC, OUTSIDE] = ['13.107.7.1', '127.0.0.2'];
const PRELOAD = fileURLToPath(new URL('../../peers/rebinding.cjs', import.meta.url));
const authority = createAuthority('Root of the rebinding');

interface Rebinding {
  readonly home: string;
  readonly env: Record<string, string>;
  /** Connections to this machine, and requests to the public address. */
  readonly counts: { inside: number; outside: string[] };
}

function listening(server: net.Server, host: string, port = 0): Promise<{ port: number; close(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () => new Promise((closed) => void server.close(() => closed())),
      });
    });
  });
}

async function startRebinding(): Promise<Rebinding> {
  const counts: Rebinding['counts'] = { inside: 0, outside: [] };
  const trap = net.createServer((socket) => {
    counts.inside += 1;
    socket.destroy();
  });
  const { port } = await open(listening(trap, '127.0.0.1'));
  const issuer = `https://${NAME}:${port}`;
  const server = https.createServer(authority.issue({ hosts: [NAME] }), (req, res) => {
    counts.outside.push(`${req.method} ${req.url}`);
    const endpoints = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` };
    const metadata = { issuer, ...endpoints, registration_endpoint: `${issuer}/register` };
    res.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(metadata));
  });
  await open(listening(server, OUTSIDE, port));
  const provider: Provider = await open(
    startProvider({
      mcpUrl: MCP,
      endpoints: { authorize: `${issuer}/authorize`, token: `${issuer}/token` },
      guard: () => challenge({ resource_metadata: METADATA }),
      routes: { [METADATA]: { resource: MCP, authorization_servers: [issuer] } },
    }),
  );
  const { home } = await open(sharedHome());
  const file = path.join(home, 'authorities.pem');
  writeFileSync(file, readFileSync(provider.env.NODE_EXTRA_CA_CERTS ?? '', 'utf8') + authority.pem);
  const env = {
    ...provider.env,
    NODE_EXTRA_CA_CERTS: file,
    NODE_OPTIONS: `${provider.env.NODE_OPTIONS} --require=${JSON.stringify(PRELOAD)}`,
    REBINDING: JSON.stringify({ name: NAME, address: PUBLIC, outside: OUTSIDE }),
  };
  return { home, env, counts };
}

describe.runIf(process.platform === 'linux')('a name that moves from the internet to this machine', () => {
  it('leads a sign-in to the address that was checked, and then nowhere', async () => {
    const { home, env, counts } = await startRebinding();
    const proxy = startProxy(MCP, [], { home, env });
    await expect(proxy.rpc.initialize('2025-11-25')).rejects.toThrow('an address inside a private network');
    expect(counts).toEqual({ inside: 0, outside: ['GET /.well-known/oauth-authorization-server'] });
  });

  it('leads the doctor to the address that was checked', async () => {
    const { home, env, counts } = await startRebinding();
    const { out } = await run('doctor', [MCP, '--json'], { home, env });
    const { checks } = JSON.parse(out[0] ?? '') as { checks: { id: string; mark: string }[] };
    expect(checks.find(({ id }) => id === 'discovery')?.mark).toBe('ok');
    expect(counts).toEqual({ inside: 0, outside: ['GET /.well-known/oauth-authorization-server'] });
  });
});
