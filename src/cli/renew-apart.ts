/** Starts the process that renews tokens; see `renewal.ts`. */
import { spawn } from 'node:child_process';
import { ProxyError } from '../errors.ts';
import { RENEWAL, type Report } from './renewal.ts';

/** Bytes of a report that are read. */
const REPORT_LIMIT = 65_536;

/** Starts this very program, with the same arguments, to renew the credentials of that serial. */
export async function renewApart(serial: number): Promise<void> {
  // Whoever was killed at it leaves open what came of it, and only another attempt finds out.
  if ((await renewOnce(serial)) === 'silence' && (await renewOnce(serial)) === 'silence') {
    throw new ProxyError('internal', 'the process that renews tokens ended without a word');
  }
}

function renewOnce(serial: number): Promise<'done' | 'silence'> {
  return new Promise((resolve, reject) => {
    const program = process.argv[1];
    const args = [...process.execArgv, ...(program === undefined ? [] : [program]), ...process.argv.slice(2)];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, [RENEWAL]: String(serial) },
      // A group of its own: hosts end whole groups.
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
    });
    let report = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (report.length < REPORT_LIMIT) report += text;
    });
    child.on('error', (error) =>
      reject(new ProxyError('internal', `cannot start ${process.execPath}: ${error.message}`)),
    );
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
