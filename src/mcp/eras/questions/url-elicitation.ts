/**
 * The error with which a server of 2025-11-25 refuses a request until its user has visited a page (specification
 * 2025-11-25, "Elicitation", section "URL Mode"). 2026-07-28 does not have it: the pages are questions of a round.
 */
import { elements, encode, isArray, isObject, type Json, members, peek, peekText } from '../../../core/json.ts';
import { errorCode, errorReply, INTERNAL_ERROR, type Reply } from '../../../core/jsonrpc.ts';
import { MISSING_CLIENT_CAPABILITY } from '../../revisions.ts';
import { inputRequest } from './for-modern.ts';

const URL_ELICITATION_REQUIRED = -32042;
/** One error may name this many pages. */
const MAX_PAGES = 100;

export function needsPages(reply: Reply): boolean {
  return errorCode(reply) === URL_ELICITATION_REQUIRED;
}

/** The questions that show the pages of the error, under their keys; undefined when it names none that can be shown. */
export function pagesOf(reply: Reply): [key: string, request: Json][] | undefined {
  const list = 'error' in reply ? peek(reply.error, 'data', 'elicitations') : undefined;
  const pages = isArray(list) ? elements(list) : [];
  const readable = pages.every((page) => isObject(page) && peekText(page, 'url') && peekText(page, 'message'));
  if (!readable || pages.length === 0 || pages.length > MAX_PAGES) return undefined;
  return pages.map((page, i) => {
    const params = encode({ mode: 'url', url: peekText(page, 'url'), message: peekText(page, 'message') });
    return [`url${i}`, inputRequest({ method: 'elicitation/create', params })];
  });
}

/** The answer for a client that cannot show pages. */
export function pagesNotShown(): Reply {
  return errorReply(MISSING_CLIENT_CAPABILITY, 'the server wants to show a page to the user of this client', {
    requiredCapabilities: { elicitation: { url: {} } },
  });
}

/** Whether the client's responses say that a page was not visited. Throws a JsonError for a duplicate key. */
export function isDeclined(responses: Json | undefined): boolean {
  if (!isObject(responses)) return false;
  return members(responses).some(({ key, start, end }) => {
    return /^url\d+$/.test(key) && peekText(responses.subarray(start, end), 'action') !== 'accept';
  });
}

/** The answer when the user does not want to visit the page. */
export function declined(method: string): Reply {
  const text = 'The user declined to visit the page that the server requires.';
  if (method !== 'tools/call') return errorReply(INTERNAL_ERROR, text);
  return { result: encode({ content: [{ type: 'text', text }], isError: true }) };
}
