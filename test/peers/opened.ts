// Closes what a test has opened, in reverse order, however the test ended.
import { afterEach } from 'vitest';
import { closeProxies } from './proxy.ts';

interface Closable {
  close(): Promise<unknown>;
}

/**
 * Registers the clean-up for the calling test file, proxies included. Files whose tests run at the same time pass
 * `afterAll`.
 */
export function opened(
  after: (cleanUp: () => Promise<void>) => void = afterEach,
): <T extends Closable>(peer: Promise<T> | T) => Promise<T> {
  const peers: Closable[] = [];
  after(async () => {
    await closeProxies();
    for (const peer of peers.splice(0).reverse()) await peer.close();
  });
  return async (starting) => {
    const peer = await starting;
    peers.push(peer);
    return peer;
  };
}
