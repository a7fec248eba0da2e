// A stdio client that drives one contestant: writes lines, matches answers by
// id, and notes when each answer's line was complete.
import { spawn } from 'node:child_process';

const LARGE = 65536;
const living = new Set();

/** Ends whatever a failed measure left behind. */
export function killAll() {
  for (const child of living) child.kill('SIGKILL');
}

/** The id of an answer; a large one is not parsed, its id stands at either end. */
function read(line) {
  if (line.length < LARGE) return JSON.parse(line.toString());
  const ends = `${line.subarray(0, 200)}\n${line.subarray(-200)}`;
  return { id: Number(/"id":(\d+)/.exec(ends)?.[1]) };
}

export class StdioClient {
  #child;
  #chunks = [];
  #pending = new Map();
  #stderr = '';
  #nextId = 1;
  #failure;

  constructor({ command, args, env }) {
    this.spawnedAt = performance.now();
    this.#child = spawn(command, args, { env, stdio: 'pipe', windowsHide: true });
    living.add(this.#child);
    this.#child.stdout.on('data', (chunk) => this.#data(chunk));
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#stderr = (this.#stderr + text).slice(-2000);
    });
    this.#child.stdin.on('error', () => {});
    this.#child.on('error', (error) => this.#fail(error));
    this.closed = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        living.delete(this.#child);
        const lines = this.#stderr.trim().split('\n');
        // The line that names the error; below it Node prints the stack and its own version.
        const told = lines.find((text) => /\b\w*Error\b/.test(text)) ?? lines.at(-1);
        this.#fail(new Error(`ended with ${signal ?? code}${told ? `: ${told}` : ''}`));
        resolve();
      });
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** Resolves with the answer, its line and the moment the line was complete. */
  request(method, params) {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  }

  notify(method) {
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method })}\n`);
  }

  initialize() {
    const clientInfo = { name: 'bench-client', version: '1.0.0' };
    return this.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  }

  async handshake() {
    await this.initialize();
    this.notify('notifications/initialized');
    await this.request('tools/list', {});
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.closed;
  }

  #data(chunk) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#chunks.push(chunk.subarray(start, end));
      const line = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
      this.#chunks = [];
      this.#line(line, performance.now());
      start = end + 1;
    }
    if (start < chunk.length) this.#chunks.push(chunk.subarray(start));
  }

  #line(line, at) {
    let message;
    try {
      message = read(line);
    } catch {
      return; // Some contestants write prose to stdout; it is no answer.
    }
    const waiting = this.#pending.get(message.id);
    if (waiting === undefined || message.method !== undefined) return;
    this.#pending.delete(message.id);
    if (message.error) waiting.reject(new Error(`error answer: ${message.error.message}`));
    else waiting.resolve({ message, line, at });
  }

  #fail(error) {
    this.#failure ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }
}

/** Fails after `seconds`, so that a contestant that falls silent costs one measure and not the run. */
export async function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
