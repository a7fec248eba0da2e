/**
 * Starts the separate process that refreshes tokens. A server that rotates refresh tokens revokes the old one the moment
 * it answers, so a host that kills the proxy at that moment would cost the user the whole sign-in. Hosts do not know of
 * this process, so they do not kill it.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ProxyError } from '../../errors.ts';
import { ownCommand } from '../../platform/restart-command.ts';
import { REFRESH_SERIAL, REFRESH_SERVER, type Report } from './report.ts';

/** The number of bytes of a report to read. */
const REPORT_LIMIT = 65_536;

/**
 * Starts this program again, with the same arguments, to refresh the credentials of this server with this serial.
 * False when it cannot be started.
 */
export async function refreshElsewhere(serial: number, server: string): Promise<boolean> {
  let outcome = await attemptRefresh(serial, server);
  // If the process was killed, only another attempt can find out whether the refresh succeeded.
  if (outcome === 'silence') outcome = await attemptRefresh(serial, server);
  if (outcome === 'silence') {
    throw new ProxyError('internal', 'the process that refreshes tokens ended without a result');
  }
  return outcome === 'done';
}

function attemptRefresh(serial: number, server: string): Promise<'done' | 'silence' | 'not started'> {
  return new Promise((resolve, reject) => {
    const { file, args } = ownCommand();
    let child: ChildProcessByStdio<null, Readable, null>;
    try {
      child = spawn(file, [...args, ...process.argv.slice(2)], {
        env: { ...process.env, [REFRESH_SERIAL]: String(serial), [REFRESH_SERVER]: server },
        // A separate process group: hosts end whole groups.
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
