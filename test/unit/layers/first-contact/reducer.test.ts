// The first contact as a table: every event in every phase. A cell has the next step for the message, then the effects
// (+), then the changes of the state (→).
import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../../src/errors.ts';
import { goesStraight, kindOf, reduce } from '../../../../src/layers/first-contact/reducer.ts';
import {
  type Contact,
  type ContactKind,
  type Event,
  NEW_CLIENT,
  type Next,
  type RequestEvent,
  type State,
  type Transition,
} from '../../../../src/layers/first-contact/state.ts';
import { exchangeOf, result } from '../exchanges.ts';

/** `connecting` and `idle` are provisional: with and without an attempt to connect in progress. */
const PHASES = ['new', 'opening', 'connecting', 'idle', 'connected'] as const;

const TABLE = `
| event                               | new                         | opening                     | connecting                | idle                                                | connected |
| ----------------------------------- | --------------------------- | --------------------------- | ------------------------- | --------------------------------------------------- | ------------------------- |
| request: initialize                 | try → opening → mayAsk when-ready |
| request: another initialize         | try → opening |
| request: discover                   | try |
| request: list                       | try                         | try                         | wait-for-session(list)    | wait-for-session(list) +connect(again) → connecting | ask |
| request: other                      | try                         | try                         | wait-for-session(page)    | wait-for-session(page) +connect(again) → connecting | forward |
| request: listen                     | forward                     | forward                     | wait-for-session(page)    | wait-for-session(page) +connect(again) → connecting | forward |
| request: ping                       | try                         | try                         | reply                     | reply                                               | forward |
| request: sign-in                    | probe                       | probe                       | wait-for-session(page)    | wait-for-session(page) +connect(again) → connecting | tell-sign-in(done) |
| request: sign-in, in progress       | probe                       | probe                       | wait-for-session(page)    | wait-for-session(page) +connect(again) → connecting | probe |
| request: accepted                   | forward |
| request: declined                   | refuse |
| notification: initialized           | forward                     | forward                     | nothing → connecting      | nothing → idle                                      | forward |
| notification                        | forward                     | forward                     | nothing                   | nothing                                             | forward |
| answered: initialize                | reply +remember             | reply +remember → connected | reply +remember           | reply +remember                                     | reply +remember |
| answered: another initialize        | reply +remember |
| answered: initialize, with an error | reply                       | reply → connected           | reply                     | reply                                               | reply |
| answered: discover                  | reply +remember |
| answered: list                      | reply +remember → connected | reply +remember             | reply +remember           | reply +remember                                     | reply +remember |
| answered: list, second page         | reply → connected           | reply                       | reply                     | reply                                               | reply |
| answered: list, with an error       | reply |
| answered: other · listen · ping · sign-in · accepted · declined | reply → connected           | reply                       | reply                     | reply                                               | reply |
| answered: other, with an error      | reply |
| failed: initialize                  | fail                        | fail → new                  | fail                      | fail                                                | fail |
| failed: another initialize          | fail |
| failed: discover, sign-in-needed    | recall(modern)   | recall(modern)   | recall(legacy) | recall(legacy)                           | recall(modern) |
| failed: discover · list · other · listen · ping · sign-in · accepted · declined | fail |
| user-needed: initialize             | recall(modern)              | recall(modern)              | recall(legacy)            | recall(legacy)                                      | recall(modern) |
| user-needed: discover               | recall(modern)   | recall(modern)   | recall(legacy) | recall(legacy)                           | recall(modern) |
| user-needed: list                   | wait-for-answer |
| user-needed: list, can prompt       | wait-for-answer |
| user-needed: other · listen · ping · sign-in · accepted · declined | refuse +abandon |
| user-needed: other, can prompt      | reply +abandon → prompted |
| late: list                          | recall(modern) +abandon     | recall(modern) +abandon     | recall(legacy) +abandon   | recall(legacy) +abandon                             | recall(modern) +abandon |
| late: list, second page             | refuse +abandon |
| late: list, can prompt              | reply +abandon → prompted |
| late: sign-in                       | tell-sign-in(page) +abandon |
| late: other · listen · ping · initialize · discover · accepted · declined | refuse +abandon |
| reached: list                       | ask |
| reached: sign-in                    | tell-sign-in(done) |
| reached: other · listen · ping · initialize · discover · accepted · declined | forward |
| refused: other · list · listen · ping · sign-in · initialize · discover · accepted · declined | reply |
| recalled: initialize                | reply                       | reply +connect(tried) → connecting | reply                     | reply                                               | reply |
| recalled: another initialize        | reply |
| recalled: list                      | reply                       | reply                       | reply                     | reply                                               | ask |
| recalled: list, unknown             | reply → madeUp              | reply → madeUp              | reply → madeUp            | reply → madeUp                                      | ask |
| recalled: list of prompts, unknown  | reply                       | reply                       | reply                     | reply                                               | ask |
| recalled: discover · other · listen · ping · sign-in · accepted · declined | reply |
| connected                           | nothing                     | nothing                     | nothing +remember +notify-server +tell-lists-changed → connected | nothing +remember +tell-lists-changed → connected   | nothing |
| connected: with an error            | nothing                     | nothing                     | nothing → idle            | nothing → idle                                      | nothing |
| connected: another initialize       | nothing |
| not-connected                       | nothing                     | nothing                     | nothing → idle            | nothing → idle                                      | nothing |
| not-connected: another initialize   | nothing |
| signed-in                           | nothing          | nothing          | nothing        | nothing +connect(again) → connecting     | nothing |
`;

const initialize = exchangeOf('initialize', '{"capabilities":{"elicitation":{"url":{}}}}').exchange;
const initialized = { method: 'notifications/initialized' };

const CONTACTS: Record<(typeof PHASES)[number], Contact> = {
  new: { phase: 'new' },
  opening: { phase: 'opening', initialize },
  connecting: { phase: 'provisional', initialize, connecting: true, initialized },
  idle: { phase: 'provisional', initialize, connecting: false },
  connected: { phase: 'connected' },
};

const REQUESTS: Record<ContactKind, RequestEvent['request']> = {
  initialize: { kind: 'initialize', exchange: initialize },
  discover: { kind: 'discover', exchange: exchangeOf('server/discover').exchange },
  list: { kind: 'list', exchange: exchangeOf('tools/list').exchange },
  listen: { kind: 'listen', exchange: exchangeOf('subscriptions/listen').exchange },
  ping: { kind: 'ping', exchange: exchangeOf('ping').exchange },
  'sign-in': { kind: 'sign-in', exchange: exchangeOf('tools/call', '{"name":"sign_in"}').exchange },
  accepted: { kind: 'accepted', exchange: exchangeOf('tools/call', '{"name":"a"}').exchange },
  declined: { kind: 'declined', exchange: exchangeOf('tools/call', '{"name":"a"}').exchange },
  other: { kind: 'other', exchange: exchangeOf('tools/call', '{"name":"a"}').exchange },
};
const OTHER_INITIALIZE = { kind: 'initialize', exchange: exchangeOf('initialize').exchange } as const;
const PROMPTS_LIST = { kind: 'list', exchange: exchangeOf('prompts/list').exchange } as const;
const SECOND_PAGE = { kind: 'list', exchange: exchangeOf('tools/list', '{"cursor":"2"}').exchange } as const;

const OK = result('{}');
const ERROR = { error: Buffer.from('{"code":-32603,"message":"no"}') };

/** One event of each kind of request, and its variants under names of their own. */
type Build = (request: RequestEvent['request']) => Event;
const BUILD: Record<RequestEvent['type'], Build> = {
  request: (request) => ({ type: 'request', request, pending: false }),
  answered: (request) => ({ type: 'answered', request, reply: OK }),
  failed: (request) => ({ type: 'failed', request, error: new Error('no') }),
  'user-needed': (request) => ({ type: 'user-needed', request, prompt: undefined }),
  late: (request) => ({ type: 'late', request, prompt: undefined }),
  reached: (request) => ({ type: 'reached', request }),
  refused: (request) => ({ type: 'refused', request, reply: ERROR }),
  recalled: (request) => ({ type: 'recalled', request, remembered: true, reply: OK }),
};

const answered = (request: RequestEvent['request'], reply = OK): Event => ({ type: 'answered', request, reply });
const prompt = Buffer.from('{}');

/** The events that do not concern a request. */
const OTHERS: Record<Exclude<Event['type'], RequestEvent['type']>, Event> = {
  notification: { type: 'notification', call: { method: 'notifications/roots/list_changed' } },
  connected: { type: 'connected', initialize, reply: OK },
  'not-connected': { type: 'not-connected', initialize },
  'signed-in': { type: 'signed-in' },
};

const VARIANTS: Record<string, Event> = {
  'request: another initialize': BUILD.request(OTHER_INITIALIZE),
  'request: sign-in, in progress': { type: 'request', request: REQUESTS['sign-in'], pending: true },
  'answered: another initialize': answered(OTHER_INITIALIZE),
  'answered: initialize, with an error': answered(REQUESTS.initialize, ERROR),
  'answered: list, second page': answered(SECOND_PAGE),
  'answered: list, with an error': answered(REQUESTS.list, ERROR),
  'answered: other, with an error': answered(REQUESTS.other, ERROR),
  'failed: another initialize': BUILD.failed(OTHER_INITIALIZE),
  'failed: discover, sign-in-needed': {
    type: 'failed',
    request: REQUESTS.discover,
    error: new ProxyError('sign-in-needed', 'no'),
  },
  'user-needed: other, can prompt': { type: 'user-needed', request: REQUESTS.other, prompt },
  'user-needed: list, can prompt': { type: 'user-needed', request: REQUESTS.list, prompt },
  'late: list, can prompt': { type: 'late', request: REQUESTS.list, prompt },
  'late: list, second page': BUILD.late(SECOND_PAGE),
  'recalled: another initialize': BUILD.recalled(OTHER_INITIALIZE),
  'recalled: list, unknown': { type: 'recalled', request: REQUESTS.list, remembered: false, reply: OK },
  'recalled: list of prompts, unknown': { type: 'recalled', request: PROMPTS_LIST, remembered: false, reply: OK },
  'notification: initialized': { type: 'notification', call: initialized },
  'connected: with an error': { type: 'connected', initialize, reply: ERROR },
  'connected: another initialize': { type: 'connected', initialize: OTHER_INITIALIZE.exchange, reply: OK },
  'not-connected: another initialize': { type: 'not-connected', initialize: OTHER_INITIALIZE.exchange },
};

const EVENTS = new Map<string, Event>(Object.entries({ ...OTHERS, ...VARIANTS }));
for (const [type, build] of Object.entries(BUILD)) {
  for (const [kind, request] of Object.entries(REQUESTS)) EVENTS.set(`${type}: ${kind}`, build(request));
}

/**
 * The cells of each event, by its name. A row may be about several kinds of request, and one cell may be for every
 * phase.
 */
function rowsOf(table: string): Map<string, readonly string[]> {
  const rows = new Map<string, readonly string[]>();
  for (const line of table.trim().split('\n').slice(2)) {
    const [names = '', ...cells] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [first = '', ...kinds] = names.split(' · ');
    const type = first.split(':')[0];
    for (const name of [first, ...kinds.map((kind) => `${type}: ${kind}`)]) {
      if (rows.has(name)) throw new Error(`two rows for ${name}`);
      rows.set(name, cells.length === 1 ? PHASES.map(() => cells[0] as string) : cells);
    }
  }
  return rows;
}

function nextOf(next: Next): string {
  if ('end' in next) return next.end === 'tell-sign-in' ? `tell-sign-in(${next.done ? 'done' : 'page'})` : next.end;
  if (next.do === 'wait-for-session') return `${next.do}(${next.limit})`;
  return next.do === 'recall' ? `recall(${next.modern ? 'modern' : 'legacy'})` : next.do;
}

function phaseOf({ contact }: State): string {
  return contact.phase === 'provisional' ? (contact.connecting ? 'connecting' : 'idle') : contact.phase;
}

function changesOf(before: State, after: State): string[] {
  const changes = Object.keys(after)
    .filter((key) => key !== 'contact' && after[key as keyof State] !== before[key as keyof State])
    .map((key) => {
      const value = after[key as keyof State];
      return value === true ? key : `${key} ${value}`;
    });
  return before.contact === after.contact ? changes : [phaseOf(after), ...changes];
}

function cellOf(before: State, { state, effects, next }: Transition): string {
  const done = effects.map((effect) =>
    effect.do === 'connect' ? ` +connect(${effect.tried ? 'tried' : 'again'})` : ` +${effect.do}`,
  );
  return `${nextOf(next)}${done.join('')}${changesOf(before, state)
    .map((change) => ` → ${change}`)
    .join('')}`;
}

const ROWS = rowsOf(TABLE);

it('has a row for every event, a cell for every phase, and nothing else', () => {
  expect([...ROWS.keys()].sort()).toEqual([...EVENTS.keys()].sort());
  for (const [name, cells] of ROWS) expect(cells, name).toHaveLength(PHASES.length);
});

describe.each([...EVENTS])('%s', (name, event) => {
  it.each(PHASES.map((phase, column) => [phase, column] as const))('in phase %s', (phase, column) => {
    const before: State = { ...NEW_CLIENT, contact: CONTACTS[phase] };
    expect(cellOf(before, reduce(before, event))).toBe(ROWS.get(name)?.[column]);
  });
});

const KINDS = Object.keys(REQUESTS) as ContactKind[];

it('a request goes straight where the table forwards it, and nothing is left to do', () => {
  for (const phase of PHASES) {
    const state: State = { ...NEW_CLIENT, contact: CONTACTS[phase] };
    for (const kind of KINDS) {
      const forwarded = cellOf(state, reduce(state, BUILD.request(REQUESTS[kind]))) === 'forward';
      expect(goesStraight(state, kind), `${kind} in phase ${phase}`).toBe(phase === 'connected' && forwarded);
    }
  }
});

it('a request has the kind of its method', () => {
  for (const { kind, exchange } of Object.values(REQUESTS)) {
    const answersPrompt = kind === 'accepted' || kind === 'declined';
    expect(kindOf({ ...NEW_CLIENT, madeUp: true }, exchange.call)).toBe(answersPrompt ? 'other' : kind);
  }
});

it('a tool of the server may have the name of the sign-in tool', () => {
  const before: State = { ...NEW_CLIENT, contact: CONTACTS.connected, madeUp: true };
  const { state } = reduce(before, BUILD.answered(REQUESTS.list));
  expect(kindOf(state, REQUESTS['sign-in'].exchange.call)).toBe('other');
  expect(reduce(before, answered(PROMPTS_LIST)).state.madeUp).toBe(true);
  expect(reduce(before, answered(REQUESTS.list, ERROR)).state.madeUp).toBe(true);
});

it('questions are for a client that has declared them, once it is ready', () => {
  const steps = [BUILD.request(REQUESTS.initialize), VARIANTS['notification: initialized'] as Event];
  const states: string[] = [];
  let state = NEW_CLIENT;
  for (const event of [...steps, ...steps, BUILD.request(OTHER_INITIALIZE), ...steps.slice(1)]) {
    state = reduce(state, event).state;
    states.push(state.mayAsk);
  }
  expect(states).toEqual(['when-ready', 'yes', 'when-ready', 'yes', 'no', 'no']);
});
