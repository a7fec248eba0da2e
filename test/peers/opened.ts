// What a test has opened, closed after it in reverse order whatever came of the test.
import { afterEach } from 'vitest';
import { closeProxies } from './proxy.ts';

interface Closable {
  close(): Promise<unknown>;
}

/** Registers the clean-up for the calling test file, proxies included. */
export function opened(): <T extends Closable>(peer: Promise<T> | T) => Promise<T> {
  const peers: Closable[] = [];
  afterEach(async () => {
    await closeProxies();
    for (const peer of peers.splice(0).reverse()) await peer.close();
  });
  return async (starting) => {
    const peer = await starting;
    peers.push(peer);
    return peer;
  };
}
