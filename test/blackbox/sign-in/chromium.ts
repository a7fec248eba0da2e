// Chromium without a window, controlled through the DevTools protocol over a pipe: what a user's browser makes of a
// page.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';

export interface TabOptions {
  /** In CSS pixels. */
  width?: number;
  height?: number;
  dark?: boolean;
  /** Shown where the browser needs them, unless this is false. */
  scrollbars?: boolean;
}

export interface Tab {
  /** What the browser has reported: blocked requests, errors of scripts, everything on the console. */
  readonly complaints: readonly string[];
  /** Every URL it wanted to load, itself included, in order. */
  readonly requests: readonly string[];
  /** The value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression in the page is true. */
  until(expression: string): Promise<void>;
  /** Clicks with the mouse into the middle of the element, after scrolling to it. */
  click(selector: string): Promise<void>;
  /** Presses a key, such as `Tab`, `Enter` or ` `. */
  press(key: string): Promise<void>;
  /** PNG. */
  screenshot(): Promise<Buffer>;
}

export interface Chromium {
  /** Resolves when the page has loaded. */
  open(url: string, options?: TabOptions): Promise<Tab>;
  close(): Promise<void>;
}

type Fields = Record<string, unknown>;

interface Key {
  readonly code: string;
  readonly windowsVirtualKeyCode: number;
  readonly text?: string;
}

const KEYS: Readonly<Record<string, Key>> = {
  Tab: { code: 'Tab', windowsVirtualKeyCode: 9 },
  Enter: { code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' },
  ' ': { code: 'Space', windowsVirtualKeyCode: 32, text: ' ' },
};

const LIMIT_MS = 45_000;
const COMMANDS = ['chromium', 'google-chrome', 'chromium-browser'];
const FILES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

export async function startChromium(): Promise<Chromium> {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'chromium-'));
  const args = [
    '--headless',
    // Chromium's own sandbox does not start as root, which tests may run as; it opens only our own pages here.
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--no-first-run',
    '--no-proxy-server',
    `--user-data-dir=${profile}`,
    '--remote-debugging-pipe',
    'about:blank',
  ];
  // A process group of its own, because it starts processes that would stay behind.
  const child = spawn(findChromium(), args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true });
  const kill = (): void => killGroup(child);
  process.once('exit', kill);
  const connection = new Connection(child);
  const close = async (): Promise<void> => {
    process.off('exit', kill);
    kill();
    await connection.gone;
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    await connection.send('Browser.getVersion');
  } catch (error) {
    await close();
    throw error;
  }
  return { open: (url, options) => openTab(connection, url, options), close };
}

async function openTab(connection: Connection, url: string, options: TabOptions = {}): Promise<Tab> {
  const { width = 900, height = 600, dark = false, scrollbars = true } = options;
  const { targetId } = await connection.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await connection.send('Target.attachToTarget', { targetId, flatten: true });
  const session = sessionId as string;
  const send = (method: string, params: Fields = {}): Promise<Fields> => connection.send(method, params, session);

  const complaints: string[] = [];
  const requests: string[] = [];
  const loaded = new Promise<void>((resolve) => {
    connection.listen(session, (method, params) => {
      if (method === 'Page.loadEventFired') resolve();
      if (method === 'Network.requestWillBeSent') requests.push((params.request as { url: string }).url);
      if (method === 'Log.entryAdded') complaints.push(String((params.entry as Fields).text));
      if (/^Runtime\.(exceptionThrown|consoleAPICalled)$/.test(method)) complaints.push(JSON.stringify(params));
      if (method === 'Page.javascriptDialogOpening') complaints.push(`dialog: ${params.message}`);
    });
  });
  for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await send(`${domain}.enable`);
  await send('Emulation.setScrollbarsHidden', { hidden: !scrollbars });
  await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }];
  await send('Emulation.setEmulatedMedia', { features });
  const { errorText } = await send('Page.navigate', { url });
  if (errorText !== undefined) throw new Error(`chromium could not open ${url}: ${errorText}`);
  await loaded;

  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  };
  return {
    complaints,
    requests,
    evaluate,
    async until(expression) {
      const end = Date.now() + LIMIT_MS;
      while (!(await evaluate(`Boolean(${expression})`))) {
        if (Date.now() > end)
          throw new Error(`not true within ${LIMIT_MS} ms: ${expression}; ${complaints.join('; ')}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async click(selector) {
      const { x, y } = await evaluate<{ x: number; y: number }>(`(() => {
        const element = document.querySelector(${JSON.stringify(selector)});
        element.scrollIntoView({ block: 'center', behavior: 'instant' });
        const { x, y, width, height } = element.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      })()`);
      for (const type of ['mousePressed', 'mouseReleased']) {
        await send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
      }
    },
    async press(key) {
      const { code, text, windowsVirtualKeyCode } = KEYS[key] as Key;
      const common = { key, code, windowsVirtualKeyCode };
      await send('Input.dispatchKeyEvent', { type: 'keyDown', ...common, ...(text !== undefined && { text }) });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...common });
    },
    async screenshot() {
      const { data } = await send('Page.captureScreenshot', { format: 'png' });
      return Buffer.from(data as string, 'base64');
    },
  };
}

/** JSON messages with a NUL after each: to the browser through descriptor 3, from it through 4. */
class Connection {
  readonly gone: Promise<void>;
  readonly #output: Writable;
  readonly #answers = new Map<number, (answer: Fields) => void>();
  readonly #listeners = new Map<string, (method: string, params: Fields) => void>();
  #last = 0;
  #ended = '';

  constructor(child: ChildProcess) {
    this.#output = child.stdio[3] as Writable;
    this.#output.on('error', () => {});
    let rest = '';
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop() as string;
      for (const message of messages) this.#receive(JSON.parse(message) as Fields);
    });
    const ended = Promise.race([
      once(child, 'close').then(([code]) => `exit code ${code}`),
      new Promise<string>((resolve) => child.once('error', (error) => resolve(error.message))),
    ]);
    this.gone = ended.then((how) => {
      this.#ended = how;
      for (const answer of this.#answers.values()) answer({ error: { message: how } });
    });
  }

  listen(session: string, listener: (method: string, params: Fields) => void): void {
    this.#listeners.set(session, listener);
  }

  send(method: string, params: Fields = {}, sessionId?: string): Promise<Fields> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const fail = (reason: string): void => reject(new Error(`chromium, ${method}: ${reason}`));
      if (this.#ended !== '') return fail(this.#ended);
      const timer = setTimeout(() => fail(`no answer within ${LIMIT_MS} ms`), LIMIT_MS);
      this.#answers.set(id, ({ result, error }) => {
        clearTimeout(timer);
        this.#answers.delete(id);
        if (error === undefined) resolve(result as Fields);
        else fail((error as { message: string }).message);
      });
      this.#output.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  #receive(message: Fields): void {
    if (typeof message.id === 'number') this.#answers.get(message.id)?.(message);
    else this.#listeners.get(message.sessionId as string)?.(message.method as string, message.params as Fields);
  }
}

function findChromium(): string {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const found = [...COMMANDS.flatMap((name) => folders.map((folder) => path.join(folder, name))), ...FILES];
  const file = found.find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Error('no chromium on this machine (Debian: apt-get install chromium)');
  return file;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // The process has already ended.
  }
}
