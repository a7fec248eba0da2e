// A lock between processes: one file that names its holder. It ends with the holder and the processes that the holder
// started. So a killed process does not block the next one, and the next one does not start while work still goes on.
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const HEARTBEAT_MS = 2_000;
// For holders whose process id means nothing here: another machine or container on the same folder.
const DEAD_AFTER_MS = 60_000;

/**
 * Runs `work` while no other process runs its own under the same file. `work` reports the processes it starts.
 * @template T
 * @param {string} file
 * @param {(started: (pid: number | undefined) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, work) {
  const name = (/** @type {(number | undefined)[]} */ ...pids) => `${hostname()} ${pids.join(' ')}`;
  while (!take(file, name(process.pid))) {
    const holder = read(file);
    if (holder !== undefined && isDead(holder)) breakLock(file, holder.text);
    else await delay(100);
  }
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS);
  try {
    return await work((pid) => writeFileSync(file, name(process.pid, pid)));
  } finally {
    clearInterval(heartbeat);
    rmSync(file, { force: true });
  }
}

/** @param {string} file @param {string} name */
function take(file, name) {
  try {
    writeFileSync(file, name, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    // Windows reports a file in the middle of its removal like this.
    if (process.platform === 'win32' && ['EPERM', 'EBUSY'].includes(error.code)) return false;
    throw error;
  }
}

/** @param {string} file */
function read(file) {
  try {
    return { text: readFileSync(file, 'utf8'), age: Date.now() - statSync(file).mtimeMs };
  } catch {
    return undefined;
  }
}

/** @param {{ text: string, age: number }} holder */
function isDead(holder) {
  if (holder.age > DEAD_AFTER_MS) return true;
  const [host, ...pids] = holder.text.split(' ').filter(Boolean);
  // Empty while it is being written.
  if (host !== hostname() || pids.length === 0) return false;
  return !pids.map(Number).some(isRunning);
}

/** @param {number} pid */
function isRunning(pid) {
  // A restarted container assigns the same ids again, so a holder with our id is not this process.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

/**
 * Moves the file aside before removing it: of several processes that found the same dead holder, one wins the rename.
 * @param {string} file @param {string} expected
 */
function breakLock(file, expected) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    // Another process broke the dead lock first, and this file belongs to the new holder. Give it back.
    if (readFileSync(aside, 'utf8') !== expected) renameSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** @param {string} file */
function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // The folder may have been deleted meanwhile. The work itself will report that.
  }
}
