// Names, connections, and the outbound proxy.
import { INSIDE, NAMES } from '../../peers/names.ts';
import { startOutboundProxy } from '../../peers/outbound-proxy.ts';
import type { Filled, Group } from './mistake.ts';
import type { Workspace } from './workspace.ts';

const URL = `https://${INSIDE}/mcp`;
const { nodeArgs } = NAMES;

async function deadProxy(workspace: Workspace): Promise<Filled> {
  return { proxy: `http://127.0.0.1:${await workspace.freePort()}` };
}

/** A proxy that refuses every connection. */
const refusing = (status: number, body: string) => async (workspace: Workspace) => {
  const { url } = await workspace.open(startOutboundProxy({ refuse: { status, body } }));
  return { proxy: url };
};

export const NETWORK: Group = {
  title: 'The network',
  mistakes: [
    { title: 'The host name does not exist', command: `mcp-proxy ${URL}`, nodeArgs },
    {
      title: 'The server is not running, or the port is wrong',
      command: 'mcp-proxy http://127.0.0.1:{port}/mcp',
      setUp: async (workspace) => ({ port: String(await workspace.freePort()) }),
    },
    {
      title: 'The proxy variable is set, and --enable-proxy is not given',
      command: `HTTPS_PROXY={proxy} mcp-proxy ${URL}`,
      setUp: deadProxy,
      nodeArgs,
    },
    {
      title: '--enable-proxy is given, and no proxy variable is set',
      command: `mcp-proxy ${URL} --enable-proxy`,
      nodeArgs,
    },
    {
      title: 'The proxy variable is that of the other scheme',
      command: `HTTP_PROXY={proxy} mcp-proxy ${URL} --enable-proxy`,
      setUp: deadProxy,
      nodeArgs,
    },
    {
      title: 'NO_PROXY excludes the server',
      command: `HTTPS_PROXY={proxy} NO_PROXY=.test mcp-proxy ${URL} --enable-proxy`,
      setUp: deadProxy,
      nodeArgs,
    },
    {
      title: 'The proxy is dead',
      command: `HTTPS_PROXY={proxy} mcp-proxy ${URL} --enable-proxy`,
      setUp: deadProxy,
      nodeArgs,
    },
    {
      title: 'The proxy is a SOCKS proxy',
      command: `HTTPS_PROXY=socks5://127.0.0.1:1080 mcp-proxy ${URL} --enable-proxy`,
      nodeArgs,
    },
    {
      title: 'The proxy is a SOCKS proxy, and --enable-proxy is not given',
      command: `ALL_PROXY=socks5://127.0.0.1:1080 mcp-proxy ${URL}`,
      nodeArgs,
    },
    {
      title: 'The proxy variable is not a URL',
      command: `HTTPS_PROXY='http://proxy example:3128' mcp-proxy ${URL} --enable-proxy`,
      nodeArgs,
    },
    {
      title: 'The proxy asks for a password',
      command: `HTTPS_PROXY={proxy} mcp-proxy ${URL} --enable-proxy`,
      setUp: refusing(407, 'Proxy Authentication Required'),
      nodeArgs,
    },
    {
      title: 'The proxy does not lead to this server',
      command: `HTTPS_PROXY={proxy} mcp-proxy ${URL} --enable-proxy`,
      setUp: refusing(403, 'Blocked by policy'),
      nodeArgs,
    },
  ],
};
