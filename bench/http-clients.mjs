// Many HTTP clients that drive one contestant, each with a session and a
// connection of its own.
import { Connection } from './http-connection.mjs';
import { Program } from './program.mjs';

const VERSION = '2025-11-25';
const LISTENING = /listening on http:\/\/[^\s/]*:(\d+)/;

/** The answer with this id, from a JSON body or from the events of a stream. */
function answerIn(body, id) {
  const texts = body.startsWith('{')
    ? [body]
    : body
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trim());
  for (const text of texts) {
    const message = text ? JSON.parse(text) : undefined;
    if (message?.id === id && message.method === undefined) return message;
  }
  throw new Error(`no answer in ${JSON.stringify(body.slice(0, 200))}`);
}

class HttpClient {
  #connection;
  #head;
  #name;
  #nextId = 1;

  constructor(port, name) {
    this.#connection = new Connection(port);
    this.#name = name;
    this.#head = [
      'POST /mcp HTTP/1.1',
      `Host: 127.0.0.1:${port}`,
      'Content-Type: application/json',
      'Accept: application/json, text/event-stream',
      '',
    ].join('\r\n');
  }

  async open() {
    const clientInfo = { name: 'bench-client', version: '1.0.0' };
    const params = { protocolVersion: VERSION, capabilities: {}, clientInfo };
    const { head, message } = await this.#request('initialize', params);
    const session = /\r\nmcp-session-id: *(\S+)/i.exec(head)?.[1];
    if (session === undefined) throw new Error('no session');
    this.#head += `Mcp-Session-Id: ${session}\r\nMCP-Protocol-Version: ${message.result.protocolVersion}\r\n`;
    await this.#post({ jsonrpc: '2.0', method: 'notifications/initialized' }, 202);
  }

  /** Calls once, and resolves with the milliseconds it took. */
  async call() {
    const text = `${this.#name} ${this.#nextId}`;
    const sent = performance.now();
    const { message } = await this.#request('tools/call', { name: 'echo', arguments: { text } });
    const took = performance.now() - sent;
    if (message.result.content[0].text !== text) throw new Error('the answer of another call');
    return took;
  }

  close() {
    this.#connection.close();
  }

  async #request(method, params) {
    const id = this.#nextId++;
    const { head, body } = await this.#post({ jsonrpc: '2.0', id, method, params }, 200);
    const message = answerIn(body, id);
    if (message.error) throw new Error(`error answer: ${message.error.message}`);
    return { head, message };
  }

  async #post(message, expected) {
    const body = JSON.stringify(message);
    const answer = await this.#connection.exchange(`${this.#head}Content-Length: ${body.length}\r\n\r\n${body}`);
    if (answer.status !== expected) throw new Error(`HTTP ${answer.status}: ${answer.body.slice(0, 200)}`);
    return answer;
  }
}

export class HttpClients {
  #program;
  #clients = [];
  #count;

  constructor(options, count) {
    this.#program = new Program(options);
    this.#program.stdout.resume();
    this.#count = count;
    this.ended = this.#program.ended;
  }

  get pid() {
    return this.#program.pid;
  }

  async handshake() {
    const [, port] = await this.#program.announces(LISTENING);
    this.#clients = Array.from({ length: this.#count }, (_, i) => new HttpClient(Number(port), `client ${i}`));
    await Promise.all(this.#clients.map((client) => client.open()));
  }

  /** Every client calls, again and again, while `more()`; resolves with what each call took. */
  async call(more) {
    const taken = [];
    const repeat = async (client) => {
      while (more(taken.length)) taken.push(await client.call());
    };
    await Promise.all(this.#clients.map(repeat));
    return taken;
  }

  kill() {
    for (const client of this.#clients) client.close();
    return this.#program.kill();
  }
}
