/**
 * `mcp-proxy doctor <url>`, or `doctor -- <command>`: goes the way of a start step by step, and says which step fails and
 * what to do. It signs nobody in, and changes nothing on this machine.
 */
import { homedir } from 'node:os';
import { printable, redactor, showUrl } from '../../../core/redact.ts';
import type { ParsedArguments } from '../../flags/words.ts';
import type { CommandContext } from '../context.ts';
import { again, shellWords } from './command-line.ts';
import { type Check, Examination, type NextStep } from './examination.ts';
import { examineHosts } from './hosts/examine.ts';
import { checksLines, coloured, continues, nextLines, type Paint, plain } from './layout.ts';
import { examineLocal } from './local/examine.ts';
import { type DoctorOutcome, outcomeOf } from './next-step.ts';
import type { Patient } from './patient.ts';
import { examineRemote } from './remote/examine.ts';
import { asJson, reportLines, type Setting } from './report.ts';
import { type DoctorSubject, readSubject } from './subject.ts';

const ISSUES = 'https://github.com/mikluko/mcp-proxy/issues';

/** Sets the exit status to 1 when a check has failed. Rejects with a usage error. */
export async function doctor(given: ParsedArguments, context: CommandContext): Promise<void> {
  const subject = readSubject(given, process.env);
  let secrets = subject.secrets;
  let redact = redactor(secrets);
  const print = (line: string): void => context.print(redact(line));
  const isJson = given.flags.has('json') || context.config.logFormat === 'json';
  const isReport = given.flags.has('report');
  const isForPeople = !isJson && !isReport;
  const paint = usesColours(context.isTerminal) ? coloured : plain;
  const waiting: Check[] = [];
  const flush = (): void => {
    for (const line of checksLines(waiting.splice(0), paint)) context.print(line);
  };
  const examination = new Examination({
    onCheck: (check) => {
      if (!isForPeople) return;
      const shown = redacted(check, redact);
      if (!continues(waiting, shown)) flush();
      waiting.push(shown);
      // Checks that are skipped may belong together with the next one.
      if (shown.mark !== 'skip') flush();
    },
    onStep: (step) => context.progress.step(step),
  });
  const patient: Patient = {
    ...subject,
    examination,
    version: context.version,
    hide: (more) => {
      secrets = [...secrets, ...more];
      redact = redactor(secrets);
    },
  };
  if (isForPeople) {
    print(paint(printable(`mcp-proxy ${context.version} examines ${redact(nameOf(subject))}`, 200), 'bold'));
    print('');
  }
  const fine = await examine(patient);
  flush();
  context.progress.end();
  const checks = examination.checks.map((check) => redacted(check, (text) => withoutHome(redact(text))));
  const verdict = outcomeOf(
    examination.checks.map((check) => redacted(check, redact)),
    fine,
  );
  const setting = settingOf(subject, context, (text) => withoutHome(redact(text)));
  if (isJson) print(JSON.stringify(asJson(setting, checks, verdict)));
  else if (isReport) for (const line of reportLines(setting, checks, verdict)) print(line);
  else for (const line of endLines(verdict, paint, subject)) print(line);
  process.exitCode = verdict.works ? 0 : 1;
}

/** Resolves with what to do when nothing is wrong. */
async function examine(patient: Patient): Promise<NextStep> {
  const { server } = patient;
  if (server.kind === 'http') await examineRemote({ ...patient, server });
  else await examineLocal({ ...patient, server });
  return examineHosts(patient);
}

function endLines({ works, summary, next }: DoctorOutcome, paint: Paint, { typed }: DoctorSubject): string[] {
  const lines = ['', paint(summary, 'bold'), '', ...nextLines(next, paint)];
  if (works) return lines;
  return [
    ...lines,
    '',
    'If that does not help, open an issue with what this prints (no secrets):',
    `  ${ISSUES}`,
    '',
    `    ${again('doctor', typed, ['--report'])}`,
  ];
}

function nameOf({ server }: DoctorSubject): string {
  return server.kind === 'http' ? showUrl(server.url) : shellWords([server.command, ...server.args]);
}

function settingOf(
  { server, typed }: DoctorSubject,
  { version }: CommandContext,
  hide: (text: string) => string,
): Setting {
  const { version: node, platform, arch } = process;
  // A query is for the server alone, however short its values are.
  const url = server.kind === 'http' ? showUrl(server.url) : undefined;
  return { version, node, platform, arch, command: hide(again('doctor', { ...typed, url })) };
}

/** Hides secrets in whole texts: a line that is broken could hide one in two halves. */
function redacted(check: Check, redact: (text: string) => string): Check {
  const { text, details = [], next } = check;
  const command = next?.command === undefined ? {} : { command: redact(next.command) };
  return {
    ...check,
    text: redact(text),
    details: details.map(redact),
    ...(next && { next: { say: redact(next.say), ...command } }),
  };
}

/** The home folder has the name of its user. */
function withoutHome(text: string): string {
  try {
    const home = homedir();
    return home.length > 1 ? text.replaceAll(home, '~') : text;
  } catch {
    // This user has none.
    return text;
  }
}

/** Colours are for terminals, unless the user wants none (https://no-color.org). */
function usesColours(isTerminal: boolean): boolean {
  return isTerminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}
