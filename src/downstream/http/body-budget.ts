/**
 * Counts what waits for answers: for each session or connection, for each address, and in total. The proxy refuses a
 * session, connection or address over its share. The others are not affected.
 */
import { ProxyError } from '../../errors.ts';
import { replyFrom } from '../../wire/replies.ts';
import type { Release } from '../../wire/reply-route.ts';
import type { Refusal } from './refusal.ts';

export interface Limits {
  /** For one session, or for one connection of a client without a session. */
  readonly own: number;
  /** For everything from one address, or with one set of forwarded headers. */
  readonly group: number;
  readonly all: number;
  /** What a session or connection gets even when its group, or the total, is at its limit. */
  readonly small: number;
}

const MIB = 1_048_576;

/** Bytes of messages that wait for answers. */
export const BYTES: Limits = { own: 32 * MIB, group: 128 * MIB, all: 256 * MIB, small: 16_384 };
/** Bytes of bodies that are arriving. Apart from {@link BYTES}: a client answers a question in the middle of its calls. */
export const ARRIVING: Limits = { own: 32 * MIB, group: 128 * MIB, all: 512 * MIB, small: 16_384 };
/** The cost of a call besides its message, in bytes. */
const CALL = 1_024;

/** What an owner or a group holds. */
interface Share {
  held: number;
}

export class Budget {
  readonly #limits: Limits;
  readonly #owners = new WeakMap<object, Share>();
  readonly #groups = new Map<string, Share>();
  #all = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * Claims an amount for an owner. Undefined when that is too much. A limit never refuses the first claim that it
   * counts.
   */
  claim(owner: object, groups: readonly string[], amount: number): Release | undefined {
    const { own, group, all, small } = this.#limits;
    let share = this.#owners.get(owner);
    const held = share?.held ?? 0;
    if (exceeds(held, amount, own)) return undefined;
    if (held + amount > small) {
      if (exceeds(this.#all, amount, all)) return undefined;
      if (groups.some((name) => exceeds(this.#groups.get(name)?.held ?? 0, amount, group))) return undefined;
    }
    if (!share) {
      share = { held: 0 };
      this.#owners.set(owner, share);
    }
    this.#add(share, groups, amount);
    let claimed = true;
    return () => {
      if (claimed) this.#add(share, groups, -amount);
      claimed = false;
    };
  }

  #add(owner: Share, groups: readonly string[], amount: number): void {
    this.#all += amount;
    owner.held += amount;
    for (const name of groups) {
      const share = this.#groups.get(name);
      if (!share) this.#groups.set(name, { held: amount });
      else {
        share.held += amount;
        if (share.held <= 0) this.#groups.delete(name);
      }
    }
  }
}

function exceeds(held: number, amount: number, limit: number): boolean {
  return held > 0 && held + amount > limit;
}

/** A message, and where it came from. */
export interface Sent {
  readonly req: { readonly socket: { readonly remoteAddress?: string | undefined } };
  readonly forwarded: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly size: number;
}

/**
 * Claims the bytes of a message.
 * @param groups those of its sender, where they are known
 */
export function claimBytes(budget: Budget, owner: object, sent: Sent, groups = groupsOf(sent)): Release | undefined {
  return budget.claim(owner, groups, sent.size + CALL);
}

/** The groups that the sender of a message belongs to. */
export function groupsOf({ req, forwarded }: Omit<Sent, 'size'>): readonly string[] {
  // The address itself: the same string for each request of a connection, which is cheaper to look up than an equal one.
  const address = req.socket.remoteAddress ?? '';
  if (Object.keys(forwarded).length > 0) return [address, `headers ${JSON.stringify(Object.entries(forwarded))}`];
  if (last[0] !== address) last = [address];
  return last;
}

/** The groups of the last address: most requests come from the same one. */
let last: readonly string[] = [];

/** The answer to a client over its share. */
export function overBudget(what: string, until = 'some of them are answered'): Refusal {
  return {
    status: 429,
    reply: replyFrom(new ProxyError('limit', `${what}; send more when ${until}`)),
    headers: { 'retry-after': '1' },
  };
}

export const TOO_MANY_BYTES: Refusal = overBudget('the messages that wait for answers are too large in total');

export const TOO_MUCH_ARRIVES: Refusal = overBudget(
  'the messages of this client, or of all clients together, that are arriving are too large in total',
  'some of them have arrived',
);
