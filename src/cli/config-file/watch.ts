/** Notices changes of a configuration file. */
import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';

/** Editors write a file in several steps; in milliseconds. */
const SETTLED = 300;

/**
 * Calls back when something in the folder of the file has happened: editors replace a file by another one, and
 * deployments the link that leads to it.
 */
export function watchFolderOf(file: string, look: () => void): void {
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher;
  try {
    watcher = watch(path.dirname(path.resolve(file)), { persistent: false }, () => {
      clearTimeout(timer);
      timer = setTimeout(look, SETTLED);
    });
  } catch {
    // The folder cannot be watched; SIGHUP still does it.
    return;
  }
  watcher.on('error', () => watcher.close());
}
