// The process of a contestant: what it writes to stderr, how it ended, and that
// it does end.
import { spawn } from 'node:child_process';

const living = new Set();

/** Ends whatever a failed measure left behind. */
export function killAll() {
  for (const child of living) child.kill('SIGKILL');
}

export class Program {
  #child;
  #stderr = '';
  #heard = () => {};

  constructor({ command, args, env }) {
    this.#child = spawn(command, args, { env, stdio: 'pipe', windowsHide: true });
    living.add(this.#child);
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#stderr = (this.#stderr + text).slice(-2000);
      this.#heard();
    });
    this.#child.stdin.on('error', () => {});
    let failure;
    this.#child.on('error', (error) => {
      failure = error;
    });
    /** Resolves with the Error that tells how the process ended, once all it wrote has been read. */
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        living.delete(this.#child);
        resolve(failure ?? new Error(this.#lastWords(signal ?? code)));
      });
    });
  }

  get pid() {
    return this.#child.pid;
  }

  get stdin() {
    return this.#child.stdin;
  }

  get stdout() {
    return this.#child.stdout;
  }

  /** What `pattern` matches on stderr, once it does. */
  announces(pattern) {
    const said = new Promise((resolve) => {
      this.#heard = () => {
        const match = pattern.exec(this.#stderr);
        if (match) resolve(match);
      };
      this.#heard();
    });
    const gone = this.ended.then((error) => Promise.reject(error));
    return Promise.race([said, gone]).finally(() => {
      this.#heard = () => {};
    });
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  #lastWords(how) {
    const lines = this.#stderr.trim().split('\n');
    // The line that names the error; below it Node prints the stack and its own version, and this program a hint.
    const told = lines.find((text) => /\b\w*Error\b/.test(text)) ?? lines.findLast((text) => !text.startsWith('hint:'));
    return `ended with ${how}${told ? `: ${told}` : ''}`;
  }
}
