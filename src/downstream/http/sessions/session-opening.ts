/** What another replica needs to open a session again: what the client said, and what it waits for. */
import { asString, peek } from '../../../core/json.ts';
import type { Call, Id } from '../../../core/jsonrpc.ts';

/** Subscriptions and streams that are remembered. */
const MOST = 256;
/** Bytes of what is remembered of one session. A client of a session with more opens it anew if its replica dies. */
const MOST_BYTES = 65_536;
/** The numbers of streams that the record may not have seen yet. */
const MARGIN = 1_000;
/** More events than one replica sends on a stream: the next one begins its own beyond them. */
const EVENTS_OF_ONE = 1_000_000_000;

interface WrittenOpening {
  readonly base: string;
  readonly calls: readonly (readonly [method: string, params: string | undefined])[];
  readonly streams: readonly (readonly [number: number, ids: readonly string[]])[];
  /** How many replicas have had the session before. */
  readonly moves?: number;
}

/** Where the record of a session is kept. */
export interface OpeningKeeper {
  /** Called whenever the record has changed; `record` returns the whole as it is now, or undefined at the end. */
  keep(record: () => Buffer | undefined): void;
  /** Called when there is too much to keep. */
  drop(): void;
}

export class SessionOpening {
  /** The part of the path that names the server. */
  readonly base: string;
  readonly #keeper: OpeningKeeper;
  /** By what they set, so that the last one counts. */
  readonly #calls = new Map<string, Call>();
  readonly #streams = new Map<number, readonly Id[]>();
  #bytes = 0;
  #moves = 0;
  #ready = false;
  /** Whether nothing is kept any longer. */
  #over = false;

  constructor(base: string, keeper: OpeningKeeper) {
    this.base = base;
    this.#keeper = keeper;
  }

  /** Reads what another replica has kept. */
  static from(record: Buffer, keeper: OpeningKeeper): SessionOpening {
    // Only a replica can have sealed it.
    const { base, calls, streams, moves } = JSON.parse(record.toString('utf8')) as WrittenOpening;
    const opening = new SessionOpening(base, keeper);
    for (const [method, params] of calls) {
      const call: Call = params === undefined ? { method } : { method, params: Buffer.from(params) };
      opening.#calls.set(keyOf(call) ?? method, call);
      opening.#bytes += sizeOfCall(call);
    }
    for (const [number, ids] of streams) {
      opening.#streams.set(number, ids);
      opening.#bytes += sizeOfIds(ids);
    }
    opening.#ready = true;
    opening.#moves = (moves ?? 0) + 1;
    // The events of this replica have numbers of their own, which the next one must not use again.
    opening.#write();
    return opening;
  }

  /** What opens the session again, in order. */
  get calls(): readonly Call[] {
    return [...this.#calls.values()];
  }

  /** No stream of the session has a higher number. */
  get lastStream(): number {
    const last = Math.max(0, ...this.#streams.keys());
    return last === 0 ? 0 : last + MARGIN;
  }

  /** No event of another replica on the stream for everything else has a higher number. */
  get lastEvent(): number {
    return this.#moves * EVENTS_OF_ONE;
  }

  /** The requests that were waiting for their answers on a stream. */
  asked(stream: number): readonly Id[] | undefined {
    return this.#streams.get(stream);
  }

  /** Notes a request of the client. */
  note(call: Call): void {
    if (this.#over || !SETTING.has(call.method)) return;
    const size = sizeOfCall(call);
    const removes = call.method === 'resources/unsubscribe';
    if (size > MOST_BYTES) {
      // What is too long was never noted.
      if (!removes) this.#drop();
      return;
    }
    const key = keyOf(call);
    if (key === undefined) return;
    const former = this.#calls.get(key);
    if (!removes && former === undefined && this.#calls.size >= MOST) return;
    this.#bytes += (removes ? 0 : size) - (former === undefined ? 0 : sizeOfCall(former));
    if (this.#isTooMuch()) return;
    if (removes) this.#calls.delete(key);
    else this.#calls.set(key, copyOf(call));
    this.#write();
  }

  /** Notes that answers will come on a stream. */
  begun(stream: number, ids: readonly Id[]): void {
    if (this.#over) return;
    this.#streams.set(stream, ids);
    this.#bytes += sizeOfIds(ids);
    for (const [number, old] of this.#streams) {
      if (this.#streams.size === 1 || (this.#streams.size <= MOST && this.#bytes <= MOST_BYTES)) break;
      this.#streams.delete(number);
      this.#bytes -= sizeOfIds(old);
    }
    if (!this.#isTooMuch()) this.#write();
  }

  /** The session is open. */
  opened(): void {
    this.#ready = true;
    this.#write();
  }

  /** Nothing more is kept: the session cannot be opened again. */
  end(): void {
    this.#over = true;
    this.#calls.clear();
    this.#streams.clear();
  }

  #isTooMuch(): boolean {
    if (this.#bytes > MOST_BYTES) this.#drop();
    return this.#over;
  }

  #drop(): void {
    this.end();
    this.#keeper.drop();
  }

  #write(): void {
    if (this.#ready && !this.#over) this.#keeper.keep(this.#record);
  }

  readonly #record = (): Buffer | undefined => {
    if (this.#over) return undefined;
    const written: WrittenOpening = {
      base: this.base,
      calls: this.calls.map(({ method, params }) => [method, params?.toString('utf8')]),
      streams: [...this.#streams].map(([number, ids]) => [number, ids]),
      moves: this.#moves,
    };
    return Buffer.from(JSON.stringify(written));
  };
}

/** The methods of requests that set something for the rest of the session. */
const SETTING: ReadonlySet<string> = new Set([
  'initialize',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
]);

function copyOf({ method, params }: Call): Call {
  return params ? { method, params: Buffer.from(params) } : { method };
}

function sizeOfCall({ method, params }: Call): number {
  return method.length + (params?.length ?? 0);
}

function sizeOfIds(ids: readonly Id[]): number {
  return ids.reduce((size, { length }) => size + length, 0);
}

/** What a request sets; undefined for one that need not be repeated. */
function keyOf({ method, params }: Call): string | undefined {
  switch (method) {
    case 'initialize':
    case 'logging/setLevel':
      return method;
    case 'resources/subscribe':
    case 'resources/unsubscribe': {
      const uri = params && peek(params, 'uri');
      return uri && `subscription ${asString(uri)}`;
    }
    default:
      return undefined;
  }
}
