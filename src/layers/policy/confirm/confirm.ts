/**
 * Asks the user before a call leaves: with a request to a client of an older revision, and with a result to a client of
 * 2026-07-28, which comes back with the answer. Without an answer, no call leaves.
 */
import { derived, type Exchange, type Handler } from '../../../core/exchange.ts';
import {
  encode,
  isObject,
  type Json,
  peek,
  peekObject,
  peekText,
  withMember,
  withoutMembers,
} from '../../../core/json.ts';
import type { Call, Reply } from '../../../core/jsonrpc.ts';
import { changed, type Layer } from '../../../core/layer.ts';
import { refuseLookalikes } from '../../../core/lookalikes.ts';
import { printable } from '../../../core/redact.ts';
import { withLimit } from '../../../core/timer.ts';
import { ProxyError } from '../../../errors.ts';
import { declaredCapabilities, declaredRevision } from '../../../mcp/envelope.ts';
import { inputRequired } from '../../../mcp/eras/questions/for-modern.ts';
import { COMPLETE } from '../../../mcp/result.ts';
import { anyOf, type Matcher } from '../pattern.ts';
import { subjectsOf } from '../subjects.ts';
import type { Confirmations } from './confirmations.ts';

export interface ConfirmOptions {
  /** Patterns of the tools to ask for. */
  readonly patterns: readonly string[];
  /** The server, for the user to read. */
  readonly server: string;
  /** The calls of clients of 2026-07-28 that wait for their users. */
  readonly confirmations: Confirmations;
}

/** The name of our question among those in a result. */
const KEY = 'mcp-proxy/confirm';
/** How long a user may take, in milliseconds. */
const PATIENCE = 10 * 60_000;
/** As many characters of the arguments are shown. */
const SHOWN = 2_000;
/** What the confirmation is about: every one of them must be readable in one way only. */
const READ = ['name', 'arguments', 'inputResponses', 'requestState', '_meta'];

export function confirm({ patterns, server: label, confirmations }: ConfirmOptions): Layer {
  const asks = anyOf(patterns);
  return (inner) => (client) => {
    const server = inner(client);
    const next: Handler = (exchange) => server.request(exchange);
    /** What the client says in its `initialize`. */
    let capabilities: Json | undefined;
    return changed(server, {
      request: async (exchange) => {
        const { call } = exchange;
        if (call.method === 'initialize') capabilities = peekObject(call.params, 'capabilities');
        const name = nameToConfirm(call, asks);
        if (name === undefined) return next(exchange);
        const message = question(name, label, call.params as Json);
        if (declaredRevision(call) !== undefined)
          return new ConfirmationRound(exchange, name, message, confirmations).run(next);
        const missing = missingCapability(peekObject(capabilities, 'elicitation'));
        if (missing) throw unable(name, missing);
        return (await isAccepted(exchange, name, message)) ? next(exchange) : declined(call);
      },
      notify: (call) => (isUnconfirmed(call, asks) ? undefined : server.notify(call)),
    });
  };
}

/** The tool that a call runs, if the user must confirm it. Throws if the call can be read in several ways. */
function nameToConfirm(call: Call, asks: Matcher): string | undefined {
  const [subject] = subjectsOf(call, (kind) => kind === 'tool');
  if (!subject || !asks(subject.name)) return undefined;
  refuseLookalikes(call.params as Json, READ);
  return subject.name;
}

/** A notification cannot be answered, so nothing could be asked. */
function isUnconfirmed(call: Call, asks: Matcher): boolean {
  try {
    return nameToConfirm(call, asks) !== undefined;
  } catch {
    return true;
  }
}

/** What a client must declare to be asked. Without modes, it declares forms (specification 2025-11-25, "Elicitation"). */
function missingCapability(declared: Json | undefined): string | undefined {
  if (!declared) return 'elicitation';
  return peekObject(declared, 'form') || !peekObject(declared, 'url') ? undefined : 'elicitation.form';
}

/** The arguments as they are sent, so that the user decides on what will run. */
function question(name: string, server: string, params: Json): string {
  const given = peek(params, 'arguments')?.toString('utf8') ?? '{}';
  return `Run the tool ${JSON.stringify(name)} of ${server} with these arguments? ${printable(given, SHOWN)}`;
}

function parameters(message: string): Json {
  return encode({ message, requestedSchema: { type: 'object', properties: {} } });
}

async function isAccepted(exchange: Exchange, name: string, message: string): Promise<boolean> {
  exchange.slow?.();
  const call: Call = { method: 'elicitation/create', params: parameters(message) };
  const late = new ProxyError(
    'timeout',
    `the user did not confirm the call of ${shown(name)} in time, so it did not run`,
  );
  const reply = await withLimit(PATIENCE, exchange.signal, (signal) => exchange.ask(call, signal)).catch((error) => {
    throw exchange.signal.aborted ? error : late;
  });
  // A client that cannot show the question is not a user who says no.
  if ('error' in reply) throw unable(name);
  return peekText(reply.result, 'action') === 'accept';
}

/** @param missing the capability that the client has not declared; left out: it has all, and yet has not asked. */
function unable(name: string, missing?: string): ProxyError {
  return new ProxyError('cannot-bridge', `the user must confirm a call of ${shown(name)}, and this client cannot ask`, {
    hint: 'use a client that declares the capability elicitation, or start the proxy without --confirm for this tool',
    ...(missing && { required: missing }),
  });
}

function shown(name: string): string {
  return JSON.stringify(printable(name, 80));
}

/** A result and not an error: the model reads it, and goes on without the call. */
function declined(call: Call): Reply {
  const isModern = declaredRevision(call) !== undefined;
  const content = [{ type: 'text', text: 'The user declined this call, so it did not run.' }];
  return { result: encode({ ...(isModern && COMPLETE), content, isError: true }) };
}

/** One request of a client of 2026-07-28, which may be the first one or a later one for the same call. */
class ConfirmationRound {
  readonly #exchange: Exchange;
  readonly #name: string;
  readonly #message: string;
  readonly #confirmations: Confirmations;

  constructor(exchange: Exchange, name: string, message: string, confirmations: Confirmations) {
    this.#exchange = exchange;
    this.#name = name;
    this.#message = message;
    this.#confirmations = confirmations;
  }

  async run(next: Handler): Promise<Reply> {
    const { call } = this.#exchange;
    const params = call.params as Json;
    const known = this.#confirmations.take(peekText(params, 'requestState'), params);
    if (known?.phase === 'confirmed') {
      const bare = withoutMembers(params, ['requestState']);
      const own = known.state === undefined ? bare : withMember(bare, 'requestState', known.state);
      return this.#forward(next, own);
    }
    const action = known && peekText(params, 'inputResponses', KEY, 'action');
    if (action === undefined) return this.#ask();
    if (action !== 'accept') return declined(call);
    return this.#forward(next, withoutMembers(params, ['requestState', 'inputResponses']));
  }

  #ask(): Reply {
    const { call } = this.#exchange;
    const missing = missingCapability(declaredCapabilities(call, 'elicitation'));
    if (missing) throw unable(this.#name, missing);
    const state = this.#confirmations.keep({ phase: 'asked' }, call.params as Json);
    const params = parameters(this.#message);
    const request = withMember(encode({ method: 'elicitation/create' }), 'params', params);
    return { result: inputRequired([[KEY, request]], state) };
  }

  /** If the server has questions of its own, their answers come with a later request, which is confirmed already. */
  async #forward(next: Handler, params: Json): Promise<Reply> {
    const { call } = this.#exchange;
    const reply = await next(derived(this.#exchange, { call: { ...call, params } }));
    if ('error' in reply || !isObject(reply.result)) return reply;
    if (peekText(reply.result, 'resultType') !== 'input_required') return reply;
    const state = this.#confirmations.keep(
      { phase: 'confirmed', state: peek(reply.result, 'requestState') },
      call.params as Json,
    );
    return { ...reply, result: withMember(reply.result, 'requestState', encode(state)) };
  }
}
