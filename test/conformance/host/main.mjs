// The client that the suite believes to be under test. It starts the proxy as a host would, speaks MCP to it over
// stdio with the official SDK, and makes the moves the scenario expects. It has no HTTP of its own, so whatever the
// suite's server sees on the wire was produced by the proxy.
//
//   argv              the scenario server's URL, appended by the suite
//   MCP_CONFORMANCE_* from the suite: scenario, context, protocol version
//   HARNESS           from lib/scenario.mjs, JSON: { command, inner, folder, deadline, browserDelay }
import fs from 'node:fs';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { scenarioFlags } from './flags.mjs';
import { moves } from './moves.mjs';
import { openTransport } from './transport.mjs';

const MODERN = '2026-07-28';
const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

const url = process.argv[2];
const scenario = process.env.MCP_CONFORMANCE_SCENARIO;
const version = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION;
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const { command, inner, folder, deadline, browserDelay } = JSON.parse(process.env.HARNESS);
const request = { timeout: Math.round(deadline * 0.8) };

const started = Date.now();
function log(...words) {
  const text = words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' ');
  fs.appendFileSync(path.join(folder, 'client.log'), `${Date.now() - started} ms  ${text}\n`);
}

function clientOptions(capabilities) {
  if (inner !== 'legacy') {
    return { capabilities, versionNegotiation: { mode: inner === 'pin' ? { pin: MODERN } : 'auto' } };
  }
  const others = LEGACY.filter((revision) => revision !== version);
  return { capabilities, supportedProtocolVersions: LEGACY.includes(version) ? [version, ...others] : LEGACY };
}

let client;
async function connect({ capabilities = {}, prepare } = {}) {
  client = new Client({ name: 'conformance-host', version: '1.0.0' }, clientOptions(capabilities));
  prepare?.(client);
  const flags = scenarioFlags(scenario, context, folder);
  await client.connect(openTransport({ command, flags, url, inner, folder, browserDelay, log }), request);
  log('connected:', client.getProtocolEra(), client.getNegotiatedProtocolVersion());
}

const session = {
  connect,
  context,
  log,
  get client() {
    return client;
  },
  request,
  tools: async () => (await client.listTools(undefined, request)).tools,
  call: (name, args = {}) => client.callTool({ name, arguments: args }, request),
};

async function end(code, error) {
  if (error) fs.writeFileSync(path.join(folder, 'client.error'), error);
  const from = Date.now();
  await client?.close().catch((failure) => log('close:', String(failure)));
  log(`closed in ${Date.now() - from} ms`);
  process.exit(code);
}

const timer = setTimeout(() => end(1, `no end within ${deadline} ms`), deadline);
try {
  if (!moves[scenario]) throw new Error(`no move is written for ${scenario}`);
  await moves[scenario](session);
  clearTimeout(timer);
  await end(0);
} catch (error) {
  clearTimeout(timer);
  log('failed:', error?.stack ?? String(error));
  await end(1, String(error?.message ?? error));
}
