// The ways in which a hostile server answers: right, wrong, in pieces, in part, or not at all.
import type { ServerResponse } from 'node:http';
import type { Answer, Seen } from './hostile.ts';

/** Text that may need the id of the request it answers. */
export type Text = string | Buffer | ((id: string) => string | Buffer);

const JSON_TYPE = 'application/json';
const SSE_TYPE = 'text/event-stream';

/** The regular answer: a result, with the `resultType` that 2026-07-28 requires. */
export function reply(result: object): Answer {
  return (res, seen) => {
    res.setHeader('content-type', JSON_TYPE);
    res.end(resultText(seen.id, seen.modern ? { resultType: 'complete', ...result } : result));
  };
}

export function rpcError(code: number, message: string, httpStatus = 200): Answer {
  return (res, seen) => {
    res.writeHead(httpStatus, { 'content-type': JSON_TYPE });
    res.end(`{"jsonrpc":"2.0","id":${seen.id},"error":${JSON.stringify({ code, message })}}`);
  };
}

export function resultText(id: string, result: object): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`;
}

/** Any status with any body. */
export function status(code: number, body: Text = '', headers: Record<string, string> = {}): Answer {
  return (res, seen) => {
    const bytes = bytesOf(body, seen);
    const described = bytes.length > 0 ? { 'content-type': 'text/plain', 'content-length': String(bytes.length) } : {};
    res.writeHead(code, { ...described, ...headers }).end(bytes);
  };
}

/** A body that claims to be JSON. */
export function json(body: Text, headers: Record<string, string> = {}): Answer {
  return status(200, body, { 'content-type': JSON_TYPE, ...headers });
}

/** An event stream with these bytes, ended in order. */
export function sse(body: Text, headers: Record<string, string> = {}): Answer {
  return status(200, body, { 'content-type': SSE_TYPE, ...headers });
}

/** One event: data, and an id if one is given. */
export function event(data: string, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}

/** An event stream that stays open; the test goes on writing as it likes. */
export function openSse(
  begin: (res: ServerResponse, seen: Seen) => unknown,
  headers: Record<string, string> = {},
): Answer {
  return (res, seen) => {
    res.writeHead(200, { 'content-type': SSE_TYPE, ...headers });
    res.flushHeaders();
    return begin(res, seen);
  };
}

/** Accepts the request and sends nothing. */
export const never: Answer = () => {};

/** Closes the connection with a reset, before any answer. */
export const reset: Answer = (res) => {
  res.req.socket.resetAndDestroy();
};

/** Closes the connection in order, before any answer. */
export const hangUp: Answer = (res) => {
  res.req.socket.destroy();
};

/** Writes the status and the headers, then closes the connection. */
export function headersThenCut(headers: Record<string, string>): Answer {
  return (res) => {
    res.writeHead(200, headers);
    res.flushHeaders();
    res.req.socket.end(() => res.req.socket.destroy());
  };
}

/** Writes a part of the body, then closes the connection: in order, or with a reset. */
export function partThenCut(headers: Record<string, string>, part: Text, how: 'fin' | 'rst' = 'fin'): Answer {
  return (res, seen) => {
    res.writeHead(200, headers);
    res.write(bytesOf(part, seen), () => {
      if (how === 'rst') res.req.socket.resetAndDestroy();
      else res.req.socket.destroy();
    });
  };
}

/** Bytes on the connection that are no HTTP response, or a response that no HTTP library would write. */
export function rawBytes(bytes: string | Buffer): Answer {
  return (res) => {
    res.req.socket.end(bytes);
  };
}

/** The same, on a connection that stays open. */
export function rawOpen(bytes: Text): Answer {
  return (res, seen) => {
    res.req.socket.write(bytesOf(bytes, seen));
  };
}

/** A body in pieces, each in a write of its own. */
export function pieces(type: string, parts: (seen: Seen) => readonly Buffer[]): Answer {
  return async (res, seen) => {
    res.req.socket.setNoDelay(true);
    res.writeHead(200, { 'content-type': type });
    for (const part of parts(seen)) {
      await new Promise((resolve) => res.write(part, resolve));
      // A turn of the event loop, so that what was written can be read before the rest is.
      await new Promise((resolve) => setImmediate(resolve));
    }
    res.end();
  };
}

export function bytesOf(text: Text, seen: Seen): Buffer {
  const value = typeof text === 'function' ? text(seen.id) : text;
  return typeof value === 'string' ? Buffer.from(value) : value;
}
