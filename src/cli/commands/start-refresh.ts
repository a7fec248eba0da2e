/** Starts the process that renews tokens; see `renewal.ts`. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ProxyError } from '../../errors.ts';
import { RENEWAL, type Report } from './refresh-report.ts';

/** Bytes of a report that are read. */
const REPORT_LIMIT = 65_536;

/** Starts this very program, with the same arguments, to renew the credentials of that serial; false when it cannot be started. */
export async function renewApart(serial: number): Promise<boolean> {
  let outcome = await renewOnce(serial);
  // Whoever was killed at it leaves open what came of it, and only another attempt finds out.
  if (outcome === 'silence') outcome = await renewOnce(serial);
  if (outcome === 'silence') {
    throw new ProxyError('internal', 'the process that renews tokens ended without a word');
  }
  return outcome === 'done';
}

function renewOnce(serial: number): Promise<'done' | 'silence' | 'not started'> {
  return new Promise((resolve, reject) => {
    const program = process.argv[1];
    const args = [...process.execArgv, ...(program === undefined ? [] : [program]), ...process.argv.slice(2)];
    let child: ChildProcessByStdio<null, Readable, null>;
    try {
      child = spawn(process.execPath, args, {
        env: { ...process.env, [RENEWAL]: String(serial) },
        // A group of its own: hosts end whole groups.
        detached: true,
        stdio: ['ignore', 'pipe', 'ignore'],
        windowsHide: true,
      });
    } catch {
      // Some failures come as an event, and some as an exception: no memory, no more processes.
      resolve('not started');
      return;
    }
    let report = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (report.length < REPORT_LIMIT) report += text;
    });
    child.on('error', () => resolve('not started'));
    child.on('close', (code) => {
      const error = code === 0 ? undefined : readReport(report);
      if (error) reject(error);
      else resolve(code === 0 ? 'done' : 'silence');
    });
  });
}

function readReport(text: string): ProxyError | undefined {
  try {
    const { code, message, data } = JSON.parse(text) as Report;
    return new ProxyError(code, message, data);
  } catch {
    return undefined;
  }
}
