#!/usr/bin/env node
// Checks the Node version before anything else is loaded: an old Node would
// otherwise fail on syntax, with a message that helps nobody.
const { node } = process.versions;
const [major = 0, minor = 0] = node.split('.').map(Number);
const isOld = major < 20 || (major === 20 && minor < 19);
// 21 and 22.0 to 22.2 are newer, but lack what 20.16 and 22.3 brought.
if (isOld || !process.getBuiltinModule) {
  const except = isOld ? '' : ', except 21 and 22.0 to 22.2';
  process.stderr.write(
    `mcp-proxy: needs Node 20.19 or newer${except}, this is ${node}. Point your host's config at a newer node.\n`,
  );
  process.exit(78);
}
const { enableCompileCache } = process.getBuiltinModule('node:module');
if (enableCompileCache) (await import('../dist/compile-cache.js')).keepCompiledCode(enableCompileCache);
const { main } = await import('../dist/mcp-proxy.js');
main();
