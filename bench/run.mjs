// The benchmark: the floor, this program and its rivals side by side in one run.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { nodeOf } from '../scripts/nodes.mjs';
import { installPeers } from '../scripts/peers.mjs';
import { judgeAll } from './budgets.mjs';
import { contestantNames, HTTP, LOCAL, LOCAL_HTTP, contestants as prepare, SEVERAL, STDIO } from './contestants.mjs';
import { OTHER_NODES, writeDocs } from './docs.mjs';
import { crossingDown, crossingUp } from './measures/crossing.mjs';
import { http } from './measures/http.mjs';
import { large } from './measures/large.mjs';
import { firstCalls, latency } from './measures/latency.mjs';
import { load } from './measures/load.mjs';
import { local, localCalls, localHttp } from './measures/local.mjs';
import { published } from './measures/package.mjs';
import { peak } from './measures/peak.mjs';
import { requests } from './measures/requests.mjs';
import { rest } from './measures/rest.mjs';
import { scaling } from './measures/scaling.mjs';
import { several, severalCalls } from './measures/several.mjs';
import { start } from './measures/start.mjs';
import { startNodes } from './measures/start-nodes.mjs';
import { killAll } from './program.mjs';
import { asText, failures, table } from './report.mjs';
import { Results } from './results.mjs';
import { startUpstream } from './server-process.mjs';

const measures = [
  start,
  startNodes,
  firstCalls,
  latency,
  load,
  large,
  requests,
  peak,
  rest,
  crossingUp,
  published,
  http,
  crossingDown,
  scaling,
  localCalls,
  local,
  localHttp,
  severalCalls,
  several,
];

const USAGE = `usage: npm run bench -- [flags]
  --quick         few repetitions, no rivals
  --only NAME     a measure (${measures.map(({ name }) => name).join(', ')})
                  or a contestant next to the floor (${contestantNames.join(', ')}); repeatable
  --rounds N      how often everything is repeated (5; with --quick 1)
  --node MAJOR    the Node that all of them run on, from npm; without rivals
  --json FILE     write every figure of every round
  --write-docs    rewrite docs/performance.md from this run; with --node ${OTHER_NODES.join(' or ')}, the page of that Node
  --replicas      what replicas cost, instead; with --write-docs, it writes to docs/replicas.md
  --strict        exit 1 when a budget is missed
`;

function options() {
  const flag = { type: 'boolean', default: false };
  const { values } = parseArgs({
    options: {
      quick: flag,
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      node: { type: 'string' },
      json: { type: 'string' },
      'write-docs': flag,
      replicas: flag,
      strict: flag,
      help: flag,
    },
  });
  const only = new Set(values.only.flatMap((names) => names.split(',')));
  const known = [...measures.map(({ name }) => name), ...contestantNames];
  for (const name of only)
    if (!known.includes(name)) throw new Error(`--only ${JSON.stringify(name)}: none of ${known.join(', ')}`);
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds ${JSON.stringify(values.rounds)}: not a number of rounds`);
  if (values['write-docs'] && values.node !== undefined && !OTHER_NODES.includes(values.node))
    throw new Error(`--node ${values.node} has no page; ${OTHER_NODES.join(' and ')} have one`);
  const chosenMeasures = measures.filter(({ name }) => only.has(name));
  const names = new Set(contestantNames.filter((name) => only.has(name)));
  return {
    ...values,
    rounds,
    measures: chosenMeasures.length ? chosenMeasures : measures,
    names: names.size ? names : undefined,
  };
}

const versionOf = (node) => execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();

const machine = (node) => {
  const cpus = os.cpus();
  return `${cpus[0]?.model.trim() ?? os.arch()}, ${cpus.length} cores, ${os.platform()} ${os.arch()}, Node ${versionOf(node)}`;
};

const loadAverage = () => os.loadavg()[0].toFixed(1);

/** What one kind of client sees: the measures, and who takes part in them. */
function sectionsOf({ measures: chosen, quick, names, node: other }, node) {
  // What the programs from npm cost on another Node is their authors' matter.
  const contestants = prepare({ names, withRivals: !quick && other === undefined, node });
  const section = (mode, title) => ({
    title,
    measures: chosen.filter((measure) => (measure.mode ?? STDIO) === mode),
    contestants: contestants.filter((contestant) => contestant.mode === mode),
  });
  return [
    section(STDIO, 'stdio mode'),
    section(HTTP, 'HTTP mode'),
    section(LOCAL, 'a local server, stdio mode'),
    section(LOCAL_HTTP, 'a local server, HTTP mode'),
    section(SEVERAL, 'servers of a file, stdio mode'),
  ].filter(({ measures }) => measures.length > 0);
}

async function run({ sections, rounds, quick }) {
  const results = new Results();
  for (const { measures } of sections) for (const { metrics } of measures) results.addMetrics(metrics);
  const upstream = await startUpstream();
  try {
    for (let round = 0; round < rounds; round++) {
      for (const { measures, contestants } of sections) {
        for (const { name, once, repeats = 1, metrics, run: measure } of measures) {
          if (once && round > 0) continue;
          process.stderr.write(`bench: round ${round + 1} of ${rounds}: ${name}\n`);
          for (let i = 0; i < (quick ? 1 : repeats); i++)
            results.add(metrics, await measure({ contestants, url: upstream.url, round: round + i, rounds, quick }));
        }
      }
    }
  } finally {
    await upstream.stop();
  }
  return results;
}

async function main() {
  let chosen;
  try {
    chosen = options();
  } catch (error) {
    process.stderr.write(`bench: ${error.message}\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (chosen.help) return void process.stdout.write(USAGE);

  if (chosen.replicas) {
    for (const line of await installPeers()) process.stderr.write(`${line}\n`);
    const { benchReplicas } = await import('./replicas/run.mjs');
    const date = new Date().toISOString().slice(0, 10);
    return benchReplicas({
      date,
      machine: machine(process.execPath),
      json: chosen.json,
      writeDocs: chosen['write-docs'],
    });
  }

  const loadBefore = loadAverage();
  const node = chosen.node === undefined ? process.execPath : await nodeOf(chosen.node);
  const sections = sectionsOf(chosen, node);
  const results = await run({ ...chosen, sections });
  const reports = sections.map(({ title, measures, contestants }) => {
    const names = contestants.map(({ name }) => name);
    const metrics = measures.flatMap((measure) => measure.metrics);
    return {
      title,
      contestants,
      figures: table(results, metrics, names),
      failed: failures(results, metrics, names),
    };
  });
  const verdicts = judgeAll(results);
  const date = new Date().toISOString().slice(0, 10);
  // The run itself makes load; only what was there before it says that others disturbed.
  const facts = {
    date,
    machine: machine(node),
    rounds: chosen.rounds,
    load: `${loadBefore} before, ${loadAverage()} after`,
  };

  process.stdout.write(
    `${date}, ${facts.machine}, ${chosen.rounds} ${chosen.rounds === 1 ? 'round' : 'rounds'}, load average ${facts.load}\n\n`,
  );
  for (const { title, figures, failed } of reports) {
    process.stdout.write(`${title}\n${asText(figures)}\n\n`);
    for (const line of failed) process.stdout.write(`${line}\n`);
    if (failed.length) process.stdout.write('\n');
  }
  for (const { verdict, text, figures: seen } of verdicts)
    process.stdout.write(`${verdict.padEnd(12)}  ${text}: ${seen}\n`);

  if (chosen.json)
    writeFileSync(chosen.json, `${JSON.stringify({ ...facts, ...results.toJSON(), verdicts }, null, 2)}\n`);
  if (chosen['write-docs']) writeDocs({ ...facts, node: chosen.node, reports, verdicts });
  if (chosen.strict && verdicts.some(({ verdict }) => verdict === 'MISSED')) process.exitCode = 1;
}

process.on('exit', killAll);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
await main();
