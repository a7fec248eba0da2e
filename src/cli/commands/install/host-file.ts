/** The configuration file of a host: where it is, and how to change it with the user's consent. */
import { homedir } from 'node:os';
import { redactor, withoutControls } from '../../../core/redact.ts';
import { ProxyError } from '../../../errors.ts';
import { serversIn } from '../../../hosts/configuration.ts';
import { difference } from '../../../hosts/diff.ts';
import { secretsOf } from '../../../hosts/entries.ts';
import { removeFolders, replaceFile, type Snapshot, takeSnapshot, textOf } from '../../../hosts/file.ts';
import { Unreadable } from '../../../hosts/formats/unreadable.ts';
import type { Host } from '../../../hosts/host.ts';
import { type FoundPlace, type Machine, projectPlace, userPlace } from '../../../hosts/places.ts';
import { cacheFolder } from '../../../platform/folders.ts';
import { localLocks } from '../../../state/locks.ts';
import { usageError } from '../../flags/usage-error.ts';
import { exclusively } from './exclusively.ts';

/** How often to read a file again that changes all the time. */
const ATTEMPTS = 20;

export interface Target {
  readonly host: Host;
  readonly place: FoundPlace;
  readonly machine: Machine;
}

/** Throws a usage error when the host has no configuration for projects. */
export function targetOf(host: Host, { project }: { readonly project: boolean }): Target {
  const machine: Machine = { env: process.env, platform: process.platform, home: homeFolder() };
  const place = project ? projectPlace(host, process.cwd()) : userPlace(host, machine);
  if (place) return { host, place, machine };
  throw usageError(`${host.name} has no configuration for a project`, 'leave --project out');
}

/** Throws a ProxyError for a user without a home folder: containers run programs under user ids that are not registered. */
function homeFolder(): string {
  try {
    return homedir();
  } catch (error) {
    throw new ProxyError('internal', 'this user has no home folder', { hint: 'set HOME' }, error);
  }
}

export function snapshotOf({ place, machine }: Target): Promise<Snapshot> {
  return takeSnapshot(place.file, { within: [place.base, machine.home] });
}

/** What to do with a file. */
export interface Change {
  /** The bytes to write; undefined to remove the file. */
  readonly bytes: Buffer | undefined;
  /** The question to ask before; undefined when there is none. */
  readonly question: string | undefined;
  /** Called right before the file is replaced. */
  readonly prepare?: () => Promise<void>;
}

export interface ChangeOptions {
  /** Decides from the file as it is now; undefined when nothing is to be done. */
  readonly plan: (snapshot: Snapshot, text: string) => Promise<Change | undefined>;
  readonly secrets: readonly string[];
  readonly print: (line: string) => void;
  readonly ask: (question: string) => Promise<boolean>;
  /** Permissions of a file that does not exist yet. */
  readonly mode: number;
}

export type FileOutcome =
  | { readonly kind: 'unchanged' | 'declined' | 'shown' }
  | {
      readonly kind: 'written';
      readonly change: Change;
      readonly snapshot: Snapshot;
      readonly folders: readonly string[];
    };

/**
 * Reads the file, shows the change, asks, and writes; from the beginning if the file changes meanwhile. Throws Unreadable
 * when the file cannot be edited.
 */
export async function changeFile(target: Target, show: 'only' | 'first', options: ChangeOptions): Promise<FileOutcome> {
  const agreed = new Set<string>();
  let made: readonly string[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const snapshot = await snapshotOf(target);
    const text = textOf(snapshot);
    const change = await options.plan(snapshot, text);
    if (!change) return { kind: 'unchanged' };
    const { bytes, question } = change;
    for (const line of shownChange(target.host, snapshot, text, bytes, options.secrets)) options.print(line);
    if (show === 'only') return { kind: 'shown' };
    // An answer holds for the same question about a newer file.
    if (question !== undefined && !agreed.has(question)) {
      if (!(await options.ask(question))) return { kind: 'declined' };
      agreed.add(question);
    }
    const { done, folders } = await exclusively(localLocks(cacheFolder(process.env))('install'), async () => {
      await change.prepare?.();
      return replaceFile(snapshot, bytes, options.mode);
    });
    made = [...made, ...folders];
    if (done) return { kind: 'written', change, snapshot, folders: made };
    options.print(`${snapshot.file} has changed meanwhile; reading it again`);
  }
  await removeFolders(made);
  throw new ProxyError('internal', `${target.place.file} changes all the time`, {
    hint: 'quit the host, then try again',
  });
}

function* shownChange(
  host: Host,
  { file }: Snapshot,
  before: string,
  bytes: Buffer | undefined,
  secrets: readonly string[],
) {
  const after = bytes?.toString('utf8') ?? '';
  const all = [before, after].flatMap((text) => secretsOf(serversIn(host, text)));
  const redact = redactor([...secrets, ...all]);
  yield file;
  for (const line of difference(redact(before), redact(after))) yield withoutControls(line);
  if (bytes === undefined) yield '(the file is removed)';
}

/** The error for a file that cannot be edited. */
export function uneditable({ host, place }: Target, error: unknown): unknown {
  if (!(error instanceof Unreadable)) return error;
  return new ProxyError(
    'internal',
    `cannot edit ${place.file}, line ${error.line}, column ${error.column}: ${error.message}; nothing was written`,
    { hint: `correct the file and run the same command again, or edit the servers of ${host.name} by hand` },
  );
}
