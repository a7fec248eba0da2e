/** What a request gets that is not let in, or not understood: a status, and why, as JSON-RPC. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { peekText } from '../../core/json.ts';
import { encodeResponse, errorReply, type Id, type Reply } from '../../core/jsonrpc.ts';
import { PAGE_HEADERS } from '../../platform/page.ts';
import { isBrowser } from './accept.ts';
import { refusalPage } from './operator/home-page.ts';

export interface Refusal {
  readonly status: number;
  readonly reply: Reply;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the request that is refused, when it could be read. */
  readonly id?: Id;
}

/** What comes of a request: it is served, or refused; a promise where that has to be found out. */
export type Outcome = Refusal | undefined | Promise<Refusal | undefined>;

/** JSON-RPC leaves these to whoever implements it; they say nothing that the status does not. */
const REFUSED = -32000;

export function refused(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  code = REFUSED,
): Refusal {
  return { status, reply: errorReply(code, message), headers };
}

/** Answers with the refusal. A body that is still on its way is read by nobody. */
export function refuse(res: ServerResponse, { status, reply, headers, id = 'null' }: Refusal): void {
  if (isBrowser(res.req)) {
    const message = 'error' in reply ? peekText(reply.error, 'message') : undefined;
    sendPage(res, status, refusalPage(status, message ?? ''), headers);
    return;
  }
  const [body] = encodeResponse(id, reply);
  send(res, status, headers, body ?? Buffer.alloc(0));
}

/** Answers a browser. */
export function sendPage(res: ServerResponse, status: number, html: string, headers: Refusal['headers'] = {}): void {
  send(res, status, { ...PAGE_HEADERS, ...headers, 'content-type': 'text/html; charset=utf-8' }, Buffer.from(html));
}

/** Answers a request to an endpoint of OAuth, none of which exists here, in a way that OAuth clients show (RFC 6749, section 5.2). */
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

/** How long, and how much, a sender may go on sending what nobody reads. */
const LINGER = 2_000;
const LINGER_BYTES = 16 * 1_048_576;

/** A connection that is cut while its other end is sending may lose the answer too. */
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
