/** The examination of a server that a command starts. */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import type { StdioServer } from '../../../../config.ts';
import { lookForProgram } from '../../../../platform/processes/find.ts';
import { obstacleOf } from '../../../../platform/processes/obstacle.ts';
import type { Program } from '../../../../platform/processes/start.ts';
import { serverEnvironment } from '../../../../upstream/stdio/environment.ts';
import { startFailure } from '../../../../upstream/stdio/start-failure.ts';
import { shellWords } from '../command-line.ts';
import type { CheckName, Finding } from '../examination.ts';
import type { Patient } from '../patient.ts';
import { SESSION_CHECKS } from '../session/checks.ts';
import { Client } from '../session/client.ts';
import { examineSession } from '../session/examine.ts';
import { settingsFinding } from '../settings.ts';
import { endFinding, handshakeFinding, messagesFinding, missingFinding, outputFinding } from './findings.ts';
import { LocalProgram } from './program.ts';

const SETTINGS: CheckName = ['settings', 'Settings'];
const PROGRAM: CheckName = ['program', 'Program'];
const HANDSHAKE: CheckName = ['session', 'Handshake'];
const OUTPUT: CheckName = ['output', 'Output'];
const MESSAGES: CheckName = ['messages', 'Messages'];
const END: CheckName = ['end', 'End'];

/** Milliseconds. A launcher such as npx downloads a program at its first start. */
const [QUICK, OPENING, ENDING] = [5_000, 90_000, 10_000] as const;

export async function examineLocal(patient: Patient<StdioServer>): Promise<void> {
  const { examination, server, unset } = patient;
  const program: Program = { ...server, env: serverEnvironment(process.env, server) };
  const rest = [HANDSHAKE, ...SESSION_CHECKS.slice(1), OUTPUT, MESSAGES, END];
  await examination.run(SETTINGS, QUICK, () => settingsFinding(patient, process.platform));
  const { mark } = await examination.run(PROGRAM, QUICK, () => programFinding(program));
  if (mark === 'fail' || unset.length > 0) {
    const why = mark === 'fail' ? 'it cannot be started' : `not before ${unset[0]?.variable} has a value`;
    examination.skipAll(rest, why);
    return;
  }
  const running = new LocalProgram(server, program);
  const byHand = shellWords([server.command, ...server.args]);
  const client = new Client((peer) => running.connect(peer));
  const isOpened = await examineSession(patient, client, () => 'standard input and output', {
    opening: HANDSHAKE,
    openingLimit: OPENING,
    explain: (finding) => handshakeFinding(finding, running, byHand),
  });
  await examination.run(OUTPUT, QUICK, () => outputFinding(running));
  if (isOpened) await examination.run(MESSAGES, QUICK, () => messagesFinding(running));
  else examination.skip(MESSAGES, 'the handshake shows them');
  if (running.end && !isOpened) examination.skip(END, 'it has ended already');
  else await examination.run(END, ENDING * 2, async () => endFinding(await running.stop(client, ENDING)));
  await running.stop(client, ENDING);
}

/** Whether the program is there, and where. */
async function programFinding(program: Program): Promise<Finding> {
  const missing = await lookForProgram(program);
  if (!missing) return { mark: 'ok', text: foundAt(program) };
  const obstacle = obstacleOf(program);
  const failure = startFailure(program, obstacle, missing);
  const folders = [...new Set((program.env.PATH ?? '').split(path.delimiter))].filter((folder) => folder !== '');
  return missingFinding(failure, {
    command: program.command,
    code: missing.code,
    folders,
    isObstructed: obstacle !== undefined,
  });
}

/** The file that is started, as far as it is known without a start. */
function foundAt({ command, cwd, env }: Program): string {
  if (/[/\\]/.test(command)) return path.resolve(cwd ?? '.', command);
  const folder = (env.PATH ?? '')
    .split(path.delimiter)
    .find((one) => isProgram(path.resolve(cwd ?? '.', one, command)));
  return folder === undefined ? `${command}, found by the system` : path.join(folder, command);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
