// A place where a metadata document may or may not be found, as a test wants it.
import type { ServerResponse } from 'node:http';

export type DocumentAnswer =
  | 'document'
  /** A page under 200, as servers with one page for every path answer. */
  | 'html'
  /** This status and no document. */
  | number
  /** The document with these members instead; `undefined` leaves one out. */
  | { readonly members: Record<string, unknown> }
  | Answer;

/** An answer as it is to be written. */
export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string | string[]>;
  /** Text is written as it is, anything else as JSON. */
  readonly body?: unknown;
}

export function servePlace(res: ServerResponse, place: DocumentAnswer, document: Record<string, unknown>): void {
  if (place === 'document') write(res, { status: 200, body: document });
  else if (place === 'html') {
    const body = '<!doctype html><title>Welcome</title><p>Welcome';
    write(res, { status: 200, headers: { 'content-type': 'text/html' }, body });
  } else if (typeof place === 'number') write(res, { status: place, body: `status ${place}` });
  else if ('members' in place) write(res, { status: 200, body: { ...document, ...place.members } });
  else write(res, place);
}

export function write(res: ServerResponse, { status, headers = {}, body }: Answer): void {
  const isText = typeof body === 'string';
  const text = body === undefined ? '' : isText ? body : JSON.stringify(body);
  const type = isText ? 'text/plain' : 'application/json';
  res.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers }).end(text);
}

export const html = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!doctype html><title>Authorization server</title>${body}`,
});
