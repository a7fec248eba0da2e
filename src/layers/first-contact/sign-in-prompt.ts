/**
 * Shows the sign-in page through the client, where the client can show pages to its user (URL mode elicitation:
 * specification 2025-11-25 and 2026-07-28, "Elicitation").
 */

import { Cancellation } from '../../core/cancel.ts';
import { Cancelled, type Exchange, type Peer } from '../../core/exchange.ts';
import { asString, encode, isObject, type Json, peek, withoutMembers } from '../../core/json.ts';
import type { Call } from '../../core/jsonrpc.ts';
import type { SignIn } from '../../core/sign-in.ts';
import { declaredCapabilities } from '../../mcp/envelope.ts';
import { mayAskDuring } from '../../mcp/methods.ts';

/** The name of our request among those in a result. */
const KEY = 'mcp-proxy/sign-in';

export interface SignInPromptOptions {
  readonly signIn: SignIn;
  readonly peer: Peer;
  readonly server: string;
  /** Whether the client accepts questions by now, and can show pages. */
  mayAsk(): boolean;
}

interface ShownPrompt {
  readonly url: string;
  readonly id: string;
  readonly cancellation: Cancellation;
  /** The number of sign-ins that had been completed by then. */
  readonly completed: number;
}

/** For legacy clients: asks without a request of the client, as soon as there is a page to show. */
export class SignInPrompt {
  readonly #options: SignInPromptOptions;
  #asked: ShownPrompt | undefined;
  /** The last prompt, until the proxy knows that its sign-in has been completed. */
  #ended: ShownPrompt | undefined;
  #lastId = 0;

  constructor(options: SignInPromptOptions) {
    this.#options = options;
  }

  /** Looks what has changed: the sign-in, or what the client accepts. */
  look(): void {
    const { signIn, peer, server, mayAsk } = this.#options;
    const url = signIn.pending?.url;
    if (this.#asked && this.#asked.url !== url) {
      this.#ended = this.#asked;
      this.#asked = undefined;
      this.#ended.cancellation.abort(new Cancelled());
    }
    // The sign-in ends a moment before its outcome is known.
    if (this.#ended && signIn.completed > this.#ended.completed) {
      const { id } = this.#ended;
      this.#ended = undefined;
      peer.notify({ method: 'notifications/elicitation/complete', params: encode({ elicitationId: id }) });
    }
    if (url === undefined || !mayAsk() || this.#asked) return;
    const cancellation = new Cancellation();
    const id = `sign-in-${++this.#lastId}`;
    this.#asked = { url, id, cancellation, completed: signIn.completed };
    const params = encode({ mode: 'url', message: messageFor(server, signIn), url, elicitationId: id });
    // The user's answer to the prompt does not matter. The response at the redirect address does.
    peer.ask({ method: 'elicitation/create', params }, cancellation.signal).catch(() => {});
  }
}

/**
 * For modern clients: the result that asks for the sign-in, or undefined when the client of the call cannot show it.
 */
export function inputRequired({ call }: Exchange, signIn: SignIn, server: string): Json | undefined {
  const url = signIn.pending?.url;
  const able = declaredCapabilities(call, 'elicitation', 'url') !== undefined;
  if (url === undefined || !able || !mayAskDuring(call.method)) return undefined;
  const params = { mode: 'url', message: messageFor(server, signIn), url };
  return encode({
    resultType: 'input_required',
    inputRequests: { [KEY]: { method: 'elicitation/create', params } },
  });
}

/**
 * The user's answer to {@link inputRequired}, and the call to pass to the server. Undefined when the call answers no
 * prompt.
 */
export function inputGiven(call: Call): { readonly accepted: boolean; readonly call: Call } | undefined {
  const responses = peek(call.params, 'inputResponses');
  const own = peek(responses, KEY);
  if (!own || !isObject(call.params)) return undefined;
  const accepted = asString(peek(own, 'action')) === 'accept';
  return { accepted, call: { ...call, params: withoutMembers(call.params, ['inputResponses']) } };
}

function messageFor(server: string, { pending }: SignIn): string {
  const code = pending?.userCode === undefined ? '' : ` The code to enter is ${pending.userCode}.`;
  return `Sign in to ${server} to go on.${code}`;
}
