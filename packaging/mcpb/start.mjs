// Starts the program with what the user has typed into the form of Claude Desktop, which arrives in the environment.
import { fileURLToPath } from 'node:url';

const { MCP_PROXY_BUNDLE_URL: url = '', MCP_PROXY_BUNDLE_HEADER: typed = '' } = process.env;
const args = [url.trim()];
// A field that was left empty may arrive as the placeholder itself.
const header = typed.startsWith('${') ? '' : typed.trim();
if (header !== '') {
  const colon = header.indexOf(':');
  if (colon < 1) {
    // Not shown: it may be the key itself.
    process.stderr.write('mcp-proxy: the header in the settings has no name\nhint: write Authorization: Bearer KEY\n');
    process.exit(2);
  }
  // The value stays in the environment: other users of this machine can read arguments.
  process.env.MCP_PROXY_BUNDLE_HEADER_VALUE = header.slice(colon + 1).trim();
  args.push('--header', `${header.slice(0, colon).trim()}: \${MCP_PROXY_BUNDLE_HEADER_VALUE}`);
}
const program = fileURLToPath(new URL('./bin/mcp-proxy.js', import.meta.url));
process.argv = [process.execPath, program, ...args];
await import(new URL('./bin/mcp-proxy.js', import.meta.url).href);
