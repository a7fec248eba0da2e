/** What people read on stderr. stdout belongs to the protocol. */
import { LEVELS, type Level, type Log } from '../core/ports.ts';
import { printable, type Redact } from '../core/redact.ts';
import type { ProxyError } from '../errors.ts';

/** Pages to sign in have long addresses, and half of one is of no use. */
const LONGEST = 8_000;

/** A log that writes one line an event, from `level` on. */
export function createLog(level: Level, redact: Redact, write: (text: string) => void): Log {
  const from = LEVELS.indexOf(level);
  const at = (own: Level): ((line: string, url?: string) => void) =>
    LEVELS.indexOf(own) < from
      ? () => {}
      : (line, url) => {
          const shown = url === undefined ? '' : ` ${printable(url, LONGEST)}`;
          write(`mcp-proxy: ${own}: ${printable(redact(line), LONGEST)}${shown}\n`);
        };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** The last words of the program: what went wrong, and what to do about it. */
export function farewell(error: ProxyError): string {
  const hint = error.data.hint ? `\nhint: ${printable(error.data.hint)}` : '';
  return `mcp-proxy: ${printable(error.message)}${hint}\n`;
}
