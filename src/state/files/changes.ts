/** Changes to the files of one user, which many processes share. They reject with a ProxyError 'internal' with a hint. */
import { randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, ifThere, insistently, privateFolder, unwritable } from '../../platform/files.ts';
import { isRunning } from '../../platform/processes/identity.ts';

const TEMPORARY = /^.+\.json\.(\d+)\.([0-9a-f]+)\.\d+\.tmp$/;
/** A temporary file older than this is abandoned, even if its pid is in use again. In milliseconds. */
const ABANDONED = 60 * 60 * 1000;
/** Pids repeat, in containers at every start. This tells our own files from those of another process with our pid. */
const SELF = randomBytes(6).toString('hex');
let count = 0;

/**
 * A reader sees the old file or the new one, never a partial one, even if this process or the machine dies.
 * @param folders created for this user alone, the outermost first; the file is in the last one.
 */
export async function write(folders: readonly string[], file: string, text: string): Promise<void> {
  try {
    for (const folder of folders) await privateFolder(folder);
    await removeLeftovers(dirname(file));
    await replace(file, text);
  } catch (error) {
    throw unwritable('write', file, error);
  }
}

async function replace(file: string, text: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const temporary = `${file}.${process.pid}.${SELF}.${count++}.tmp`;
    try {
      const handle = await fs.open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await insistently(() => fs.rename(temporary, file));
      return await syncFolder(dirname(file));
    } catch (error) {
      await fs.unlink(temporary).catch(() => {});
      // A container that shares the folder but not our pids took the file for a leftover.
      if (codeOf(error) !== 'ENOENT' || attempt === 3) throw error;
    }
  }
}

/** The file may be missing. */
export async function remove(file: string): Promise<void> {
  const place = dirname(file);
  try {
    if (await ifThere(insistently(() => fs.unlink(file)).then(() => true))) await syncFolder(place);
  } catch (error) {
    throw unwritable('remove', file, error);
  }
  await removeLeftovers(place).catch(() => {});
}

/** Makes a rename or an unlink survive a crash. Not every system can open a folder. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await fs.open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // On such a system, the change is as durable as the system makes it.
  }
}

/** Removes files of processes that died between opening and renaming: they hold secrets, and no later write replaces them. */
async function removeLeftovers(place: string): Promise<void> {
  for (const entry of await fs.readdir(place)) {
    const [, pid, owner] = TEMPORARY.exec(entry) ?? [];
    if (pid === undefined || owner === SELF) continue;
    const file = join(place, entry);
    const alive = Number(pid) !== process.pid && isRunning(Number(pid));
    const old = async (): Promise<boolean> => Date.now() - (await fs.stat(file)).mtimeMs > ABANDONED;
    if (!alive || (await old().catch(() => false))) await fs.unlink(file).catch(() => {});
  }
}
