// Many HTTP clients that drive one contestant, each with a session and a
// connection of its own.
import { Connection } from './http-connection.mjs';
import { memory } from './process-stats.mjs';
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

const MODERN = '2026-07-28';
/** Clients that connect at a time. */
const AT_A_TIME = 100;
const KEY = 'io.modelcontextprotocol';
const INFO = { name: 'bench-client', version: '1.0.0' };

export class HttpClient {
  #connections;
  #sent = 0;
  #head;
  #name;
  #modern;
  #nextId = 1;

  /** Each request goes to the next one of the connections, as a load balancer with plain round robin has it. */
  constructor([first, ...others], name, modern = false) {
    this.#connections = [first, ...others];
    this.#name = name;
    this.#modern = modern;
    this.#head = [
      'POST /mcp HTTP/1.1',
      `Host: 127.0.0.1:${first.port}`,
      'Content-Type: application/json',
      'Accept: application/json, text/event-stream',
      '',
    ].join('\r\n');
  }

  async open() {
    if (this.#modern) return void (await this.#request('server/discover', {}));
    const params = { protocolVersion: VERSION, capabilities: {}, clientInfo: INFO };
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
    for (const connection of this.#connections) connection.close();
  }

  async #request(method, params) {
    const id = this.#nextId++;
    const { head, body } = await this.#post({ jsonrpc: '2.0', id, method, params: this.#whole(params) }, 200);
    const message = answerIn(body, id);
    if (message.error) throw new Error(`error answer: ${message.error.message}`);
    return { head, message };
  }

  /** With the envelope of 2026-07-28, for a client of that revision. */
  #whole(params) {
    if (!this.#modern) return params;
    const version = { [`${KEY}/protocolVersion`]: MODERN, [`${KEY}/clientCapabilities`]: {} };
    return { ...params, _meta: { ...version, [`${KEY}/clientInfo`]: INFO } };
  }

  /** The headers that mirror the message in 2026-07-28. */
  #mirrored({ method, params }) {
    if (!this.#modern) return '';
    const name = params.name === undefined ? '' : `Mcp-Name: ${params.name}\r\n`;
    return `MCP-Protocol-Version: ${MODERN}\r\nMcp-Method: ${method}\r\n${name}`;
  }

  async #post(message, expected) {
    const body = JSON.stringify(message);
    const head = `${this.#head}${this.#mirrored(message)}`;
    const connection = this.#connections[this.#sent++ % this.#connections.length];
    const answer = await connection.exchange(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    if (answer.status !== expected) throw new Error(`HTTP ${answer.status}: ${answer.body.slice(0, 200)}`);
    return answer;
  }
}

export class HttpClients {
  #program;
  #clients = [];
  #count;
  #modern;
  /** What the contestant weighed before its first client came, in bytes. */
  emptyRss;

  constructor(options, count, modern = false) {
    this.#modern = modern;
    this.#program = new Program(options);
    this.#program.stdout.resume();
    this.#count = count;
    this.ended = this.#program.ended;
  }

  get pid() {
    return this.#program.pid;
  }

  /** Resolves with the port, as soon as the contestant listens. */
  async started() {
    const [, port] = await this.#program.announces(LISTENING);
    return Number(port);
  }

  async handshake() {
    const port = await this.started();
    this.emptyRss = memory(this.pid).rss;
    this.#clients = Array.from(
      { length: this.#count },
      (_, i) => new HttpClient([new Connection(port)], `client ${i}`, this.#modern),
    );
    const left = [...this.#clients];
    const open = async () => {
      for (let client = left.pop(); client; client = left.pop()) await client.open();
    };
    // The queue of a listening socket has a limit.
    await Promise.all(Array.from({ length: AT_A_TIME }, open));
  }

  /** Some clients, or all of them, call again and again while `more()`; resolves with what each call took. */
  async call(more, calling = this.#clients.length) {
    const taken = [];
    const repeat = async (client) => {
      while (more(taken.length)) taken.push(await client.call());
    };
    await Promise.all(this.#clients.slice(0, calling).map(repeat));
    return taken;
  }

  kill() {
    for (const client of this.#clients) client.close();
    return this.#program.kill();
  }
}
