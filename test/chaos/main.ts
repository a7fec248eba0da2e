// The bad day as a program.
import { parseArgs } from 'node:util';
import { chaos } from './chaos.ts';
import { replicaChaos } from './replicas/chaos.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { minutes: text, clients: text, seed: text, replicas: text } });
const minutes = Number(values.minutes ?? 60);
const clients = Number(values.clients ?? 20);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const replicas = values.replicas === undefined ? undefined : Number(values.replicas);
if (!(minutes > 0 && clients > 0 && seed >= 0 && (replicas === undefined || replicas >= 2))) {
  process.stderr.write('usage: npm run chaos -- [--minutes 60] [--clients 20] [--seed N] [--replicas 3]\n');
  process.exit(2);
}
const report = (line: string): void => void process.stdout.write(`${line}\n`);
report(`${clients} clients for ${minutes} minutes, seed ${seed}${replicas ? `, ${replicas} replicas` : ''}`);
const options = { minutes, clients, seed, report };
const wrong = await (replicas === undefined ? alone() : replicated(replicas));
process.exitCode = wrong === 0 ? 0 : 1;

async function alone(): Promise<number> {
  const { calls, succeeded, faults, wrong } = await chaos(options);
  report(`${faults} faults, ${calls} calls, ${succeeded} with a result, ${wrong.length} wrong`);
  return wrong.length;
}

async function replicated(replicas: number): Promise<number> {
  const { calls, faults, slowest, wrong } = await replicaChaos({ ...options, replicas });
  report(`calls: ${JSON.stringify(calls)}, the slowest took ${slowest} ms`);
  report(`faults: ${JSON.stringify(faults)}`);
  report(`${wrong.length} wrong`);
  return wrong.length;
}
