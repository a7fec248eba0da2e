// `npm run bench -- --replicas`: one process alone, then one, two and four replicas with a store, one after the other.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { asMarkdown, asText } from '../report.mjs';
import { startUpstream } from '../server-process.mjs';
import { measure } from './measure.mjs';
import { startStore } from './store.mjs';

const DOCS = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'replicas.md');
const [BEGIN, END] = ['<!-- size: npm run bench -- --replicas --write-docs -->', '<!-- end of the size -->'];

/** @param facts the day and the machine */
export async function benchReplicas({ date, machine, json, writeDocs }) {
  const upstream = await startUpstream();
  const home = mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-bench-'));
  const all = [];
  try {
    for (const [count, shared] of [
      [1, false],
      [1, true],
      [2, true],
      [4, true],
    ]) {
      process.stderr.write(`bench: ${titleOf({ count, shared })}\n`);
      const store = shared ? await startStore() : undefined;
      try {
        all.push(await measure({ count, store, upstream: upstream.url, home }));
      } finally {
        await store?.stop();
      }
    }
  } finally {
    await upstream.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
  const table = tableOf(all);
  process.stdout.write(`${date}, ${machine}\n\n${asText(table)}\n`);
  if (json) writeFileSync(json, `${JSON.stringify({ date, machine, all }, null, 2)}\n`);
  if (writeDocs) write(`${asMarkdown(table)}\n\nMeasured on ${date}: ${machine}.`);
}

const titleOf = ({ count, shared }) => (shared ? `${count} with a store` : 'alone');

const number = (value, digits = 0) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function tableOf(all) {
  const row = (title, figure) => [title, ...all.map((each) => (figure(each) === undefined ? '–' : figure(each)))];
  const ofCalls = (name, kind) => [
    row(`${name}: calls a second`, (each) => number(each[kind].rate)),
    row(`${name}: CPU a call, all replicas, µs`, (each) => number(each[kind].cpu)),
    row(`${name}: CPU a call, store, µs`, (each) => (each.shared ? number(each[kind].storeCpu, 1) : undefined)),
    row(`${name}: a call, p50, ms`, (each) => number(each[kind].p50, 1)),
  ];
  return {
    head: ['', ...all.map(titleOf)],
    rows: [
      ...ofCalls('sessions', 'legacy'),
      ...ofCalls('2026-07-28', 'modern'),
      row('a session, all replicas, KB', ({ sessions }) => number(sessions.memory / 1e3, 1)),
      row('a session, store, KB', ({ shared, sessions }) =>
        shared ? number(sessions.storeMemory / 1e3, 1) : undefined,
      ),
      row('an idle replica, MB', ({ idleMemory }) => number(idleMemory / 1e6)),
      row('commands a second at the store, all idle', ({ idleCommands }) =>
        idleCommands === undefined ? undefined : number(idleCommands),
      ),
    ],
  };
}

function write(text) {
  const page = readFileSync(DOCS, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${DOCS} has no place for the figures`);
  writeFileSync(DOCS, `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`);
}
