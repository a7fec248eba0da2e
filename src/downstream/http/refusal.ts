/** The answer to a request that the proxy does not admit or understand: a status, and the reason as JSON-RPC. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { peekText } from '../../core/json.ts';
import { encodeResponse, errorReply, type Id, type Reply } from '../../core/jsonrpc.ts';
import { PAGE_HEADERS } from '../../platform/page.ts';
import { isBrowser } from './accept.ts';
import { refusalPage } from './operator/refusal-page.ts';

export interface Refusal {
  readonly status: number;
  readonly reply: Reply;
  readonly headers?: Readonly<Record<string, string>>;
  /** The id of the refused request, if it could be read. */
  readonly id?: Id;
}

/**
 * The outcome of a request: undefined when it is served, or a refusal. A promise where the proxy must find that out
 * first.
 */
export type MaybeRefused = Refusal | undefined | Promise<Refusal | undefined>;

/** JSON-RPC leaves these codes to implementations. This one says nothing that the status does not. */
const REFUSED = -32000;

export function refused(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  code = REFUSED,
): Refusal {
  return { status, reply: errorReply(code, message), headers };
}

/** Answers with the refusal, and discards a body that is still arriving. */
export function refuse(res: ServerResponse, { status, reply, headers, id = 'null' }: Refusal): void {
  if (isBrowser(res.req)) {
    const message = 'error' in reply ? peekText(reply.error, 'message') : undefined;
    sendPage(res, status, refusalPage(status, message ?? ''), headers);
    return;
  }
  const [body] = encodeResponse(id, reply);
  send(res, status, headers, body ?? Buffer.alloc(0));
}

/** Answers a browser with a page. */
export function sendPage(res: ServerResponse, status: number, html: string, headers: Refusal['headers'] = {}): void {
  send(res, status, { ...PAGE_HEADERS, ...headers, 'content-type': 'text/html; charset=utf-8' }, Buffer.from(html));
}

/**
 * Answers a request to an OAuth endpoint, none of which exists here, in a form that OAuth clients show (RFC 6749,
 * section 5.2).
 */
export function refuseSignIn(res: ServerResponse, { hasToken }: { readonly hasToken: boolean }): void {
  const needed = hasToken
    ? 'send its client token as "Authorization: Bearer TOKEN"; its operator knows it, from --client-token or the log'
    : 'it was started without a client token; connect from its own machine, or start it with --client-token';
  const error = { error: 'invalid_request', error_description: `this proxy has no OAuth sign-in: ${needed}` };
  send(res, 400, { 'cache-control': 'no-store' }, Buffer.from(JSON.stringify(error)));
}

function send(res: ServerResponse, status: number, headers: Refusal['headers'], body: Buffer): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, { 'content-type': 'application/json', ...headers, 'content-length': body.length });
  res.end(body);
  throwAway(res.req);
}

/** How long, and how much, a client may go on sending a body that the proxy discards, in milliseconds and bytes. */
const LINGER = 2_000;
const LINGER_BYTES = 16 * 1_048_576;

/** Keeps the connection for a while: a client that is cut off while sending may lose the answer too. */
function throwAway(req: IncomingMessage): void {
  if (req.complete) return;
  let bytes = 0;
  const cut = (): void => {
    req.socket.destroy();
  };
  const timer = setTimeout(cut, LINGER);
  req.once('close', () => clearTimeout(timer));
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > LINGER_BYTES) cut();
  });
  req.resume();
}
