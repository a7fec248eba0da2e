// One keep-alive connection with one request in flight, on a bare socket: a
// driver that costs more than the program it drives would measure itself.
import net from 'node:net';

const HEAD_END = '\r\n\r\n';

/** The body of a chunked answer, or undefined while a part of it is missing. */
function unchunked(text, at) {
  let body = '';
  for (;;) {
    const line = text.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    if (Number.isNaN(size)) throw new Error('a malformed chunk');
    const start = line + 2;
    if (text.length < start + size + 2) return undefined;
    if (size === 0) return body;
    body += text.slice(start, start + size);
    at = start + size + 2;
  }
}

/** A whole answer, or undefined while a part of it is missing. */
function parse(text) {
  const end = text.indexOf(HEAD_END);
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const start = end + HEAD_END.length;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  let body;
  if (length !== undefined) {
    if (text.length < start + Number(length)) return undefined;
    body = text.slice(start, start + Number(length));
  } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    body = unchunked(text, start);
    if (body === undefined) return undefined;
  } else {
    body = '';
  }
  return { status: Number(head.slice(9, 12)), head, body };
}

export class Connection {
  port;
  #socket;
  #text = '';
  #waiting;

  constructor(port) {
    this.port = port;
  }

  /** Sends a request, given whole, and resolves with the answer to it. */
  exchange(request) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#text = '';
      // A server may close a connection that idles while another contestant has its turn.
      this.#socket ??= this.#connect();
      this.#socket.write(request, 'latin1');
    });
  }

  close() {
    this.#socket?.destroy();
  }

  #connect() {
    const socket = net.connect({ host: '127.0.0.1', port: this.port, noDelay: true });
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => this.#data(chunk));
    socket.on('error', (error) => this.#settle('reject', error));
    socket.on('close', () => {
      this.#socket = undefined;
      this.#settle('reject', new Error('the connection ended before the answer'));
    });
    return socket;
  }

  #data(chunk) {
    this.#text += chunk;
    try {
      const answer = parse(this.#text);
      if (answer) this.#settle('resolve', answer);
    } catch (error) {
      this.#settle('reject', error);
    }
  }

  #settle(how, value) {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.[how](value);
  }
}
