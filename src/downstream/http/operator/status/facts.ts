/** What the status page shows. Texts that came from outside are without secrets, but not escaped. */
import type { Interval } from '../time-series.ts';

export interface StatusFacts {
  readonly version: string;
  readonly servers: readonly ServerFacts[];
  readonly calls: CallFacts;
  readonly errors: readonly ErrorFacts[];
  readonly sessions: SessionsFacts;
  /** The last intervals, the oldest one first. */
  readonly intervals: readonly Interval[];
  /** Since when they are counted; milliseconds of the clock. */
  readonly since: number;
  /** Milliseconds of the clock. */
  readonly now: number;
}

export type ServerState =
  /** The first check is not over. */
  | { readonly kind: 'checking' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'unreachable'; readonly reason: string | undefined }
  | {
      readonly kind: 'sign-in';
      /** Whether it has begun. */
      readonly begun: boolean;
      /** The page to open, once it is known. */
      readonly url: string | undefined;
      /** The code to enter there. */
      readonly userCode: string | undefined;
      /** Why the last sign-in failed. */
      readonly reason: string | undefined;
    };

export interface ServerFacts {
  readonly name: string;
  /** Its URL without secrets, or the program that is started. */
  readonly address: string;
  readonly state: ServerState;
  /** In words. */
  readonly transport: string;
  readonly revision: string;
  readonly signIn: string;
  /** The path that its clients connect to, if it has one of its own. */
  readonly path: string | undefined;
  readonly requests: number;
  readonly failed: number;
  readonly tools: ToolsFacts;
}

export interface ToolsFacts {
  /** Undefined: no client has asked for them. */
  readonly shown: readonly ToolFacts[] | undefined;
  readonly hidden: readonly ToolFacts[];
  /** Those that differ from what was first seen. */
  readonly changed: readonly ChangedTool[];
  /** Tools beyond the limit of the page. */
  readonly more: number;
  /** Whether clients see tools that find and call the others. */
  readonly search: boolean;
}

export interface ToolFacts {
  /** The name that clients see, or the server's own name for a hidden one. */
  readonly name: string;
  /** Further words, such as why it is hidden. */
  readonly note: string | undefined;
}

export interface ChangedTool {
  readonly name: string;
  /** One line for each difference, with `+` or `-` in front of what is there now and was there. */
  readonly difference: readonly string[];
  /** Says what the lines leave out. If they leave anything out, the page has no button to accept the change. */
  readonly leftOut: string | undefined;
  /** Stands for this very change of this tool. */
  readonly digest: string;
}

/** A request to a server. */
export interface CallRow {
  readonly number: number;
  readonly server: string;
  readonly method: string;
  readonly tool: string | undefined;
  /** Milliseconds of the clock. */
  readonly began: number;
  readonly seconds: number;
  /** Undefined while the answer is awaited. */
  readonly outcome: string | undefined;
  readonly code: number | undefined;
}

export interface CallFacts {
  /** The longest one first. */
  readonly open: readonly CallRow[];
  /** How many wait, with those that are not shown. */
  readonly waiting: number;
  /** The latest one first. */
  readonly ended: readonly CallRow[];
}

export interface ErrorFacts {
  readonly number: number;
  readonly server: string;
  readonly method: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly times: number;
  /** Milliseconds of the clock. */
  readonly last: number;
}

export interface SessionRow {
  /** Unique on the page. Not the id of the session, which would let others use it. */
  readonly key: number;
  readonly client: string | undefined;
  readonly version: string | undefined;
  readonly transport: string;
  readonly revision: string | undefined;
  /** The server that its path names; undefined: all. */
  readonly server: string | undefined;
  /** Milliseconds of the clock. */
  readonly began: number;
  readonly state: 'waits for an answer' | 'connected' | 'idle';
  readonly lastUsed: number;
}

export interface SessionsFacts {
  readonly count: number;
  /** The latest ones first. */
  readonly rows: readonly SessionRow[];
}

/** A change that a user accepts. */
export interface AcceptedChange {
  readonly server: string;
  readonly digest: string;
}

/** Where the page gets what it shows. */
export interface StatusSource {
  /** @param opened whether somebody opens the page, which begins the sign-ins that are needed */
  facts(opened: boolean): Promise<StatusFacts>;
  /** Whether the change was still waiting. Rejects with a ProxyError when it cannot be stored. */
  accept(change: AcceptedChange): Promise<boolean>;
  /** Calls back when a sign-in has changed. Call the returned function to stop. */
  watch(changed: () => void): () => void;
}
