// The run as a program.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { closeProxies, privateHome } from '../peers/proxy.ts';
import { whileAway } from './away.ts';
import { hasRust, install } from './install.ts';
import { localServersOf, pairsWith, pairsWithLocal, serversOf } from './pairs.ts';
import type { Era } from './peers.ts';
import { forTerminal, writeDocs } from './report.ts';
import type { Result } from './results.ts';
import { rust } from './rust.ts';
import { SIGN_IN_SERVERS, signIn } from './sign-in.ts';

const USAGE = `usage: npm run foreign -- [flags]
  --only REGEX    only jobs whose name matches, such as "sign-in python-1", "features go modern", "away legacy"
  --write-docs    writes docs/compatibility.md; needs all jobs
`;

/** Jobs at a time. */
const JOBS = 4;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    'write-docs': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
if (options.only !== '' && options['write-docs']) {
  process.stderr.write(`--write-docs needs all jobs: leave out --only\n`);
  process.exit(2);
}
if (options['write-docs'] && !hasRust()) {
  process.stderr.write(`--write-docs needs all jobs: install cargo\n`);
  process.exit(2);
}

// Ends this process in a way that ends all it has started.
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => process.exit(status));
}

const home = privateHome();
process.once('exit', () => rmSync(home, { recursive: true, force: true }));
const note = (text: string): void => void process.stderr.write(`${text} …\n`);

const jobs: [string, () => Promise<Result[]>][] = [
  ...SIGN_IN_SERVERS.map((server): [string, () => Promise<Result[]>] => [
    `sign-in ${server}`,
    () => signIn(server, home),
  ]),
  ...(['legacy', 'modern'] as const).flatMap((era: Era): [string, () => Promise<Result[]>][] => [
    [`away ${era}`, () => whileAway(era, home)],
    ...serversOf(era).map((server): [string, () => Promise<Result[]>] => [
      `features ${server} ${era}`,
      () => pairsWith(server, era, home),
    ]),
    ...(hasRust() ? [[`rust ${era}`, () => rust(era, home)] as [string, () => Promise<Result[]>]] : []),
    ...localServersOf(era).map((server): [string, () => Promise<Result[]>] => [
      `local ${server} ${era}`,
      () => pairsWithLocal(server, era, home),
    ]),
  ]),
];

if (!hasRust()) process.stderr.write('cargo is not on the PATH: leaving out the server on the Rust SDK\n');

const results: Result[] = [];
async function work(): Promise<void> {
  for (let job = queue.shift(); job; job = queue.shift()) {
    const [name, run] = job;
    note(name);
    try {
      results.push(...(await run()));
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      results.push({ part: name, client: '', server: '', era: '', way: '', check: name, fault });
    }
  }
}

const wanted = new RegExp(options.only);
const queue = jobs.filter(([name]) => wanted.test(name));
try {
  await install(note);
  await Promise.all(Array.from({ length: JOBS }, work));
  await closeProxies();
  process.stdout.write(`${forTerminal(results)}\n`);
  if (options['write-docs']) writeDocs(results, path.resolve('docs', 'compatibility.md'));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
const failed = results.filter(({ fault }) => fault !== undefined).length;
process.stdout.write(`${results.length - failed} passed, ${failed} failed\n`);
if (failed > 0 || results.length === 0) process.exitCode = 1;
