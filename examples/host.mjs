// The part of an MCP host that starts a stdio server and speaks to it: one JSON-RPC message a line.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const ANSWER_LIMIT_MS = 20_000;

/**
 * @typedef {{ id?: number, method?: string, result?: any, error?: { code: number, message: string } }} Message
 * @typedef {(kind: 'out' | 'in' | 'log', text: string) => void} Listener
 */

export class StdioHost {
  #nextId = 1;
  /** @type {Map<number, { method: string, limit: NodeJS.Timeout, resolve: (result: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #listener;
  #child;
  #exit;
  /** @type {string | undefined} */
  #end;
  /** @type {string[]} */
  #log = [];
  /** @type {string[]} the methods of the notifications received so far */
  notifications = [];

  /**
   * @param {string[]} command
   * @param {NodeJS.ProcessEnv} env
   * @param {Listener} listener hears every line in both directions
   */
  constructor([file = '', ...args], env, listener) {
    this.#listener = listener;
    this.#child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    this.#exit = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve({ code: undefined, why: `could not be started: ${error.message}` }));
      this.#child.on('close', (code, signal) => resolve({ code, why: `ended with ${signal ?? `exit code ${code}`}` }));
    });
    this.#exit.then(({ why }) => {
      this.#end = `the program ${why}`;
      this.#failAll(this.#end);
    });
    // Its end is reported by `close`; a write that comes too late is part of that.
    this.#child.stdin.on('error', () => {});
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(line));
    createInterface({ input: this.#child.stderr }).on('line', (line) => {
      this.#log.push(line);
      listener('log', line);
    });
  }

  /** @param {string} method @param {object} [params] */
  notify(method, params) {
    this.#send({ jsonrpc: '2.0', method, params });
  }

  /** @param {string} method @param {object} [params] @returns {Promise<any>} */
  request(method, params) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const failure = () => this.#failure(`no answer to ${method} within ${ANSWER_LIMIT_MS / 1000} s`);
      const limit = setTimeout(() => this.#settle(id)?.reject(failure()), ANSWER_LIMIT_MS);
      this.#waiting.set(id, { method, limit, resolve, reject });
      this.#send({ jsonrpc: '2.0', id, method, params });
      if (this.#end) this.#failAll(this.#end);
    });
  }

  /** Ends the input, as a host does when it no longer needs the server, and waits for the program to go. */
  async close() {
    this.#child.stdin.end();
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), ANSWER_LIMIT_MS);
    const { code, why } = await this.#exit;
    clearTimeout(limit);
    if (code !== 0) throw this.#failure(`after the end of its input the program ${why} instead of exit code 0`);
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  /** @param {object} message */
  #send(message) {
    const line = JSON.stringify(message);
    this.#listener('out', line);
    this.#child.stdin.write(`${line}\n`);
  }

  /** @param {string} line */
  #receive(line) {
    this.#listener('in', line);
    /** @type {Message} */
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      this.#failAll('a line on stdout is not JSON');
      return;
    }
    if (message.id === undefined) {
      if (message.method !== undefined) this.notifications.push(message.method);
      return;
    }
    if (message.method === 'ping') this.#send({ jsonrpc: '2.0', id: message.id, result: {} });
    if (message.method !== undefined) return;
    const request = this.#settle(message.id);
    if (message.error) {
      const { code, message: text } = message.error;
      request?.reject(this.#failure(`${request.method} was answered with error ${code}: ${text}`));
    } else request?.resolve(message.result);
  }

  /** @param {number} id */
  #settle(id) {
    const request = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(request?.limit);
    return request;
  }

  /** @param {string} why */
  #failAll(why) {
    for (const id of [...this.#waiting.keys()]) {
      const request = this.#settle(id);
      request?.reject(this.#failure(`${request.method} was not answered: ${why}`));
    }
  }

  /** @param {string} text */
  #failure(text) {
    const said = this.#log.slice(-5).map((line) => `\n    ${line}`);
    return new Error(said.length === 0 ? text : `${text}\n  It said on stderr:${said.join('')}`);
  }
}
