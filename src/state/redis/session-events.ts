/**
 * The events that the client of a session may still have to get, kept for the replica that goes on with the session. They
 * are a list in the store, with limits, which the script below enforces: so they hold across replicas, too.
 */
import type { Frame } from '../../core/jsonrpc.ts';
import type { SessionEvents, StreamEvent } from '../../core/ports/replicas.ts';
import { keyOf } from './key-names.ts';
import { IF_OWN } from './owned.ts';
import type { SealedKeys } from './sealed-keys.ts';

/** For one session: events, and bytes as they are sealed. */
const [MAX_EVENTS, MAX_BYTES] = [256, 1_048_576];
/** Bytes of events that may wait for the store, over all sessions. Beyond that, events are not kept. */
const MAX_WAITING = 16 * 1_048_576;
/** Milliseconds from the last event on. */
const LIFETIME = 60 * 60_000;

/**
 * Appends an event to the list of a session that another replica can open. ARGV after the first: the event, the most
 * events, the most bytes, the lifetime.
 */
export const APPEND = `${IF_OWN}
if redis.call('EXISTS', KEYS[2]) == 0 then return 1 end
local count = redis.call('RPUSH', KEYS[3], ARGV[2])
local size = redis.call('INCRBY', KEYS[4], #ARGV[2])
while count > tonumber(ARGV[3]) or size > tonumber(ARGV[4]) do
  local gone = redis.call('LPOP', KEYS[3])
  if not gone then break end
  count = count - 1
  size = redis.call('INCRBY', KEYS[4], -#gone)
end
redis.call('PEXPIRE', KEYS[3], ARGV[5])
redis.call('PEXPIRE', KEYS[4], ARGV[5])
return 1`;

/** The keys of the events of a session: the list, and how many bytes are in it. */
export function eventKeys(name: string): readonly [list: string, size: string] {
  return [keyOf('events', name), keyOf('events-size', name)];
}

/** Bytes of events that wait for the store. */
export interface WaitingEvents {
  bytes: number;
}

export interface SessionEventsOptions {
  readonly keys: SealedKeys;
  /** The session in the store. */
  readonly name: string;
  readonly waiting: WaitingEvents;
  /** Milliseconds after which the record of an unused session ends. */
  readonly lifetime: number;
  /** Runs `APPEND`; undefined when the session is not kept for other replicas. */
  readonly change: (...args: readonly (string | number | Buffer)[]) => Promise<unknown> | undefined;
}

export function redisSessionEvents(options: SessionEventsOptions): SessionEvents {
  const { keys, name, waiting, change } = options;
  const [list] = eventKeys(name);
  const lifetime = Math.min(options.lifetime, LIFETIME);
  return {
    append(stream, sequence, frame) {
      const bytes = frame.reduce((sum, part) => sum + part.length, 0);
      if (bytes > MAX_BYTES || waiting.bytes + bytes > MAX_WAITING) return;
      const sealed = keys.seal(list, encoded(stream, sequence, frame));
      const done = change(sealed, MAX_EVENTS, MAX_BYTES, lifetime);
      if (!done) return;
      waiting.bytes += bytes;
      const over = (): void => {
        waiting.bytes -= bytes;
      };
      done.then(over, over);
    },
    async read() {
      const found = await keys.client.run('LRANGE', list, 0, -1).catch(() => []);
      const events = Array.isArray(found) ? found.slice(-MAX_EVENTS) : [];
      return events.flatMap((sealed) => decoded(keys.open(list, sealed)) ?? []);
    },
  };
}

function encoded(stream: number, sequence: number, frame: Frame): Buffer {
  return Buffer.concat([Buffer.from(`${stream}-${sequence}\n`), ...frame]);
}

const HEAD = /^(\d+)-(\d+)$/;
const LF = 10;

/** Only a replica can have sealed it. */
function decoded(text: Buffer | undefined): StreamEvent | undefined {
  const end = text?.indexOf(LF) ?? -1;
  const [, stream, sequence] = HEAD.exec(text?.toString('latin1', 0, Math.max(0, end)) ?? '') ?? [];
  if (!text || stream === undefined) return undefined;
  return { stream: Number(stream), sequence: Number(sequence), frame: [text.subarray(end + 1)] };
}
