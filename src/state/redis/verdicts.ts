/** Remembers what a URL speaks, for all replicas. */
import { NOT_YET, type Peeked, type Spoken, type VerdictMemory } from '../../core/ports.ts';
import { textOf } from './client.ts';
import { digestOf, keyOf } from './key-names.ts';
import type { SealedKeys } from './sealed-keys.ts';

/** A server may change, so the proxy asks it again after this time. In milliseconds. */
const LIFETIME = 24 * 60 * 60_000;
/** How long this process goes on with what it has read, in milliseconds. */
const FRESH = 60_000;
/** URLs: those of the configuration, and those that they redirect to. */
const MAX_KNOWN = 1_000;

const SPOKEN: ReadonlySet<string | undefined> = new Set<Spoken>(['http', 'sse', 'modern', 'sessionless']);

interface KnownVerdict {
  readonly spoken: Spoken | undefined;
  readonly at: number;
}

export function redisVerdicts(keys: SealedKeys, now: () => number = Date.now): VerdictMemory {
  const known = new Map<string, KnownVerdict>();
  const note = (key: string, spoken: Spoken | undefined): void => {
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(key, { spoken, at: now() });
  };
  const keyFor = (url: URL): string => keyOf('verdict', digestOf(url.href));
  const peek = (url: URL): Peeked<Spoken> => {
    const found = known.get(keyFor(url));
    return found && now() - found.at < FRESH ? found.spoken : NOT_YET;
  };
  return {
    peek,
    async recall(url) {
      const peeked = peek(url);
      if (peeked !== NOT_YET) return peeked;
      const key = keyFor(url);
      const text = textOf(await keys.read(key));
      const spoken = SPOKEN.has(text) ? (text as Spoken) : undefined;
      note(key, spoken);
      return spoken;
    },
    async remember(url, spoken) {
      const key = keyFor(url);
      if (known.get(key)?.spoken === spoken && peek(url) !== NOT_YET) return;
      note(key, spoken);
      await keys.write(key, spoken, LIFETIME);
    },
  };
}
