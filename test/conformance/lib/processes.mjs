// Processes of a run: the suite's, which come to an end, and those of servers, which are ended.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { suiteCommand } from './suite.mjs';

const windows = process.platform === 'win32';
const running = new Set();

// In client mode the suite starts the host, and the host starts the proxy. They share the suite's process group, so
// one signal ends whatever of the three is left.
function endGroup(child) {
  if (windows) {
    spawnSync('taskkill', ['/pid', String(child.pid), '/t', '/f']);
    return;
  }
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

// A child's group is not the terminal's, so an interrupt has to be handed on.
for (const [signal, status] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
  process.once(signal, () => {
    for (const child of running) endGroup(child);
    process.exit(status);
  });
}
process.once('exit', () => {
  for (const child of running) endGroup(child);
});

/** Runs the suite with these arguments, `limit` milliseconds at most; resolves with its exit status. */
export function runSuite(args, { env = process.env, limit, logFile }) {
  const [program, words] = suiteCommand(args);
  const child = spawn(program, words, { env, detached: !windows, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const log = fs.createWriteStream(logFile);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => endGroup(child), limit);
    child.on('error', reject);
    // A process that outlives the suite would keep the pipes open and hold back 'close'.
    child.on('exit', () => endGroup(child));
    child.on('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      log.end(() => resolve(code));
    });
  });
}

const START_MS = 20_000;
const STOP_MS = 15_000;

/**
 * Starts a server that says `listening on ORIGIN` on stderr. `stop()` asks it to end and tells how it did:
 * { code, signal }; `ended` tells the same as soon as it is gone.
 */
export async function startServer([program, ...words], { env = process.env, logFile }) {
  const child = spawn(program, words, { env, detached: !windows, stdio: ['pipe', 'ignore', 'pipe'] });
  running.add(child);
  const server = { ended: undefined, origin: undefined, stop };
  child.stdin.on('error', () => {});
  const gone = new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  }).then((end) => {
    running.delete(child);
    server.ended = end;
    return end;
  });

  async function stop() {
    // On Windows there is no signal a program could answer; the end of stdin is what the upstream listens to.
    child.stdin.end();
    if (!windows) child.kill('SIGTERM');
    const timer = setTimeout(() => endGroup(child), windows ? 1_000 : STOP_MS);
    return gone.finally(() => clearTimeout(timer));
  }

  let said = '';
  const announced = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited ${START_MS} ms for "listening on"`)), START_MS);
    child.stderr.setEncoding('utf8').on('data', (text) => {
      fs.appendFileSync(logFile, text);
      if (server.origin) return;
      said += text;
      const origin = /listening on (https?:\/\/[^\s"]+)\s/.exec(said)?.[1];
      if (!origin) return;
      clearTimeout(timer);
      server.origin = new URL(origin).origin;
      resolve();
    });
    void gone.then(({ code, signal, error }) => {
      clearTimeout(timer);
      reject(error ?? new Error(`ended with ${signal ?? `exit code ${code}`} before it listened`));
    });
  });
  try {
    await announced;
  } catch (error) {
    await stop();
    throw new Error(`${error.message}: ${said.slice(0, 2000) || words.join(' ')}`);
  }
  return server;
}
