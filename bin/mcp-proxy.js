#!/usr/bin/env node
// Checks the Node version before anything else is loaded: an old Node would
// otherwise fail on syntax, with a message that helps nobody.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `mcp-proxy: needs Node 20.19 or newer, this is ${process.versions.node}. Point your host's config at a newer node.\n`,
  );
  process.exit(78);
}
const { main } = await import('../dist/mcp-proxy.js');
main();
