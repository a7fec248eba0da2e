// A stdio client that drives one contestant: writes lines, matches answers by
// id, and notes when each answer's line was complete.
import { Program } from './program.mjs';

const LARGE = 65536;

/** The id of an answer; a large one is not parsed, its id stands at either end. */
function read(line) {
  if (line.length < LARGE) return JSON.parse(line.toString());
  const ends = `${line.subarray(0, 200)}\n${line.subarray(-200)}`;
  return { id: Number(/"id":(\d+)/.exec(ends)?.[1]) };
}

export class StdioClient {
  #program;
  #chunks = [];
  #pending = new Map();
  #nextId = 1;
  #failure;

  constructor(options) {
    this.spawnedAt = performance.now();
    this.#program = new Program(options);
    this.#program.stdout.on('data', (chunk) => this.#data(chunk));
    this.ended = this.#program.ended;
    this.ended.then((error) => this.#fail(error));
  }

  get pid() {
    return this.#program.pid;
  }

  /** Resolves with the answer, its line and the moment the line was complete. */
  request(method, params) {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#program.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  }

  notify(method) {
    this.#program.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method })}\n`);
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

  /** Ends the input, as a host does that goes away; resolves when the contestant is gone. */
  close() {
    this.#program.stdin.end();
    return this.ended;
  }

  kill() {
    return this.#program.kill();
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
