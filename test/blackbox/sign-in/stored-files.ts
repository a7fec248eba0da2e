// What processes that share a home leave for each other: the stored sign-in, and which of them is at work on it.
import { existsSync, readdirSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import path from 'node:path';

export interface StoredSignIn {
  readonly serial: number;
  readonly client?: { readonly clientId: string };
  readonly tokens?: { readonly accessToken: string; readonly refreshToken?: string };
}

/**
 * `lock`: the process that signs in. `renewing`: the one that has a refresh done. `renewal`: the one that sends the
 * refresh token.
 */
export type Lock = 'lock' | 'renewing' | 'renewal';

export function storedSignIn(home: string): StoredSignIn | undefined {
  const file = find(home, /^[0-9a-f]{32}\.json$/);
  return file === undefined ? undefined : (JSON.parse(readFileSync(file, 'utf8')) as StoredSignIn);
}

/** The process that has the lock, or undefined. */
export function ownerOf(home: string, lock: Lock): number | undefined {
  try {
    const file = find(home, endOf(lock));
    return file === undefined ? undefined : (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid;
  } catch {
    // The lock was released between two looks.
    return undefined;
  }
}

/** When its owner last showed that it lives. */
export function lastBeat(home: string, lock: Lock): number | undefined {
  const file = find(home, endOf(lock));
  return file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

/** Takes the locks away from their owners, like another machine that has not seen the owner alive for long. */
export function breakLocks(home: string): void {
  for (const lock of ['lock', 'renewing', 'renewal'] as const) {
    const file = find(home, endOf(lock));
    if (file !== undefined) unlinkSync(file);
  }
}

function endOf(lock: Lock): RegExp {
  return new RegExp(`^[0-9a-f]{32}\\.${lock}$`);
}

function find(home: string, name: RegExp): string | undefined {
  const folder = path.join(home, '.cache', 'mcp-proxy', 'credentials');
  const entry = existsSync(folder) ? readdirSync(folder).find((one) => name.test(one)) : undefined;
  return entry === undefined ? undefined : path.join(folder, entry);
}
