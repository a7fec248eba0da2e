// The soak as a program.
import { parseArgs } from 'node:util';
import { soak } from './soak.ts';

const USAGE = `usage: npm run soak -- [flags]
  --minutes N   how long (60)
  --clients N   how many at the same time (200)
  --seed N      what they do (the time of day)
`;

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { minutes: text, clients: text, seed: text, help: { type: 'boolean', default: false } },
});

function number(name: 'minutes' | 'clients' | 'seed', fallback: number): number {
  const value = Number(values[name] ?? fallback);
  if (value > 0) return value;
  process.stderr.write(`--${name} ${JSON.stringify(values[name])}: not a number above 0\n${USAGE}`);
  process.exit(2);
}

if (values.help) {
  process.stdout.write(USAGE);
} else {
  const options = {
    minutes: number('minutes', 60),
    clients: Math.round(number('clients', 200)),
    seed: Math.round(number('seed', Date.now() % 1_000_000)),
  };
  const report = (line: string): void => void process.stdout.write(`${line}\n`);
  report(`${options.clients} clients for ${options.minutes} minutes, seed ${options.seed}`);
  const { lives, calls, wrong } = await soak({ ...options, report });
  report(`${lives} clients, ${calls} calls, ${wrong.length} messages lost, doubled or astray, or other things wrong`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
