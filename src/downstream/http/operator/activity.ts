/**
 * What the status page shows of requests: those that wait for answers, the last ones that ended, and the last errors.
 * While the page is not open, a request costs one entry in a list, and only errors are kept.
 */
import type { Exchange } from '../../../core/exchange.ts';
import type { Json } from '../../../core/json.ts';
import { type Call, errorCode, type Reply } from '../../../core/jsonrpc.ts';
import { LinkedList, ListNode } from '../../../core/lists/linked-list.ts';
import type { Activity, CallInProgress } from '../../../core/ports/activity.ts';
import { ProxyError } from '../../../errors.ts';
import { isFirstPage, toolName } from '../../../mcp/tool-list.ts';
import { isCounted, isFailure } from './metrics.ts';
import { TimeSeries } from './time-series.ts';

/** Requests and errors that are kept. */
const MAX_ENDED = 50;
const MAX_ERRORS = 50;
/** Characters of an error that are kept. The page shows fewer, after it has taken the secrets out. */
const LONGEST = 4_000;
/** Bytes and pages of a list of tools that are kept. */
const MAX_LIST = 4 * 1_048_576;
const MAX_PAGES = 200;
/** Bytes of parameters in which the name of a tool is looked for. */
const MAX_PARAMETERS = 65_536;

/** Milliseconds of the monotonic clock, and a text from outside or a closed set each. */
export interface EndedCall {
  /** Unique among the calls of this process. */
  readonly number: number;
  readonly server: string;
  readonly method: string;
  readonly tool: string | undefined;
  readonly began: number;
  readonly seconds: number;
  readonly outcome: string;
  /** The JSON-RPC code, if the server answered with an error. */
  readonly code: number | undefined;
}

export interface KeptError {
  readonly number: number;
  readonly server: string;
  readonly method: string;
  readonly code: string;
  /** Without the addresses of sign-ins, but with whatever secrets an error may repeat. */
  readonly message: string;
  readonly hint: string | undefined;
  /** How often it has come, and when it came last. */
  times: number;
  last: number;
}

export class WatchedCall extends ListNode implements CallInProgress {
  readonly number: number;
  readonly exchange: Exchange;
  readonly method: string;
  readonly began: number;
  readonly #server: ServerActivity;

  constructor(server: ServerActivity, exchange: Exchange, method: string, began: number, number: number) {
    super();
    this.#server = server;
    this.exchange = exchange;
    this.method = method;
    this.began = began;
    this.number = number;
  }

  ended(outcome: string, seconds: number, evidence: unknown): void {
    this.#server.over(this, outcome, seconds, evidence);
  }
}

/** The tools that a server has listed, page by page, as JSON text. */
export interface OfferedTools {
  readonly pages: readonly Json[];
  readonly tooMany: boolean;
}

/** The requests to one server. */
export class ServerActivity implements Activity {
  readonly server: string;
  readonly open = new LinkedList<WatchedCall>();
  /** Undefined until the server has listed any. Replaced, not changed. */
  offered: OfferedTools | undefined;
  #bytes = 0;
  readonly #all: Activities;

  constructor(server: string, all: Activities) {
    this.server = server;
    this.#all = all;
  }

  began(exchange: Exchange, method: string, at: number): CallInProgress {
    const call = new WatchedCall(this, exchange, method, at, ++this.#all.calls);
    this.open.add(call);
    return call;
  }

  over(call: WatchedCall, outcome: string, seconds: number, evidence: unknown): void {
    this.open.delete(call);
    const all = this.#all;
    if (evidence instanceof ProxyError && outcome !== 'cancelled') all.failed(this.server, call, evidence, seconds);
    if (call.began + seconds * 1_000 < all.watchedUntil) all.noted(this.server, call, { outcome, seconds, evidence });
  }

  /** The server has answered a request for a page of its tools. */
  readonly listed = (call: Call, result: Json): void => {
    const isFirst = isFirstPage(call);
    const pages = isFirst ? [] : (this.offered?.pages ?? []);
    this.#bytes = (isFirst ? 0 : this.#bytes) + result.length;
    const tooMany = this.#bytes > MAX_LIST || pages.length >= MAX_PAGES;
    // A copy: the page is a part of a message, or of several in one buffer, which would stay in memory with it.
    this.offered = { pages: tooMany ? pages : [...pages, Buffer.from(result)], tooMany };
  };
}

/** The requests to all servers. */
export class Activities {
  /** Until when ended requests are kept for the page; milliseconds of the monotonic clock. */
  watchedUntil = 0;
  /** Since when they have been kept without a break. */
  watchedSince: number | undefined;
  /** The number of requests that have begun. */
  calls = 0;
  series = new TimeSeries();
  readonly #servers = new Map<string, ServerActivity>();
  #ended: EndedCall[] = [];
  readonly #errors = new Map<string, KeptError>();
  #numbers = 0;

  /** The activity of the server with this name. */
  of(server: string): ServerActivity {
    const known = this.#servers.get(server) ?? new ServerActivity(server, this);
    this.#servers.set(server, known);
    return known;
  }

  /** The server with this name is gone. */
  drop(server: string): void {
    this.#servers.delete(server);
  }

  /** The page is open, or was a short time ago: keeps the requests that end before `until`. */
  watch(now: number, until: number): void {
    if (now >= this.watchedUntil) {
      this.#ended = [];
      this.series = new TimeSeries();
      this.watchedSince = now;
    }
    this.watchedUntil = Math.max(this.watchedUntil, until);
  }

  noted(
    server: string,
    { number, method, began, exchange }: WatchedCall,
    { outcome, seconds, evidence }: { outcome: string; seconds: number; evidence: unknown },
  ): void {
    if (!isCounted(method)) return;
    const code = outcome === 'error' ? errorCode(evidence as Reply) : undefined;
    const tool = nameIn(exchange.call);
    this.#ended.push({ number, server, method, tool, began, seconds, outcome, code });
    if (this.#ended.length > MAX_ENDED) this.#ended.shift();
    this.series.add(began + seconds * 1_000, seconds, isFailure(outcome));
  }

  failed(server: string, { method, began }: WatchedCall, { code, message, data }: ProxyError, seconds: number): void {
    const { signIn, hint } = data;
    const text = (signIn === undefined ? message : message.split(signIn).join('the sign-in page')).slice(0, LONGEST);
    const key = JSON.stringify([server, method, code, text]);
    const last = began + seconds * 1_000;
    const known = this.#errors.get(key);
    // The latest one comes last.
    this.#errors.delete(key);
    const times = (known?.times ?? 0) + 1;
    const number = known?.number ?? ++this.#numbers;
    const kept = { number, server, method, code, message: text, hint: hint?.slice(0, LONGEST), times, last };
    this.#errors.set(key, kept);
    if (this.#errors.size > MAX_ERRORS) this.#errors.delete(this.#errors.keys().next().value as string);
  }

  /** The latest one first. */
  get ended(): EndedCall[] {
    return this.#ended.toReversed();
  }

  /** The latest one first. */
  get errors(): KeptError[] {
    return [...this.#errors.values()].reverse();
  }
}

/** The name of the tool that a call names. */
export function nameIn(call: Call): string | undefined {
  if (call.method !== 'tools/call' || (call.params?.length ?? 0) > MAX_PARAMETERS) return undefined;
  return toolName(call);
}
