/** A log that many clients share. It repeats a line once a minute, not once for each client. */
import type { Log } from '../core/ports.ts';

const PAUSE = 60_000;
/** The number of lines to remember. With more different lines than this in a minute, some are logged again. */
const REMEMBERED = 200;

export function withoutRepetition(log: Log, now: () => number = Date.now): Log {
  const told = new Map<string, number>();
  const isNews = (line: string): boolean => {
    const last = told.get(line);
    if (last !== undefined && now() - last < PAUSE) return false;
    told.delete(line);
    if (told.size >= REMEMBERED) told.delete(told.keys().next().value as string);
    told.set(line, now());
    return true;
  };
  return {
    debug: (line) => log.debug(line),
    info: (line, url) => (isNews(`${line} ${url}`) ? log.info(line, url) : log.debug(line)),
    warn: (line, url) => (isNews(`${line} ${url}`) ? log.warn(line, url) : log.debug(line)),
    error: (line) => (isNews(line) ? log.error(line) : log.debug(line)),
  };
}
