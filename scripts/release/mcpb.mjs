// The bundle for Claude Desktop (https://github.com/anthropics/mcpb): the files of the npm package, run by the Node that
// Claude Desktop contains, and a form for the URL and a header.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../run.mjs';
import { entryOf, zip } from './archive.mjs';
import { packageVersion, repositoryUrl, SUMMARY } from './facts.mjs';

const STARTER = 'server/start.mjs';

export function mcpbManifest() {
  const { engines } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  return {
    manifest_version: '0.3',
    name: 'mcp-proxy',
    display_name: 'mcp-proxy',
    version: packageVersion(),
    description: `${SUMMARY}.`,
    long_description:
      'Uses a remote MCP server as if it ran on this machine. When the server asks for a sign-in, the browser opens once.',
    author: { name: 'the mcp-proxy authors', url: repositoryUrl() },
    repository: { type: 'git', url: repositoryUrl() },
    homepage: repositoryUrl(),
    documentation: `${repositoryUrl()}#readme`,
    support: `${repositoryUrl()}/issues`,
    license: 'MIT',
    // What the server offers is known only once it is connected.
    tools_generated: true,
    prompts_generated: true,
    server: {
      type: 'node',
      entry_point: STARTER,
      mcp_config: {
        command: 'node',
        args: [`\${__dirname}/${STARTER}`],
        env: { MCP_PROXY_BUNDLE_URL: '${user_config.url}', MCP_PROXY_BUNDLE_HEADER: '${user_config.header}' },
      },
    },
    user_config: {
      url: {
        type: 'string',
        title: 'URL of the server',
        description: 'The address of the MCP server, such as https://server.example/mcp',
        required: true,
      },
      header: {
        type: 'string',
        title: 'Header',
        description: 'Only for a server with an API key: a header such as Authorization: Bearer KEY',
        required: false,
        sensitive: true,
        default: '',
      },
    },
    compatibility: { platforms: ['darwin', 'win32', 'linux'], runtimes: { node: engines.node } },
  };
}

/** @returns {Buffer} the bundle */
export function mcpbBundle() {
  const files = [
    'package.json',
    'LICENSE',
    ...under('bin'),
    ...under('dist').filter((name) => !name.endsWith('.d.ts')),
  ];
  return zip([
    { name: 'manifest.json', content: Buffer.from(`${JSON.stringify(mcpbManifest(), null, 2)}\n`) },
    entryOf(path.join(root, 'packaging', 'mcpb', 'start.mjs'), STARTER),
    ...files.map((name) => entryOf(path.join(root, name), `server/${name}`)),
  ]);
}

/** @param {string} folder @returns {string[]} the paths of its files from the root, with slashes, in a fixed order */
function under(folder) {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}
