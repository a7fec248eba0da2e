/** A log that many clients share says the same thing once a minute, not once a client. */
import type { Log } from '../core/ports.ts';

const PAUSE = 60_000;
/** Lines that are remembered; more different ones than this in a minute are news again. */
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
