// `npm start`: the demo. `npm start -- --demo oauth`: the demo of a sign-in. `npm start -- <url> [flags]`: the proxy
// itself, which then owns stdin and stdout. npm prints two lines on stdout before any script runs, so a host needs `npm
// start --silent -- <url>`.
import { become, ready } from './setup.mjs';

const DEMOS = new Map([
  ['', 'examples/demo.mjs'],
  ['oauth', 'examples/oauth-demo.mjs'],
]);

const [first = '--demo', ...rest] = process.argv.slice(2);
const [flag, inline] = first.split(/=(.*)/s);
if (flag !== '--demo') {
  await ready();
  await become('bin/mcp-proxy.js', [first, ...rest]);
} else {
  const name = inline ?? rest[0] ?? '';
  const demo = DEMOS.get(name);
  if (demo === undefined) {
    process.stderr.write(`there is no demo ${JSON.stringify(name)}\nhint: npm start -- --demo oauth\n`);
    process.exit(2);
  }
  await ready();
  await become(demo, inline === undefined ? rest.slice(1) : rest);
}
