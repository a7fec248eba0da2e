/** The URL of the command line. Pure. Only decides what is right: `mistakes/` explains what is wrong. */
import { parseUrl } from '../../core/url.ts';
import { UnexplainedMistake } from './usage-error.ts';

/** Blanks and quotes that came along with a URL from a text or a shell; an apostrophe at the end may belong to it. */
const AROUND_URL = /^[\s"'`“”‘’<]+|[\s"`“”‘’>]+$/g;

export function withoutWrapping(text: string): string {
  const bare = text.replace(AROUND_URL, '');
  return /^\s*["‘“]?'/.test(text) ? bare.replace(/'+$/, '') : bare;
}

/** A placeholder, the scheme a second time, a flag behind a blank. */
const MISTAKE = /\$\{|^https?:\/\/https?:?\/\/|\s-{1,2}[a-z]/i;

/** The URL that an argument holds, blanks and quotes around it left out. Throws a usage error for anything else. */
export function readUrl(given: string): URL {
  const text = withoutWrapping(given);
  const url = isHttpUrl(text) && !MISTAKE.test(text) ? parseUrl(text) : undefined;
  if (url === undefined) throw new UnexplainedMistake({ kind: 'url', given });
  return url;
}

export function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}
