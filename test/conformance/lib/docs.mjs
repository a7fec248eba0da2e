// docs/conformance.md, written whole from a run so that its tables cannot drift from what was seen.
import fs from 'node:fs';
import { exemption, INNERS, readExpected, SPECS } from './expectations.mjs';
import { DOCS_FILE } from './project.mjs';
import { readExpectedServer } from './server-expectations.mjs';
import { PROCESS } from './server-mode.mjs';
import { suiteVersion } from './suite.mjs';
import { DIRECT, THROUGH } from './ways.mjs';

const WAYS = [DIRECT, ...THROUGH];
const NOTHING = '–';

const line = (cells) => `| ${cells.join(' | ')} |`;

function table(head, rows) {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

const passedOf = (rows) => rows.filter(({ status }) => status === 'PASS').length;
const share = (rows) => (rows.length === 0 ? NOTHING : `${passedOf(rows)}/${rows.length}`);
const checksOf = (rows) => rows.reduce((sum, { succeeded }) => sum + succeeded.length, 0);

function serverTotals(rows, specs) {
  const cells = (spec) =>
    WAYS.map((way) => {
      const its = rows.filter((row) => row.spec === spec && row.way === way);
      return its.length === 0 ? NOTHING : `${share(its)} (${checksOf(its)} checks)`;
    });
  return table(
    ['revision', ...WAYS],
    specs.map((spec) => [spec, ...cells(spec)]),
  );
}

/** One cell: what each way has made of a scenario at a revision. */
function everyWay(rows, expected) {
  if (rows.length === 0) return NOTHING;
  return WAYS.map((way) => {
    const row = rows.find((candidate) => candidate.way === way);
    if (!row) return NOTHING;
    if (row.status === 'PASS') return String(row.succeeded.length);
    return exemption(expected, row) ? row.status.toLowerCase() : `**${row.status}**`;
  }).join(' · ');
}

function serverTable(rows, specs, expected) {
  const names = [...new Set(rows.map(({ name }) => name))].sort();
  const ofName = (name) =>
    specs.map((spec) =>
      everyWay(
        rows.filter((row) => row.name === name && row.spec === spec),
        expected,
      ),
    );
  return table(
    ['scenario', ...specs],
    names.map((name) => [name, ...ofName(name)]),
  );
}

/** Each reason once, with how many cells it stands for. */
function reasons(cells, exemptionOf) {
  const counts = new Map();
  for (const cell of cells) {
    const exempt = exemptionOf(cell);
    if (!exempt) continue;
    const key = `${exempt.kind}; ${exempt.reason}`;
    counts.set(key, [...(counts.get(key) ?? []), cell.name]);
  }
  return [...counts].map(([key, names]) => {
    const different = [...new Set(names)];
    const shown = different.length > 6 ? `${different.length} scenarios` : different.join(', ');
    return `- ${shown}: ${key}`;
  });
}

function clientTable(rows) {
  const cell = (spec, inner) => share(rows.filter((row) => row.spec === spec && row.inner === inner));
  return table(
    ['revision', ...INNERS],
    SPECS.map((spec) => [spec, ...INNERS.map((inner) => cell(spec, inner))]),
  );
}

/** `server` and `client` are what the two gates have seen. */
export function writeDocs({ server, client }) {
  const expectedServer = readExpectedServer();
  const expectedClient = readExpected();
  const rows = server.rows.filter(({ name }) => name !== PROCESS);
  const specs = [...new Set(rows.map(({ spec }) => spec))].sort();
  const date = new Date().toISOString().slice(0, 10);
  const place = `Node ${process.versions.node}, ${process.platform} ${process.arch}`;
  const lines = [
    '# Conformance',
    '',
    'Written by `npm run conformance -- --write-docs`; run it again rather than editing this page.',
    '',
    `**${date}** with [\`@modelcontextprotocol/conformance\`](https://www.npmjs.com/package/@modelcontextprotocol/conformance) ${suiteVersion()}, the official suite, on ${place}.`,
    '`npm test` holds every change to what this page shows: what passes without the proxy passes through it.',
    '',
    '## The proxy as a server',
    '',
    'The suite is the client, and `mcp-proxy URL --listen` is the server under test. Behind the proxy is a server on the official SDKs: v1 with sessions for the revisions that open with `initialize`, v2 for 2026-07-28. Each cell: scenarios that passed, of those that the suite has for the revision.',
    '',
    serverTotals(rows, specs),
    '',
    '- **direct**: without the proxy; this is the reference',
    '- **per-client**: through the proxy, with its default settings',
    '- **shared**: through the proxy with `--upstream-session shared`',
    '- **local**: through the proxy in front of the same server on stdio, which it starts',
    '- **other-era**: through the proxy in front of the server of the other era, so that every request crosses',
    '',
    'Scenario by scenario, the number of checks that succeeded: direct · per-client · shared · local · other-era. The suite makes fewer checks of a server that answers with JSON than of one that answers with a stream of events. A word in lower case is an exception; the list below the table explains it.',
    '',
    serverTable(rows, specs, expectedServer),
    '',
    ...reasons(server.cells, (cell) => exemption(expectedServer, cell)),
    '',
    '## The proxy as a client',
    '',
    'The suite is the server and, if a scenario signs in, the authorization server. `mcp-proxy URL` is the client under test, and an MCP host on the official SDK speaks to it over stdio. Each cell: scenarios that passed, of those that must pass, by how the host opens.',
    '',
    clientTable(client.rows),
    '',
    '- **legacy**: sends `initialize`',
    '- **modern**: asks `server/discover` and falls back to `initialize`',
    '- **sibling**: asks `server/discover` of a second, disposable process first',
    '- **pin**: speaks 2026-07-28 and nothing else',
    '',
    'These scenarios are not counted, for the reason given:',
    '',
    ...reasons(client.cells, (cell) => exemption(expectedClient, cell)),
    '',
    '## Reproduce',
    '',
    '```sh',
    'npm ci && npm run build',
    'npm run conformance                     # both modes, some minutes; installs the suite on first use',
    'npm run conformance -- --mode server    # one of them',
    'node test/conformance/run-server.mjs --help',
    'node test/conformance/run.mjs --help',
    '```',
    '',
    'How the runs are built, and what to do when one fails: [test/conformance](../test/conformance/README.md).',
    '',
  ];
  fs.writeFileSync(DOCS_FILE, lines.join('\n'));
  return DOCS_FILE;
}
