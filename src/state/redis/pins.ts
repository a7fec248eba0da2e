/** The pins of the tools of one server, for all replicas. */
import type { PinStore, Pins } from '../../core/ports/pins.ts';
import type { Lock, Locks } from '../../core/ports.ts';
import { ProxyError } from '../../errors.ts';
import { digestOf, keyOf } from './key-names.ts';
import type { SealedKeys } from './sealed-keys.ts';

interface SealedPins {
  readonly pinned: readonly (readonly [name: string, definition: string])[];
  readonly changed: readonly (readonly [name: string, definition: string])[];
}

const NONE: Pins = { pinned: new Map(), changed: new Map() };
/** In milliseconds, from the last time that a proxy read them. */
const LIFETIME = 365 * 24 * 60 * 60_000;
/** How long another replica may change them, in milliseconds. */
const PATIENCE = 15_000;
const INTERVAL = 100;

/** @param identity tells servers apart: a URL, or the words of a command. */
export function redisPins(keys: SealedKeys, locks: Locks, identity: string): PinStore {
  const name = digestOf(identity);
  const key = keyOf('pins', name);
  const read = async (): Promise<Pins> => {
    const sealed = await keys.client.run('GETEX', key, 'PX', LIFETIME);
    // Pins that say nothing must not count as a first sight.
    if (sealed === null) return NONE;
    const opened = keys.open(key, sealed);
    if (!opened) throw unusable('understand');
    return parse(opened.toString('utf8'));
  };
  return {
    read,
    async update(change) {
      const lock = locks(`pins-${name}`);
      await acquire(lock);
      try {
        const { pinned, changed } = change(await read());
        const written: SealedPins = { pinned: [...pinned], changed: [...changed] };
        await keys.write(key, JSON.stringify(written), LIFETIME);
      } finally {
        await lock.release();
      }
    },
  };
}

async function acquire(lock: Lock): Promise<void> {
  for (let waited = 0; !(await lock.tryAcquire()); waited += INTERVAL) {
    if (waited >= PATIENCE) throw unusable('lock');
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
}

function parse(text: string): Pins {
  const { pinned, changed } = JSON.parse(text) as SealedPins;
  return { pinned: new Map(pinned), changed: new Map(changed) };
}

function unusable(doing: string): ProxyError {
  const hint =
    'give all replicas the same --state-key; or delete the pins from the store, to pin the tools as they are now';
  return new ProxyError('internal', `cannot ${doing} the pinned tools in the store`, { hint });
}
