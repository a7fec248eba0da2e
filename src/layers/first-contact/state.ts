/**
 * The first contact with a server that may require a sign-in, as data: how far a client has come, what may happen, and
 * what the proxy does then. `reducer.ts` decides, `first-contact.ts` and `waiting.ts` perform.
 */

import type { Exchange } from '../../core/exchange.ts';
import type { Json } from '../../core/json.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';

/** How far a client has come with its server. */
export type Contact =
  /** The server has not answered yet. Requests wait for it as long as they can. */
  | { readonly phase: 'new' }
  /** The client's `initialize` is on its way, and has no answer yet. */
  | { readonly phase: 'opening'; readonly initialize: Exchange }
  /** The proxy has answered `initialize` instead of the server, because the user must sign in first. */
  | {
      readonly phase: 'provisional';
      readonly initialize: Exchange;
      /** Whether the proxy is trying to open the session in the client's name. */
      readonly connecting: boolean;
      /** The client's `notifications/initialized`, kept for the server. */
      readonly initialized?: Call;
    }
  /** The server answers. */
  | { readonly phase: 'connected' };

export type Phase = Contact['phase'];

/** What the proxy knows of one client. */
export interface State {
  readonly contact: Contact;
  /** The proxy has asked a modern client to show the sign-in page. */
  readonly prompted: boolean;
  /** The client has a list of tools with only the sign-in tool. */
  readonly madeUp: boolean;
  /** Whether a legacy client can show the sign-in page. It accepts questions from `notifications/initialized` on. */
  readonly mayAsk: 'no' | 'when-ready' | 'yes';
}

export const NEW_CLIENT: State = {
  contact: { phase: 'new' },
  prompted: false,
  madeUp: false,
  mayAsk: 'no',
};

/** The kinds of requests that the first contact tells apart. */
export type ContactKind =
  | 'initialize'
  | 'discover'
  | 'list'
  /** The client subscribes, and does not wait for an answer. */
  | 'listen'
  | 'ping'
  /** A call of the sign-in tool. */
  | 'sign-in'
  /** A repeated request: the user has seen the sign-in page, or did not want to. */
  | 'accepted'
  | 'declined'
  | 'other';

/** A request that waits for its answer. */
export interface WaitingRequest {
  readonly kind: ContactKind;
  readonly exchange: Exchange;
}

/** What happens to a request of the client, from its arrival on. `pending`: a sign-in is in progress by then. */
export type RequestEvent = { readonly request: WaitingRequest } & (
  | { readonly type: 'request'; readonly pending: boolean }
  /** The server has answered. */
  | { readonly type: 'answered'; readonly reply: Reply }
  | { readonly type: 'failed'; readonly error: unknown }
  /** The server answers only when the user has signed in. `prompt`: the result that lets the client show the page. */
  | { readonly type: 'user-needed'; readonly prompt: Json | undefined }
  /** The request has waited as long as it may. */
  | { readonly type: 'late'; readonly prompt: Json | undefined }
  /** The server can take the request now. */
  | { readonly type: 'reached' }
  /** The server has refused to open the session that the request waits for. */
  | { readonly type: 'refused'; readonly reply: Reply }
  /** The proxy's own answer is ready. `remembered`: the server gave it earlier. */
  | { readonly type: 'recalled'; readonly remembered: boolean; readonly reply: Reply }
);

export type Event =
  | RequestEvent
  | { readonly type: 'notification'; readonly call: Call }
  /** The server has answered the `initialize` that the proxy sent in the client's name, or could not be reached. */
  | { readonly type: 'connected'; readonly initialize: Exchange; readonly reply: Reply }
  | { readonly type: 'not-connected'; readonly initialize: Exchange }
  | { readonly type: 'signed-in' };

/** What the proxy does next with the client's message. A step leads to another event, an end does not. */
export type Next = Step | Ending;

export type Step =
  /** Pass the request on, and come back with the answer. */
  | { readonly do: 'ask' }
  /** Pass the request on, and come back with the answer or as soon as it turns out to wait for the user. */
  | { readonly do: 'try' }
  /** Wait on for the answer to what was tried, for as long as a list may take. */
  | { readonly do: 'wait-for-answer' }
  /** Wait until the proxy is connected: as long as a list may take, or until the page is known. */
  | { readonly do: 'wait-for-session'; readonly limit: 'list' | 'page' }
  /** Find out whether the server answers, with a request that changes nothing, until the page is known. */
  | { readonly do: 'probe' }
  /** Prepare an answer of the proxy's own from what the server answered earlier. */
  | { readonly do: 'recall'; readonly modern: boolean };

export type Ending =
  /** Pass the message on; an answer of the server is the answer. */
  | { readonly end: 'forward' }
  | { readonly end: 'reply'; readonly reply: Reply }
  /** The request fails with this error. */
  | { readonly end: 'fail'; readonly error: unknown }
  /** The request fails, and the error says where to sign in. */
  | { readonly end: 'refuse' }
  /** The sign-in tool says that the user is signed in, or where to sign in. */
  | { readonly end: 'tell-sign-in'; readonly done: boolean }
  /** Nothing leaves the proxy. */
  | { readonly end: 'nothing' };

/** What the proxy does besides. */
export type Effect =
  /** Keep the answer for the next time that the user must sign in. */
  | { readonly do: 'remember'; readonly method: string; readonly result: Json }
  /** Open the session in the client's name. `tried`: the client's own `initialize` is still on its way, so wait for it. */
  | { readonly do: 'connect'; readonly initialize: Exchange; readonly tried: boolean }
  /** Pass on a notification that was kept. */
  | { readonly do: 'notify-server'; readonly call: Call }
  /** Tell the client that all lists have changed: what it was told so far was a guess. */
  | { readonly do: 'tell-lists-changed' }
  /** Cancel what was tried: a request that is answered now must not run later. */
  | { readonly do: 'abandon' };

export interface Transition {
  readonly state: State;
  /** To be performed in this order, before `next`. */
  readonly effects: readonly Effect[];
  readonly next: Next;
}
