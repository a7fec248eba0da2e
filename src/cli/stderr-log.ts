/** Output on stderr, for people and for programs that collect logs. stdout belongs to the protocol. */
import type { LogFormat } from '../config.ts';
import { LEVELS, type Level, type Log } from '../core/ports.ts';
import { printable, type Redact } from '../core/redact.ts';
import { type ProxyError, Unexpected } from '../errors.ts';

/** Sign-in pages have long addresses, and half of one is useless. */
const LONGEST = 8_000;

export interface LogOptions {
  readonly level: Level;
  readonly format: LogFormat;
  readonly redact: Redact;
  /** The name of the server that the events are about. A member of JSON lines; in text only with `named`. */
  readonly server?: string | undefined;
  /** Whether plain-text lines begin with the name of the server. */
  readonly named?: boolean;
  /** Whether plain-text lines contain the time, as JSON lines always do. */
  readonly timed?: boolean;
  /** Whether to write for the user of a terminal: sentences without levels, addresses on lines of their own. */
  readonly plain?: boolean;
  /** Whether to write a line with an address for the user to open whatever the level. */
  readonly quiet?: boolean | undefined;
  readonly write: (text: string) => void;
}

/** A log that writes one line for each event at `level` or above. */
export function createLog(options: LogOptions): Log {
  const { level, format, redact, server, named = false, timed = false, plain = false, quiet = false, write } = options;
  const from = LEVELS.indexOf(level);
  const name = named && server !== undefined ? `${server}: ` : '';
  const at = (own: Level): ((line: string, url?: string) => void) => {
    const below = LEVELS.indexOf(own) < from;
    if (below && !quiet) return () => {};
    return (line, url) => {
      if (below && url === undefined) return;
      const text = printable(redact(line), LONGEST);
      if (plain && format === 'text') {
        write(`${text}\n${url === undefined ? '' : `${printable(url, LONGEST)}\n`}`);
        return;
      }
      const more = { server, url: url === undefined ? undefined : printable(url, LONGEST) };
      if (format === 'json') write(event(format, own, text, more));
      else write((timed ? `${now()} ` : '') + event(format, own, name + text, more));
    };
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A log line of HTTP mode that is written unchanged, whatever the level. */
export function announcement(line: string, format: LogFormat, server?: string): string {
  return (format === 'text' ? `${now()} ` : '') + event(format, 'info', printable(line, LONGEST), { server });
}

function now(): string {
  return new Date().toISOString();
}

/** The last output of the program: what went wrong, and what to do about it. */
export function farewell(error: ProxyError, format: LogFormat, redact: Redact = String, server?: string): string {
  const hint = error.data.hint ? printable(redact(error.data.hint)) : undefined;
  const text = printable(redact(error instanceof Unexpected ? error.report : error.message));
  if (format === 'json') return event(format, 'error', text, { server, hint });
  return `mcp-proxy: ${text}${hint === undefined ? '' : `\nhint: ${hint}`}\n`;
}

interface Details {
  readonly server?: string | undefined;
  readonly url?: string | undefined;
  readonly hint?: string | undefined;
}

function event(format: LogFormat, level: Level, msg: string, more: Details): string {
  if (format === 'json') return `${JSON.stringify({ time: now(), level, msg, ...more })}\n`;
  return `mcp-proxy: ${level}: ${msg}${more.url === undefined ? '' : ` ${more.url}`}\n`;
}
