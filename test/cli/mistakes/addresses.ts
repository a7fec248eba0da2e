// The URL, and other things that users paste in its place.

import { legacyServer } from '../../peers/minimal-server.ts';
import { startScripted } from '../../peers/scripted.ts';
import { certified } from './certificates.ts';
import { type Group, server } from './mistake.ts';

const http = server(() => startScripted('/mcp', legacyServer()));

export const ADDRESSES: Group = {
  title: 'The URL',
  mistakes: [
    { title: 'The URL is missing', command: 'mcp-proxy' },
    { title: 'The URL has no scheme', command: 'mcp-proxy server.example/mcp' },
    { title: 'The URL of a server on this machine has no scheme', command: 'mcp-proxy localhost:3000/mcp' },
    { title: 'The scheme has one slash', command: 'mcp-proxy https:/server.example/mcp' },
    { title: 'The scheme has no colon', command: 'mcp-proxy http//localhost:3000/mcp' },
    { title: 'The scheme is misspelled', command: 'mcp-proxy htps://server.example/mcp' },
    { title: 'The scheme is there twice', command: 'mcp-proxy https://https://server.example/mcp' },
    { title: 'The scheme is that of a WebSocket', command: 'mcp-proxy wss://server.example/mcp' },
    { title: 'The scheme is another one', command: 'mcp-proxy mcp://server.example/mcp' },
    { title: 'The URL is http: and not on this machine', command: 'mcp-proxy http://server.example/mcp' },
    { title: 'The port is not a port', command: 'mcp-proxy https://server.example:84430/mcp' },
    { title: 'The URL is in extra quotes, which are left out', command: `mcp-proxy '"{url}"'`, setUp: http },
    { title: 'The URL is in curly quotes, which are left out', command: 'mcp-proxy “{url}”', setUp: http },
    { title: 'The URL is in angle brackets, which are left out', command: `mcp-proxy '<{url}>'`, setUp: http },
    { title: 'The URL is in backticks, which are left out', command: "mcp-proxy '`{url}`'", setUp: http },
    {
      title: 'The URL is in a Markdown link',
      command: "mcp-proxy '[the server](https://server.example/mcp)'",
    },
    {
      title: 'The URL and a flag are one argument',
      command: `mcp-proxy 'https://server.example/mcp --log-level debug'`,
      typed: 'in the config of a host: "args": ["https://server.example/mcp --log-level debug"]',
    },
    { title: 'The URL is an empty variable', command: 'mcp-proxy ""', typed: '$ mcp-proxy "$SERVER_URL"' },
    {
      title: 'The URL is a variable that the host does not fill in',
      command: `mcp-proxy '\${SERVER_URL}'`,
      typed: 'in the config of a host: "args": ["${SERVER_URL}"]',
    },
    { title: 'There are two URLs', command: 'mcp-proxy https://server.example/mcp https://other.example/mcp' },
    {
      title: 'There are two URLs in a logout',
      command: 'mcp-proxy logout https://server.example/mcp https://other.example/mcp',
    },
    { title: 'The subcommand is behind the URL', command: 'mcp-proxy https://server.example/mcp login' },
    {
      title: 'The scheme is http:, and the port speaks TLS',
      command: 'mcp-proxy {url}',
      setUp: async (workspace) => {
        const peer = await workspace.open(startScripted('/mcp', legacyServer(), certified()));
        return { url: peer.url.replace('https:', 'http:') };
      },
    },
    {
      title: 'The scheme is https:, and the port does not speak TLS',
      command: 'mcp-proxy {url}',
      setUp: async (workspace) => {
        const { url = '' } = (await http(workspace)) as { url: string };
        return { url: url.replace('http:', 'https:') };
      },
    },
    {
      title: 'The path is wrong',
      command: 'mcp-proxy {url}',
      setUp: server(() => startScripted('/mpc', onlyAt('/mcp'))),
    },
    {
      title: 'The path is missing',
      command: 'mcp-proxy {url}',
      setUp: server(() => startScripted('', onlyAt('/mcp'))),
    },
    { title: 'The subcommand is misspelled', command: 'mcp-proxy logn https://server.example/mcp' },
    {
      title: 'The command of mcp-remote is pasted',
      command: 'mcp-proxy mcp-remote https://server.example/mcp',
    },
    {
      title: 'The command of npx is pasted',
      command: 'mcp-proxy npx -y mcp-remote https://server.example/mcp --header "Authorization: Bearer abc123"',
    },
    {
      title: 'The command of mcp-remote is pasted with the path of the program',
      command: 'mcp-proxy node /opt/node_modules/mcp-remote/dist/proxy.js https://server.example/mcp',
    },
    {
      title: 'The command of a local server is pasted',
      command: 'mcp-proxy npx -y @modelcontextprotocol/server-filesystem /',
    },
    {
      title: 'The command of supergateway is pasted',
      command: 'mcp-proxy --stdio "npx -y @modelcontextprotocol/server-filesystem /" --port 8000',
    },
    {
      title: 'The config of a host is pasted',
      command: `mcp-proxy '{"mcpServers": {"example": {"url": "https://server.example/mcp"}}}'`,
    },
    { title: 'An e-mail address is given', command: 'mcp-proxy ada@example.com' },
    { title: 'The path of a file is given', command: 'mcp-proxy ./mcp.json' },
    { title: 'A header is given without -H', command: 'mcp-proxy "Authorization: Bearer abc123"' },
    { title: 'A flag is misspelled', command: 'mcp-proxy https://server.example/mcp --heder "X-Key: abc123"' },
    { title: 'A flag has no value', command: 'mcp-proxy https://server.example/mcp --header' },
    { title: 'A value of a flag is misspelled', command: 'mcp-proxy https://server.example/mcp --transport sse-frist' },
  ],
};

function onlyAt(path: string): ReturnType<typeof legacyServer> {
  const served = legacyServer();
  return (seen, res) => {
    if (seen.path === path) return served(seen, res);
    res.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not Found</h1>');
  };
}
