/** One change of a host's configuration at a time, over all processes of this program. */
import type { Lock } from '../../../core/ports.ts';
import { ProxyError } from '../../../errors.ts';

/** How often to try to get the lock, and the milliseconds between two attempts: a minute in all. */
const LIMITS = { attempts: 1_200, pause: 50 };

/**
 * Writes while it holds the lock. Rejects with a ProxyError 'internal' when another process holds it for too long. A
 * lock that cannot be used, because there is no cache folder to write to, stops nobody: the file is compared before it
 * is replaced.
 */
export async function exclusively<T>(lock: Lock, write: () => Promise<T>, limits = LIMITS): Promise<T> {
  if ((await acquire(lock, limits)) === 'busy') {
    throw new ProxyError('internal', 'another mcp-proxy is changing the configuration of a host', {
      hint: 'wait until it has ended, or end it; then try again',
    });
  }
  try {
    return await write();
  } finally {
    await lock.release().catch(() => {});
  }
}

async function acquire(lock: Lock, { attempts, pause }: typeof LIMITS): Promise<'done' | 'busy'> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      if (await lock.tryAcquire()) return 'done';
    } catch {
      return 'done';
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return 'busy';
}
