/**
 * Reads members of the documents that servers publish or send as responses. A member that is null, empty, of the wrong
 * type or unusable counts as absent, so only a member that this program needs can stop a sign-in.
 */
import { printable } from '../../core/redact.ts';
import { parseUrl } from '../../core/url.ts';
import { ProxyError } from '../../errors.ts';
import { isSendable } from '../vault/stored.ts';
import { checkScheme } from './targets.ts';

export type Document = Readonly<Record<string, unknown>>;

/** The object in a text, or undefined if the text is not a JSON object. */
export function parseObject(text: string): Document | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Document) : undefined;
  } catch {
    return undefined;
  }
}

/** A string that is not empty. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The strings in a list, which may be empty; undefined for a list that holds only other values. */
export function strings(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((entry): entry is string => text(entry) !== undefined);
  return texts.length > 0 || value.length === 0 ? texts : undefined;
}

/** A credential that a header can carry: visible ASCII without spaces. */
export function token(value: unknown): string | undefined {
  return typeof value === 'string' && isSendable(value) ? value : undefined;
}

/** A hundred years, in seconds: no meaningful lifetime is longer. */
const LONGEST = 3_153_600_000;

/** A number of seconds above zero. Some servers write numbers as strings. */
export function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && number > 0 && number <= LONGEST ? number : undefined;
}

/** An absolute URL that a sign-in may use. */
export function address(value: unknown): string | undefined {
  const url = typeof value === 'string' ? parseUrl(value) : undefined;
  if (!url) return undefined;
  try {
    checkScheme(url);
    return value as string;
  } catch {
    return undefined;
  }
}

/** Members whose values errors never show, not even unusable ones. */
const SECRET = new Set(['access_token', 'device_code']);

/** Names the unusable member and its document, and says what was found there. */
export function unusable(document: string, member: string, { [member]: found }: Document): string {
  return `${document} has no usable ${member} (found ${SECRET.has(member) ? kindOf(found) : shownValue(found)})`;
}

/** The error about a member that the current step needs. */
export function unusableError(document: string, member: string, found: Document, hint: string): ProxyError {
  return new ProxyError('unauthorized', unusable(document, member, found), { hint });
}

function shownValue(value: unknown): string {
  return value === undefined ? 'nothing' : printable(JSON.stringify(value), 80);
}

/** What an error may say about a value that it must not show. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null || value === '') return shownValue(value);
  return typeof value === 'string' ? 'other characters' : typeof value;
}
