// The results, for the terminal and as docs/compatibility.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { matrixIn } from '../parity/matrix/page.ts';
import { FEATURES, MISSING } from './features.ts';
import { versions } from './install.ts';
import { clientsOf, localServersOf, serversOf } from './pairs.ts';
import type { Era } from './peers.ts';
import { type Result, resultsOf } from './results.ts';
import { RUST_CHECKS, RUST_CLIENTS } from './rust.ts';
import { SIGN_IN_CHECKS, SIGN_IN_SERVERS } from './sign-in.ts';

const ERAS: readonly Era[] = ['legacy', 'modern'];
const ERA_NAMES: Record<Era, string> = { legacy: 'sessions, 2025-11-25', modern: '2026-07-28' };
const PACKAGES: Record<string, string> = {
  'python-1': 'Python `mcp`',
  'python-2': 'Python `mcp`',
  'fastmcp-3': 'Python `fastmcp`',
  'fastmcp-4': 'Python `fastmcp`',
  go: 'Go `github.com/modelcontextprotocol/go-sdk`',
  rust: 'Rust `rmcp`',
};

const NOT_RUN = 'not run';

const share = (results: readonly Result[]): string => {
  const passed = results.filter(({ fault }) => fault === undefined).length;
  return results.length === 0 ? NOT_RUN : `${passed}/${results.length}`;
};

type Row = readonly string[];

/** How many features of each pair are the same through the proxy: over stdio · over HTTP. */
function pairRows(results: readonly Result[], era: Era, part = 'features', servers = serversOf(era)): Row[] {
  const cell = (client: string, server: string): string =>
    ['stdio', 'http'].map((way) => share(resultsOf(results, { part, client, server, era, way }))).join(' · ');
  return [
    [part === 'local' ? `local servers, ${ERA_NAMES[era]}` : ERA_NAMES[era], ...servers],
    ...clientsOf(era).map((client) => [client, ...servers.map((server) => cell(client, server))]),
  ];
}

const localRows = (results: readonly Result[], era: Era): Row[] => pairRows(results, era, 'local', localServersOf(era));

function featureRows(results: readonly Result[], era: Era): Row[] {
  const cell = (check: string, server: string): string => {
    const its = resultsOf(results, { part: 'features', check, server, era });
    if (its.length === 0) return NOT_RUN;
    if (its.some(({ fault }) => fault !== undefined)) return share(its);
    return its.some(({ missing }) => missing) ? '–' : 'yes';
  };
  return [
    [`feature, ${ERA_NAMES[era]}`, ...serversOf(era)],
    ...FEATURES.map(({ name }) => [name, ...serversOf(era).map((server) => cell(name, server))]),
  ];
}

function awayRows(results: readonly Result[]): Row[] {
  const checks = [...new Set(resultsOf(results, { part: 'away' }).map(({ check }) => check))];
  const cell = (client: string, era: string, check: string): string =>
    ['stdio', 'http'].map((way) => share(resultsOf(results, { part: 'away', client, era, way, check }))).join(' · ');
  return [
    ['server away', ...checks],
    ...ERAS.flatMap((era) =>
      clientsOf(era).map((client) => [
        `${client}, ${ERA_NAMES[era]}`,
        ...checks.map((check) => cell(client, era, check)),
      ]),
    ),
  ];
}

/** What each client gets of a server on the Rust SDK: over HTTP · as a local one. */
function rustRows(results: readonly Result[], era: Era): Row[] {
  const cell = (client: string, check: string): string => {
    const its = resultsOf(results, { part: 'rust', client, era, check });
    if (its.length === 0) return resultsOf(results, { part: 'rust', era }).length > 0 ? '–' : NOT_RUN;
    return ['http', 'stdio'].map((way) => share(resultsOf(its, { way }))).join(' · ');
  };
  return [
    [`client, server of ${ERA_NAMES[era]}`, ...RUST_CHECKS.map(({ name }) => name)],
    ...RUST_CLIENTS.map(({ name }) => [name, ...RUST_CHECKS.map((check) => cell(name, check.name))]),
  ];
}

function signInRows(results: readonly Result[]): Row[] {
  const cell = (server: string, check: string): string => share(resultsOf(results, { part: 'sign-in', server, check }));
  return [
    ['authorization server', ...SIGN_IN_CHECKS],
    ...SIGN_IN_SERVERS.map((server) => [server, ...SIGN_IN_CHECKS.map((check) => cell(server, check))]),
  ];
}

const wasRun = ([, ...rows]: readonly Row[]): boolean =>
  rows.some(([, ...cells]) => cells.some((cell) => !/^(not run( · )?)+$/.test(cell)));

function aligned(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function forTerminal(results: readonly Result[]): string {
  const tables = [
    ...ERAS.map((era) => pairRows(results, era)),
    ...ERAS.map((era) => localRows(results, era)),
    ...ERAS.map((era) => featureRows(results, era)),
    ...ERAS.map((era) => rustRows(results, era)),
    awayRows(results),
    signInRows(results),
  ].filter(wasRun);
  const faults = results
    .filter(({ fault }) => fault !== undefined)
    .map(({ part, client, server, era, way, check, fault }) =>
      part === 'sign-in'
        ? `FAILED ${check} at ${server}: ${fault}`
        : `FAILED ${check}, ${client} over ${way} to ${server} (${era}): ${fault}`,
    );
  return [...tables.map(aligned), faults.join('\n')].filter(Boolean).join('\n\n');
}

function markdown([head = [], ...rows]: readonly Row[]): string {
  const line = (row: Row): string => `| ${row.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function writeDocs(results: readonly Result[], file: string): void {
  const peers = Object.entries(versions()).map(([name, version]) => [name, PACKAGES[name] ?? '', version]);
  const missing = MISSING.map(
    ({ server, era, features, why }) =>
      `- ${server}${era ? ` (${ERA_NAMES[era]})` : ''}: ${features.join(', ')}; ${why}`,
  );
  const sections = [
    '# Compatibility',
    '`npm run matrix` writes the part about transports and eras, and `npm test` checks that it is true. `npm run foreign -- --write-docs` writes the rest. Run them again rather than editing this page.',
    matrixIn(readFileSync(file, 'utf8')) ?? '',
    '## Other SDKs',
    `**${new Date().toISOString().slice(0, 10)}**, Node ${process.versions.node}, ${process.platform} ${process.arch}. The peers of the rest of this page:`,
    markdown([['name here', 'package', 'version'], ...peers]),
    '### Pairs',
    'Each client uses every feature below, directly and through the proxy. A feature counts when both give the same result. Each cell: the proxy over stdio · its HTTP mode.',
    ...ERAS.map((era) => markdown(pairRows(results, era))),
    'The same with servers on stdio, which the client starts itself or the proxy starts for it:',
    ...ERAS.map((era) => markdown(localRows(results, era))),
    'A client of one era with a server of the other is not among the pairs; [revisions.md](revisions.md) says what crosses between them.',
    '### Features',
    ...ERAS.map((era) => markdown(featureRows(results, era))),
    'A dash marks what the server does not have. The proxy must pass on how the server says so:',
    missing.join('\n'),
    '### Rust: tasks and questions',
    'Raw clients of both eras in front of a server on the Rust SDK, which has the tasks extension of 2026-07-28. The bridge serves clients that have no tasks; a client of 2026-07-28 without tasks gets the refusal of the server (-32021). Each cell: the server over HTTP · as a local server. A dash marks what the server or the client does not have.',
    ...ERAS.map((era) => markdown(rustRows(results, era))),
    '### A server that is away for one call',
    'The client must get one JSON-RPC error for that call, and the next call in the same session must succeed. Each cell: the proxy over stdio · its HTTP mode.',
    markdown(awayRows(results)),
    '### Signing in',
    'At the authorization server that the SDK or FastMCP itself provides, with no flag given to the proxy: the first sign-in, a call after the access token has become invalid, another start of the program, and `mcp-proxy logout`.',
    markdown(signInRows(results)),
  ];
  writeFileSync(file, `${sections.join('\n\n')}\n`);
}
