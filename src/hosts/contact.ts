/** Starts the program of an entry as the host would, and finds out what the host will see. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Env } from '../core/ports.ts';
import { printable } from '../core/redact.ts';
import { LEGACY_REVISIONS } from '../mcp/revisions.ts';
import { objectOf } from './entries.ts';
import type { Entry, Host } from './host.ts';

export type Seen =
  | { readonly kind: 'tools'; readonly server: string; readonly revision: string; readonly tools: number }
  | { readonly kind: 'sign-in' }
  | { readonly kind: 'failed'; readonly problem: string; readonly hint: string | undefined };

export interface ContactOptions {
  readonly env: Env;
  readonly version: string;
  /** Whether a user is there to sign in. Called with the page; false ends the contact at once. */
  readonly onPage: (page: string) => boolean;
}

/** How long everything may take, a sign-in included; in milliseconds. */
const LIMIT = 60_000;
/** How long the program may take to end, in milliseconds. */
const FAREWELL = 8_000;
/** Longer lines are not read, in bytes. */
const LONGEST_LINE = 64 * 1_048_576;
/** How much of the end of stderr to keep, in UTF-16 units. */
const STDERR = 4_000;
const MAX_PAGES = 100;

/** The tool of this program that stands for a server whose user has not signed in. */
const SIGN_IN_TOOL = 'sign_in';

/** What hosts pass on that start servers with a short environment (`getDefaultEnvironment` of the official SDK, and Codex). */
const SHORT = new Set(
  [
    ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ'],
    ['APPDATA', 'HOMEDRIVE', 'HOMEPATH', 'LOCALAPPDATA', 'PATHEXT', 'PROCESSOR_ARCHITECTURE', 'PROGRAMFILES'],
    ['SYSTEMDRIVE', 'SYSTEMROOT', 'TEMP', 'TMP', 'USERNAME', 'USERPROFILE'],
  ].flat(),
);

/** What the program needs to open a browser from the terminal of this process. */
const BROWSER = new Set(
  [
    ['BROWSER', 'DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'],
    ['SSH_CONNECTION', 'SSH_TTY', 'WSL_DISTRO_NAME'],
  ].flat(),
);

/** The environment in which the host starts the program, and what a sign-in needs that begins at this terminal. */
function environmentOf({ inherits }: Pick<Host, 'inherits'>, entry: Entry, env: Env): Env {
  const wanted = new Set(entry.inherited);
  const own = Object.entries(env).filter(
    ([name]) => inherits === 'all' || SHORT.has(name.toUpperCase()) || BROWSER.has(name) || wanted.has(name),
  );
  return { ...Object.fromEntries(own), ...entry.env };
}

export async function contact(host: Host, entry: Entry, options: ContactOptions): Promise<Seen> {
  const env = environmentOf(host, entry, options.env);
  const child = spawn(entry.command, [...entry.args], { env, stdio: 'pipe', windowsHide: true });
  const conversation = new Conversation(child, options);
  try {
    return await conversation.outcome();
  } finally {
    await ended(child);
  }
}

class Conversation {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #options: ContactOptions;
  readonly #answers = new Map<number, (message: Readonly<Record<string, unknown>>) => void>();
  #lastId = 0;
  #stderr = '';
  #end!: (seen: Seen) => void;
  readonly #ended = new Promise<Seen>((resolve) => {
    this.#end = resolve;
  });

  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, options: ContactOptions) {
    this.#child = child;
    this.#options = options;
    child.on('error', (error) => this.#fail(`cannot start ${child.spawnfile}: ${error.message}`));
    child.on('close', () => this.#fail(lastLine(this.#stderr) ?? 'the program ended before it answered'));
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR);
    });
    let rest: Buffer = Buffer.alloc(0);
    child.stdout.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let at = rest.indexOf(10); at !== -1; at = rest.indexOf(10)) {
        this.#read(rest.toString('utf8', 0, at));
        rest = rest.subarray(at + 1);
      }
      if (rest.length > LONGEST_LINE) this.#fail('the answer is too long');
    });
  }

  async outcome(): Promise<Seen> {
    const timer = setTimeout(() => this.#fail(`no answer within ${LIMIT / 1_000} seconds`), LIMIT);
    try {
      return await Promise.race([this.#ended, this.#talk()]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #talk(): Promise<Seen> {
    const opened = await this.#request('initialize', {
      protocolVersion: LEGACY_REVISIONS[0],
      // With this, the program says where to sign in.
      capabilities: { elicitation: { url: {} } },
      clientInfo: { name: 'mcp-proxy-install', version: this.#options.version },
    });
    this.#send({ method: 'notifications/initialized' });
    const server = objectOf(opened.serverInfo);
    let tools: unknown[] = [];
    let cursor: unknown;
    for (let page = 0; page === 0 || (typeof cursor === 'string' && page < MAX_PAGES); page++) {
      const list = await this.#request('tools/list', page === 0 ? {} : { cursor });
      tools = [...tools, ...(Array.isArray(list.tools) ? list.tools : [])];
      cursor = list.nextCursor;
    }
    if (this.#page !== undefined && tools.length === 1 && objectOf(tools[0]).name === SIGN_IN_TOOL) {
      return { kind: 'sign-in' };
    }
    const name = [server.title ?? server.name, server.version].filter((part) => typeof part === 'string').join(' ');
    return {
      kind: 'tools',
      server: printable(name, 100) || 'a server without a name',
      revision: printable(String(opened.protocolVersion), 20),
      tools: tools.length,
    };
  }

  /** The page of the sign-in in progress. */
  #page: string | undefined;

  /** The result of a request. An error ends the conversation. */
  #request(method: string, params: object): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#answers.set(id, ({ result, error }) => {
        if (error === undefined) resolve(objectOf(result));
        else this.#refused(objectOf(error));
      });
      this.#send({ id, method, params });
    });
  }

  #refused({ message, data }: Readonly<Record<string, unknown>>): void {
    const { signIn, hint } = objectOf(data);
    if (typeof signIn === 'string') {
      this.#end({ kind: 'sign-in' });
      return;
    }
    const told = typeof hint === 'string' ? hint : undefined;
    // Hosts show the message only, so it ends with the hint.
    this.#fail(told === undefined ? String(message) : String(message).replace(` (${told})`, ''), told);
  }

  #read(line: string): void {
    const message = parsed(line);
    if (typeof message.method === 'string') this.#asked(message);
    else if (typeof message.id === 'number') this.#answers.get(message.id)?.(message);
  }

  #asked({ id, method, params }: Readonly<Record<string, unknown>>): void {
    if (id === undefined) return;
    const { url, elicitationId } = objectOf(params);
    const isSignIn = method === 'elicitation/create' && /^sign-in-\d+$/.test(String(elicitationId));
    if (!isSignIn || typeof url !== 'string') {
      const error = { code: -32601, message: 'Method not found' };
      this.#send(method === 'ping' ? { id, result: {} } : { id, error });
      return;
    }
    this.#send({ id, result: { action: 'accept' } });
    this.#page = url;
    if (!this.#options.onPage(url)) this.#end({ kind: 'sign-in' });
  }

  #send(message: object): void {
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  #fail(problem: string, hint?: string): void {
    this.#end({ kind: 'failed', problem: printable(problem, 500), hint: hint && printable(hint, 500) });
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(line));
  } catch {
    return {};
  }
}

function lastLine(text: string): string | undefined {
  const line = text
    .trim()
    .split('\n')
    .findLast((one) => !one.startsWith('hint:'));
  return line ? line.replace(/^mcp-proxy: /, '') : undefined;
}

/** Ends the program as a host does: its stdin ends, and it is killed when it does not follow. */
function ended(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<void> {
  if (child.pid === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), FAREWELL);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.stdin.end();
  });
}
