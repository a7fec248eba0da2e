/** The first contact as a pure function: (state, event) to (state, effects). */

import type { Exchange } from '../../core/exchange.ts';
import { encode, type Json, peekObject } from '../../core/json.ts';
import type { Call, Reply } from '../../core/jsonrpc.ts';
import { ProxyError } from '../../errors.ts';
import { listMember } from '../../mcp/methods.ts';
import { isFirstPage, toolName } from '../../mcp/tool-list.ts';
import { SIGN_IN_TOOL } from './sign-in-tool.ts';
import type { Contact, ContactKind, Effect, Event, Next, Phase, State, Transition, WaitingRequest } from './state.ts';

const NEW: Contact = { phase: 'new' };
const CONNECTED: Contact = { phase: 'connected' };

const FORWARD: Next = { end: 'forward' };
const NOTHING: Next = { end: 'nothing' };
const REFUSE: Next = { end: 'refuse' };
const PONG: Next = { end: 'reply', reply: { result: encode({}) } };
const ASK: Next = { do: 'ask' };
const TRY: Next = { do: 'try' };
const PROBE: Next = { do: 'probe' };
const SIGNED_IN: Next = { end: 'tell-sign-in', done: true };
const WAIT_FOR_ANSWER: Next = { do: 'wait-for-answer' };
const WAIT_AS_LIST: Next = { do: 'wait-for-session', limit: 'list' };
const WAIT_FOR_PAGE: Next = { do: 'wait-for-session', limit: 'page' };

const NONE: readonly Effect[] = [];
/** A request that is answered now must not run later. */
const ABANDON: readonly Effect[] = [{ do: 'abandon' }];

const always = (next: Next): Readonly<Record<Phase, Next>> => ({
  new: next,
  opening: next,
  provisional: next,
  connected: next,
});

/** What becomes of a request, by its kind and the phase that it comes in. */
const FIRST: Readonly<Record<ContactKind, Readonly<Record<Phase, Next>>>> = {
  initialize: always(TRY),
  discover: always(TRY),
  list: { new: TRY, opening: TRY, provisional: WAIT_AS_LIST, connected: ASK },
  listen: { new: FORWARD, opening: FORWARD, provisional: WAIT_FOR_PAGE, connected: FORWARD },
  ping: { new: TRY, opening: TRY, provisional: PONG, connected: FORWARD },
  'sign-in': { new: PROBE, opening: PROBE, provisional: WAIT_FOR_PAGE, connected: PROBE },
  accepted: always(FORWARD),
  declined: always(REFUSE),
  other: { new: TRY, opening: TRY, provisional: WAIT_FOR_PAGE, connected: FORWARD },
};

/** The kind of a request that does not answer a prompt. */
export function kindOf({ madeUp }: State, call: Call): ContactKind {
  switch (call.method) {
    case 'initialize':
      return 'initialize';
    case 'server/discover':
      return 'discover';
    case 'subscriptions/listen':
      return 'listen';
    case 'ping':
      return 'ping';
    case 'tools/call':
      return madeUp && toolName(call) === SIGN_IN_TOOL ? 'sign-in' : 'other';
    default:
      return listMember(call.method) === undefined ? 'other' : 'list';
  }
}

/** Whether a request changes nothing here and goes straight to the server, so that it needs no event. */
export function goesStraight({ contact }: State, kind: ContactKind): boolean {
  return contact.phase === 'connected' && FIRST[kind].connected === FORWARD;
}

export function reduce(state: State, event: Event): Transition {
  switch (event.type) {
    case 'request':
      return begin(state, event.request, event.pending);
    case 'notification':
      return notified(state, event.call);
    case 'answered':
      return answered(state, event.request, event.reply);
    case 'failed':
      return failed(state, event.request, event.error);
    case 'user-needed':
      return userNeeded(state, event.request, event.prompt);
    case 'late':
      return late(state, event.request, event.prompt);
    case 'reached':
      return go(state, reached(event.request));
    case 'refused':
      return go(state, { end: 'reply', reply: event.reply });
    case 'recalled':
      return recalled(state, event.request, event);
    case 'connected':
      return connected(state, event.initialize, event.reply);
    case 'not-connected':
      return notConnected(state, event.initialize);
    case 'signed-in':
      return connect(state, NOTHING);
  }
}

function begin(state: State, { kind, exchange }: WaitingRequest, pending: boolean): Transition {
  const { phase } = state.contact;
  const next = FIRST[kind][phase];
  if (kind === 'initialize') return go(opening(state, exchange), next);
  if (kind === 'sign-in' && phase === 'connected' && !pending) return go(state, SIGNED_IN);
  return next === WAIT_AS_LIST || next === WAIT_FOR_PAGE ? connect(state, next) : go(state, next);
}

/** Nothing begun for an earlier `initialize` belongs to this one. */
function opening(state: State, initialize: Exchange): State {
  const mayAsk = peekObject(initialize.call.params, 'capabilities', 'elicitation', 'url') ? 'when-ready' : 'no';
  return { ...state, contact: { phase: 'opening', initialize }, mayAsk };
}

function notified(state: State, call: Call): Transition {
  const { contact, mayAsk } = state;
  const held = contact.phase === 'provisional';
  const next = held ? NOTHING : FORWARD;
  if (call.method !== 'notifications/initialized') return go(state, next);
  const ready = mayAsk === 'no' ? mayAsk : 'yes';
  return go({ ...state, mayAsk: ready, contact: held ? { ...contact, initialized: call } : contact }, next);
}

function answered(state: State, { kind, exchange }: WaitingRequest, reply: Reply): Transition {
  const { call } = exchange;
  const next: Next = { end: 'reply', reply };
  if (kind === 'initialize') {
    const contact: Contact = isOpening(state, exchange) ? CONNECTED : state.contact;
    return { state: { ...state, contact }, effects: remember(call, reply), next };
  }
  if (kind === 'discover') return { state, effects: remember(call, reply), next };
  const succeeded = 'result' in reply;
  const contact = succeeded && state.contact.phase === 'new' ? CONNECTED : state.contact;
  // The server may have a tool with the name of the sign-in tool itself.
  const madeUp = state.madeUp && !(succeeded && call.method === 'tools/list');
  const effects = kind === 'list' && isFirstPage(call) ? remember(call, reply) : [];
  return { state: { ...state, contact, madeUp }, effects, next };
}

function failed(state: State, { kind, exchange }: WaitingRequest, error: unknown): Transition {
  const code = error instanceof ProxyError ? error.code : undefined;
  if (kind === 'discover' && code === 'sign-in-needed') return go(state, recall(state));
  const contact: Contact = isOpening(state, exchange) ? NEW : state.contact;
  return go({ ...state, contact }, { end: 'fail', error });
}

function userNeeded(state: State, { kind, exchange }: WaitingRequest, prompt: Json | undefined): Transition {
  if (kind === 'initialize' || kind === 'discover') return go(state, recall(state));
  return kind === 'list' ? go(state, WAIT_FOR_ANSWER) : giveUp(state, exchange.call, prompt);
}

function late(state: State, { kind, exchange }: WaitingRequest, prompt: Json | undefined): Transition {
  if (kind !== 'sign-in') return giveUp(state, exchange.call, prompt);
  return { state, effects: ABANDON, next: { end: 'tell-sign-in', done: false } };
}

/** Answers without the server: with a prompt where the client can show it, else with a list, else with an error. */
function giveUp(state: State, call: Call, prompt: Json | undefined): Transition {
  if (prompt) {
    return { state: { ...state, prompted: true }, effects: ABANDON, next: { end: 'reply', reply: { result: prompt } } };
  }
  // Only first pages are kept.
  const own = listMember(call.method) !== undefined && isFirstPage(call);
  return { state, effects: ABANDON, next: own ? recall(state) : REFUSE };
}

function recall({ contact }: State): Next {
  return { do: 'recall', modern: contact.phase !== 'provisional' };
}

function recalled(
  state: State,
  { kind, exchange }: WaitingRequest,
  { remembered, reply }: { readonly remembered: boolean; readonly reply: Reply },
): Transition {
  const next: Next = { end: 'reply', reply };
  if (isOpening(state, exchange)) {
    const contact: Contact = { phase: 'provisional', initialize: exchange, connecting: true };
    return { state: { ...state, contact }, effects: [{ do: 'connect', initialize: exchange, tried: true }], next };
  }
  if (kind !== 'list') return go(state, next);
  // The proxy has told the client meanwhile that its lists have changed. The client does not ask again after an older
  // list.
  if (state.contact.phase === 'connected') return go(state, ASK);
  return go({ ...state, madeUp: state.madeUp || (exchange.call.method === 'tools/list' && !remembered) }, next);
}

function reached({ kind }: WaitingRequest): Next {
  if (kind === 'sign-in') return SIGNED_IN;
  return kind === 'list' ? ASK : FORWARD;
}

function connected(state: State, initialize: Exchange, reply: Reply): Transition {
  const { contact } = state;
  if (contact.phase !== 'provisional' || contact.initialize !== initialize) return go(state, NOTHING);
  if ('error' in reply) return notConnected(state, initialize);
  const effects = remember(initialize.call, reply);
  if (contact.initialized) effects.push({ do: 'notify-server', call: contact.initialized });
  effects.push({ do: 'tell-lists-changed' });
  return { state: { ...state, contact: CONNECTED }, effects, next: NOTHING };
}

/** The next request tries again, and so does the next sign-in. */
function notConnected(state: State, initialize: Exchange): Transition {
  const { contact } = state;
  if (contact.phase !== 'provisional' || contact.initialize !== initialize) return go(state, NOTHING);
  return go({ ...state, contact: { ...contact, connecting: false } }, NOTHING);
}

/** Begins to connect in the client's name, unless there is no need. */
function connect(state: State, next: Next): Transition {
  const { contact } = state;
  if (contact.phase !== 'provisional' || contact.connecting) return go(state, next);
  const effects: Effect[] = [{ do: 'connect', initialize: contact.initialize, tried: false }];
  return { state: { ...state, contact: { ...contact, connecting: true } }, effects, next };
}

/** Whether the proxy waits for the answer to this `initialize`, and the client has sent no other since. */
function isOpening({ contact }: State, exchange: Exchange): boolean {
  return contact.phase === 'opening' && contact.initialize === exchange;
}

function remember({ method }: Call, reply: Reply): Effect[] {
  return 'result' in reply ? [{ do: 'remember', method, result: reply.result }] : [];
}

function go(state: State, next: Next): Transition {
  return { state, effects: NONE, next };
}
