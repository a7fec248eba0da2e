/**
 * The process of a local server for as long as it is needed: started with the first request, started again after it
 * has ended by itself, and stopped when nobody uses it.
 */
import { Cancellation, type CancelSignal, unlessAborted } from '../../core/cancel.ts';
import type { Log } from '../../core/ports.ts';
import { drained } from '../../core/timer.ts';
import { EndedByProxy, ProxyError, unsent } from '../../errors.ts';
import { pause } from '../backoff.ts';
import { type Child, type ChildEnd, lastWords, STOP_LIMIT } from './child.ts';
import { afterDeath, COOL_DOWN, type Deaths, MAX_QUICK, NO_DEATHS, nextStart, QUICK } from './restarts.ts';

/** How long a process may take to end that is cut off, in milliseconds. */
const CUT = 400;

/** What a start needs from its surroundings. */
export interface ProcessOptions {
  /** The name of the server. */
  readonly name: string;
  readonly log: Log;
  /** Starts a process. Rejects with a ProxyError. */
  readonly launch: () => Promise<Child>;
  /** Brings a new process to the state of the one before it. Rejects when that is impossible. */
  readonly restore: (child: Child) => Promise<void>;
  /** Whether a process is needed although no request waits for one. */
  readonly needed: () => boolean;
  /** The process is being stopped because nobody uses it. */
  readonly idled: () => void;
  /** Milliseconds without use after which the process is stopped; undefined: never. */
  readonly idle: number | undefined;
  /** Ends before the first answer, of all processes of the server. */
  readonly starts: { deaths: Deaths };
}

export class LocalProcess {
  readonly #options: ProcessOptions;
  readonly #closing = new Cancellation();
  #child: Child | undefined;
  #coming: Promise<Child> | undefined;
  /** The process before this one, until it is gone: two at a time could fight over files and ports. */
  #leaving: Promise<void> = Promise.resolve();
  #deaths = NO_DEATHS;
  #lastEnd: ChildEnd | undefined;
  #lastUse = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Whether the process was stopped because nobody used it. */
  stopped = false;
  /** Whether any process has answered anything so far. */
  #answered = false;

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  /** The process, when it can take requests. */
  get current(): Child | undefined {
    return this.#child;
  }

  get answered(): boolean {
    return this.#answered || this.#child?.answered === true;
  }

  /** Whether the next process is being started. */
  get starting(): boolean {
    return this.#coming !== undefined;
  }

  /**
   * The process, started where needed.
   * @param signal gives up the wait, but not the start
   */
  ready(signal: CancelSignal): Promise<Child> {
    this.used();
    if (this.#child) return Promise.resolve(this.#child);
    this.#coming ??= this.#start()
      .catch((error: unknown) => {
        throw unsent(error);
      })
      .finally(() => {
        this.#coming = undefined;
      });
    return unlessAborted(this.#coming, signal);
  }

  /** Notes that a client uses the process. */
  used(): void {
    if (this.#options.idle !== undefined) this.#lastUse = Date.now();
  }

  /** Stops a process that does not work. */
  discard(child: Child): void {
    if (this.#child === child) this.#child = undefined;
    this.#leaving = child.stop();
  }

  /** Lets the requests in flight finish, and ends the process within `within` milliseconds. Never rejects. */
  async close(within: number): Promise<void> {
    const limit = await drained(this.#child?.link.asked.idle() ?? Promise.resolve(), within);
    this.#closing.abort(new EndedByProxy('failed', 'the session was closed', { outcome: 'unknown' }));
    clearTimeout(this.#timer);
    const child = this.#child;
    this.#child = undefined;
    this.#stopping = child ?? this.#stopping;
    const starting = this.#coming?.then(
      () => {},
      () => {},
    );
    this.#limit = limit;
    await Promise.all([child?.stop(limit), this.#starting?.stop(limit), this.#leaving, starting]);
  }

  /** Answers every request with the reason, and ends the process as soon as possible. */
  destroy(reason: ProxyError): void {
    this.#closing.abort(reason);
    clearTimeout(this.#timer);
    this.#limit = CUT;
    const children = [this.#child, this.#starting, this.#stopping].filter((child) => child !== undefined);
    this.#child = undefined;
    for (const { link } of children) link.destroy(reason);
    const stopped = children.map((child) => child.stop(CUT));
    this.#leaving = Promise.all([this.#leaving, ...stopped]).then(() => {});
  }

  /** How long the stop of a process may take, in milliseconds. */
  #limit = STOP_LIMIT;

  /** The process between its start and its first use. */
  #starting: Child | undefined;

  /** The process that ends with the session. */
  #stopping: Child | undefined;

  async #start(): Promise<Child> {
    await this.#leaving;
    await this.#turn();
    this.#refuseIfClosed();
    const child = await this.#options.launch();
    this.#starting = child;
    child.ended.then((end) => this.#ended(child, end));
    try {
      this.#refuseIfClosed();
      await this.#options.restore(child);
      this.#refuseIfClosed();
      if (!child.running) throw this.#broken() ?? this.#endedAtOnce();
    } catch (error) {
      this.#leaving = child.stop(this.#limit);
      throw error;
    } finally {
      this.#starting = undefined;
    }
    this.#child = child;
    this.stopped = false;
    this.#watchIdle();
    return child;
  }

  /** Waits until a process may be started, and rejects when none may. */
  async #turn(): Promise<void> {
    const now = performance.now();
    const random = Math.random();
    const waits = [this.#deaths, this.#options.starts.deaths].map((deaths) => nextStart(deaths, now, random));
    if (waits.includes(undefined)) throw this.#broken() ?? this.#endedAtOnce();
    await pause(Math.max(...(waits as number[])), this.#closing);
  }

  #refuseIfClosed(): void {
    if (this.#closing.aborted) throw this.#closing.reason;
  }

  #ended(child: Child, end: ChildEnd): void {
    const { log, name, needed, starts } = this.#options;
    const wasCurrent = this.#child === child;
    if (wasCurrent) this.#child = undefined;
    this.#answered ||= child.answered;
    if (end.wanted) return;
    this.#leaving = child.gone;
    const now = performance.now();
    this.#lastEnd = end;
    this.#deaths = afterDeath(this.#deaths, end.lived, now);
    starts.deaths = child.answered ? NO_DEATHS : afterDeath(starts.deaths, end.lived, now);
    if (this.#closing.aborted) return;
    const broken = this.#broken();
    if (broken) log.error(broken.message);
    else log.warn(`${name} ${end.how}${lastWords(end.stderr)}`);
    if (!broken && needed()) this.#comeBack();
  }

  /** Starts a process for a client that waits for what the server tells it. */
  #comeBack(): void {
    // The attempt that has just failed must be over first: it would be taken for the next one.
    const before = this.#coming?.catch(() => {});
    const again = (): void => {
      if (this.#closing.aborted) return;
      this.ready(this.#closing).catch((error: Error) => {
        this.#options.log.debug(`not started again: ${error.message}`);
      });
    };
    if (before) before.then(again);
    else again();
  }

  /** Why no process may be started now; undefined when one may. */
  #broken(): ProxyError | undefined {
    const { name, starts } = this.#options;
    const quick = Math.max(this.#deaths.quick, starts.deaths.quick);
    if (quick < MAX_QUICK) return undefined;
    const end = this.#lastEnd;
    const last = end ? `; the last time it ${end.how}${lastWords(end.stderr)}` : '';
    return new ProxyError(
      'unreachable',
      `${name} has ended ${quick} times in a row, each time within ${QUICK / 1_000} s of its start${last}`,
      { hint: `start it by hand to see why; the proxy tries again with a request in ${COOL_DOWN / 1_000} s` },
    );
  }

  #endedAtOnce(): ProxyError {
    const end = this.#lastEnd;
    const how = end ? `${end.how} before it answered${lastWords(end.stderr)}` : 'has ended';
    return new ProxyError('failed', `${this.#options.name} ${how}`);
  }

  #watchIdle(): void {
    const { idle } = this.#options;
    clearTimeout(this.#timer);
    if (idle === undefined) return;
    const left = Math.max(0, this.#lastUse + idle - Date.now());
    this.#timer = setTimeout(() => this.#stopIfIdle(idle), left).unref();
  }

  #stopIfIdle(idle: number): void {
    const child = this.#child;
    if (!child) return;
    const { link } = child;
    if (link.asked.size > 0 || link.open > 0) this.used();
    if (this.#lastUse + idle > Date.now()) {
      this.#watchIdle();
      return;
    }
    this.#child = undefined;
    this.stopped = true;
    this.#options.idled();
    this.#options.log.debug(`stopped, because no client has used it for ${idle / 1_000} s`);
    this.#leaving = child.stop();
  }
}
