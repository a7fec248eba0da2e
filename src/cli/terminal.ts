/** What people, and programs that collect logs, read on stderr. stdout belongs to the protocol. */
import type { LogFormat } from '../config.ts';
import { LEVELS, type Level, type Log } from '../core/ports.ts';
import { printable, type Redact } from '../core/redact.ts';
import type { ProxyError } from '../errors.ts';

/** Pages to sign in have long addresses, and half of one is of no use. */
const LONGEST = 8_000;

export interface LogOptions {
  readonly level: Level;
  readonly format: LogFormat;
  readonly redact: Redact;
  readonly write: (text: string) => void;
}

/** A log that writes one line an event, from `level` on. */
export function createLog({ level, format, redact, write }: LogOptions): Log {
  const from = LEVELS.indexOf(level);
  const at = (own: Level): ((line: string, url?: string) => void) =>
    LEVELS.indexOf(own) < from
      ? () => {}
      : (line, url) => {
          const text = printable(redact(line), LONGEST);
          write(event(format, own, text, url === undefined ? {} : { url: printable(url, LONGEST) }));
        };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A line that is written whatever the level, and as it is. */
export function announcement(line: string, format: LogFormat): string {
  return event(format, 'info', printable(line, LONGEST), {});
}

/** The last words of the program: what went wrong, and what to do about it. */
export function farewell(error: ProxyError, format: LogFormat, redact: Redact = String): string {
  const hint = error.data.hint ? printable(redact(error.data.hint)) : undefined;
  const text = printable(redact(error.message));
  if (format === 'json') return event(format, 'error', text, hint === undefined ? {} : { hint });
  return `mcp-proxy: ${text}${hint === undefined ? '' : `\nhint: ${hint}`}\n`;
}

function event(format: LogFormat, level: Level, msg: string, more: { readonly url?: string; readonly hint?: string }) {
  if (format === 'json') return `${JSON.stringify({ time: new Date().toISOString(), level, msg, ...more })}\n`;
  return `mcp-proxy: ${level}: ${msg}${more.url === undefined ? '' : ` ${more.url}`}\n`;
}
