/** The configurations of hosts on this machine, and the Node that they start. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { printable } from '../../../../core/redact.ts';
import { ProxyError } from '../../../../errors.ts';
import { serversIn } from '../../../../hosts/configuration.ts';
import { type Found, readEntry } from '../../../../hosts/entries.ts';
import { takeSnapshot, textOf } from '../../../../hosts/file.ts';
import { Unreadable } from '../../../../hosts/formats/unreadable.ts';
import type { Host } from '../../../../hosts/host.ts';
import { targetIn } from '../../../../hosts/own-entry.ts';
import { type FoundPlace, isInstalled, type Machine, projectPlace, userPlace } from '../../../../hosts/places.ts';
import { HOSTS } from '../../../../hosts/table.ts';
import { again, shellWords } from '../command-line.ts';
import { type CheckName, type Finding, limited, type NextStep } from '../examination.ts';
import { counted } from '../next-step.ts';
import type { Patient } from '../patient.ts';
import { type EntryProblem, problemsOf } from './entry-problems.ts';
import { factsOf, folderInPath } from './machine.ts';
import { type OwnStart, ownStart } from './own-arguments.ts';

const NODE: CheckName = ['node', 'Node'];
const HOSTS_CHECK: CheckName = ['hosts', 'Hosts'];

/** Milliseconds. */
const LIMIT = 10_000;

/** An entry that starts this program. */
interface OwnEntry {
  readonly name: string;
  readonly found: Found;
  readonly start: OwnStart;
}

/** Resolves with what to do when nothing is wrong. */
export async function examineHosts(patient: Patient): Promise<NextStep> {
  const { examination, typed } = patient;
  const machine: Machine = { env: process.env, platform: process.platform, home: homeFolder() };
  await examination.run(NODE, LIMIT, nodeFinding);
  const target = targetOf(patient);
  const before = examination.checks.length;
  let isInHost = false;
  for (const host of HOSTS) {
    for (const place of placesOf(host, machine)) {
      const entries = await ownEntries(patient, host, place, machine);
      if (entries.length === 0) continue;
      isInHost ||= entries.some(({ start }) => targetIn(start.args) === target);
      const name: CheckName = [`host-${host.id}`, host.name];
      await examination.run(name, LIMIT, () => entriesFinding(entries, { host, target, place, hide: patient.hide }));
    }
  }
  if (examination.checks.length === before)
    examination.skip(HOSTS_CHECK, 'no host on this machine starts mcp-proxy yet');
  if (isInHost) return { say: 'Nothing. If a host still shows an old error, restart it.' };
  const host = HOSTS.find((one) => isInstalled(one, userPlace(one, machine), machine)) ?? HOSTS[0];
  return {
    say: `To use it in ${host?.name}, or in another host:`,
    command: again(['install', host?.id ?? ''], typed),
  };
}

/** What the subject is, as `targetIn` writes it. */
function targetOf({ typed }: Patient): string | undefined {
  return typed.command === undefined ? typed.url : JSON.stringify(typed.command);
}

function nodeFinding(): Finding {
  const { version, execPath } = process;
  const inPath = folderInPath('node');
  const isOther = inPath !== undefined && path.dirname(execPath) !== inPath;
  return {
    mark: 'ok',
    text: `${version}, ${execPath}`,
    details: isOther ? [`PATH of this shell has another one first, in ${inPath}`] : [],
  };
}

function placesOf(host: Host, machine: Machine): FoundPlace[] {
  const user = userPlace(host, machine);
  const project = projectPlace(host, process.cwd());
  return project === undefined || path.resolve(project.file) === path.resolve(user.file) ? [user] : [user, project];
}

/** The entries of one file that start this program. What cannot be read is a check of its own. */
async function ownEntries(
  { examination }: Patient,
  host: Host,
  place: FoundPlace,
  machine: Machine,
): Promise<OwnEntry[]> {
  if (!existsSync(place.file)) return [];
  try {
    return await limited(LIMIT, async () => {
      const text = textOf(await takeSnapshot(place.file, { within: [place.base, machine.home] }));
      // Most hosts have nothing of ours, and a file that is not ours to judge.
      return text.includes('mcp-proxy') ? entriesIn(serversIn(host, text)) : [];
    });
  } catch (error) {
    await examination.run([`host-${host.id}`, host.name], LIMIT, () => unreadable(error, host, place));
    return [];
  }
}

function entriesIn(servers: Readonly<Record<string, unknown>>): OwnEntry[] {
  return Object.entries(servers).flatMap(([name, value]) => {
    const found = readEntry(value);
    const start = ownStart(found.words);
    return start ? [{ name: printable(name, 60), found, start }] : [];
  });
}

function unreadable(error: unknown, { name }: Host, { file }: FoundPlace): Finding {
  if (error instanceof Unreadable) {
    return {
      mark: 'warn',
      text: `its configuration is not valid (line ${error.line}, column ${error.column})`,
      details: [file, error.message],
      next: { say: `Correct the file, then restart ${name}.` },
    };
  }
  if (!(error instanceof ProxyError)) throw error;
  return { mark: 'warn', text: error.message };
}

interface HostsContext {
  readonly host: Host;
  readonly place: FoundPlace;
  /** What the user asks about. */
  readonly target: string | undefined;
  readonly hide: Patient['hide'];
}

async function entriesFinding(entries: readonly OwnEntry[], context: HostsContext): Promise<Finding> {
  const { host, target, place, hide } = context;
  const all = await Promise.all(
    entries.map(async (entry) => {
      const facts = await factsOf(entry.found, entry.start.args, host, { isOwn: place.base !== process.cwd() });
      hide(facts.secrets);
      return { entry, problems: problemsOf(entry.found, entry.start, host, facts) };
    }),
  );
  const bad = all.filter(({ problems }) => problems.length > 0);
  const [first] = bad;
  if (!first)
    return { mark: 'ok', text: `${counted(entries.length, 'server')}: ${entries.map(({ name }) => name).join(', ')}` };
  const details = bad.flatMap(({ entry, problems }) => problems.map(({ text }) => `${entry.name}: ${text}`));
  // Other servers are not what the user asks about.
  const concerned = bad.find(({ entry }) => targetIn(entry.start.args) === target);
  const fails = concerned?.problems.some(({ mark }) => mark === 'fail') === true;
  const { entry, problems } = concerned ?? first;
  return {
    mark: fails ? 'fail' : 'warn',
    text: `${counted(bad.length, 'server')} of ${entries.length} ${bad.length === 1 ? 'needs' : 'need'} a change`,
    details: [...details, `the file is ${place.file}`],
    next: remedy(entry, problems, host),
  };
}

function remedy(
  { name, start, found }: OwnEntry,
  problems: readonly EntryProblem[],
  { id, name: host }: Host,
): NextStep {
  const problem = problems.find(({ mark }) => mark === 'fail') ?? problems[0];
  if (problem?.hint !== undefined) {
    return { say: `In the entry ${JSON.stringify(name)} of ${host}: ${problem.hint}.` };
  }
  const url = found.words.length > 0 ? start.args : [];
  const end = url.indexOf('--');
  const command = end === -1 ? url : [...url.slice(0, end), '--name', name, ...url.slice(end)];
  const words = end === -1 ? [...command, '--name', name] : command;
  return { say: `Write the entry of ${host} again:`, command: shellWords(['mcp-proxy', 'install', id, ...words]) };
}

function homeFolder(): string {
  try {
    return homedir();
  } catch {
    // Containers run programs under user ids that are not registered.
    return path.parse(process.cwd()).root;
  }
}
