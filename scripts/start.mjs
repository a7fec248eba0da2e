// `npm start`: the demo. `npm start -- --demo oauth`: the demo of a sign-in. `npm start -- <url> [flags]`: the proxy itself, which
// then owns stdin and stdout. npm prints two lines of its own on stdout before
// any script runs; a host that speaks to it needs `npm start --silent -- <url>`.
import { become, ready } from './setup.mjs';

const args = process.argv.slice(2);
await ready();
if (args[0] === '--demo' && args[1] === 'oauth') await become('examples/oauth-demo.mjs', args.slice(2));
else if (args.length === 0 || args[0] === '--demo') await become('examples/demo.mjs', args.slice(1));
else await become('bin/mcp-proxy.js', args);
