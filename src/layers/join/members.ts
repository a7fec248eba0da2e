/** The servers that one client uses: made when they are needed, and asked all together for what concerns all of them. */
import type { Peer, Session } from '../../core/exchange.ts';
import { atMost } from '../../core/timer.ts';
import { ProxyError } from '../../errors.ts';
import type { Directory, Listed } from './directory.ts';
import type { Arrivals, Asked } from './enough.ts';
import { Member, type MemberOptions } from './member.ts';

/** For how long clients wait for a server that does not answer, all of them together; in milliseconds. */
const PATIENCE = 3_000;
/** For how long a request waits for servers that may have what it names, when no other one has it; in milliseconds. */
const SEARCH = 10_000;

/** One server, with the way to open a session for this client. */
export interface Opened {
  readonly listed: Listed;
  readonly local: boolean;
  /** Milliseconds after which an unused session is closed. */
  readonly idle: number;
  /** Milliseconds for which it may be silent while a session is opened; undefined: as for every server. */
  readonly openTimeout: number | undefined;
  readonly open: (peer: Peer) => Session;
}

/** What a client sees of the servers at present. */
export interface Visible {
  servers: readonly Opened[];
  directory: Directory;
}

export interface MembersOptions extends Omit<MemberOptions, 'server' | 'open' | 'idle' | 'openTimeout'> {
  readonly visible: Visible;
  readonly arrivals: Arrivals;
}

export class Members {
  readonly #options: MembersOptions;
  readonly #all = new Map<Listed, Member>();
  readonly #closing = new Set<Member>();
  #closed = false;

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  get established(): boolean {
    return [...this.#all.values()].some(({ established }) => established);
  }

  /** Those whose servers know the client. */
  get met(): Member[] {
    return [...this.#all.values()].filter(({ met }) => met);
  }

  of(listed: Listed): Member {
    const known = this.#all.get(listed);
    if (known) return known;
    const { visible, arrivals: _, ...options } = this.#options;
    const opened = visible.servers.find((one) => one.listed === listed);
    if (!opened || this.#closed) throw new ProxyError('failed', `${listed.name} is no longer configured`);
    const { open, idle, openTimeout } = opened;
    const member = new Member({ ...options, server: listed, open, idle, openTimeout });
    this.#all.set(listed, member);
    return member;
  }

  /** Gets to know the servers that nothing is remembered of. */
  async meetAll(): Promise<void> {
    const all = await this.#recalled();
    const asked: Asked[] = [];
    for (const { listed, local } of all) {
      const { catalog } = listed;
      if (catalog.introduction || catalog.pause > 0 || catalog.waitingFor() > PATIENCE) continue;
      asked.push({ over: catalog.meet(() => this.of(listed).introduce()), local, pace: undefined });
    }
    await this.#options.arrivals.enough(asked, asked.length < all.length);
  }

  /** Asks the servers for lists that are not known or may have changed, and waits as long as it makes sense. */
  async gather(methods: readonly string[]): Promise<void> {
    const all = await this.#recalled();
    const known = all.some(({ listed }) => methods.some((method) => listed.catalog.list(method) !== undefined));
    await this.#options.arrivals.enough(this.#load(all, methods, PATIENCE), known);
  }

  /** The same for something that no known list has: waits for every server that may have it, within a limit. */
  async search(methods: readonly string[]): Promise<void> {
    const asked = this.#load(await this.#recalled(), methods, SEARCH);
    await atMost(
      SEARCH,
      Promise.all(asked.map(({ over }) => over)).then(() => {}),
    );
  }

  /** @param patience milliseconds after which nobody waits for a server any more that has not answered */
  #load(all: readonly Opened[], methods: readonly string[], patience: number): Asked[] {
    const asked: Asked[] = [];
    for (const { listed, local } of all) {
      const { catalog } = listed;
      for (const method of methods) {
        if (!catalog.mustAsk(method)) continue;
        const member = this.of(listed);
        if (catalog.pause > 0) member.later.add(method);
        else if (catalog.waitingFor(method) <= patience) {
          asked.push({ over: member.load(method), local, pace: catalog.pace });
        }
      }
    }
    return asked;
  }

  /** These servers are gone, or are others now. */
  async drop(gone: readonly Listed[], limit: number): Promise<void> {
    const dropped = gone.flatMap((listed) => this.#all.get(listed) ?? []);
    for (const listed of gone) this.#all.delete(listed);
    await this.#end(dropped, limit);
  }

  /** Ends all sessions; the next request opens others. */
  async reset(limit: number): Promise<void> {
    const all = [...this.#all.values()];
    this.#all.clear();
    await this.#end(all, limit);
  }

  async #end(members: readonly Member[], limit: number): Promise<void> {
    for (const member of members) this.#closing.add(member);
    await Promise.all(members.map((member) => member.close(limit)));
    for (const member of members) this.#closing.delete(member);
  }

  close(limit: number): Promise<void> {
    this.#closed = true;
    return this.reset(limit);
  }

  destroy(reason: ProxyError): void {
    this.#closed = true;
    for (const member of [...this.#all.values(), ...this.#closing]) member.destroy(reason);
    this.#all.clear();
  }

  async #recalled(): Promise<readonly Opened[]> {
    const all = this.#options.visible.servers;
    await Promise.all(all.map(({ listed }) => listed.catalog.recall()));
    return all;
  }
}
