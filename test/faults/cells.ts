// Which cells the matrix of faults has, and what is expected in each: pure rules, from which the tests and the table in
// docs/reliability.md are made.
import { FAULTS, type Fault, type Part } from './faults.ts';

export const UPSTREAMS = ['streamable', 'stateless', 'sse', 'stdio', 'modern stdio'] as const;
export type Upstream = (typeof UPSTREAMS)[number];

/** When the fault is there. It lasts until the cell lifts it. */
export const PHASES = [
  'first contact',
  'initialize',
  'list',
  'call',
  'marked call',
  'progress',
  'questions',
  'GET stream',
  'subscription',
  'DELETE',
  'token call',
  'code exchange',
  'refresh',
] as const;
export type Phase = (typeof PHASES)[number];

export type Era = 'legacy' | 'modern';

export interface Cell {
  readonly upstream: Upstream;
  readonly phase: Phase;
  readonly fault: string;
  /** How the client reaches the proxy. */
  readonly front: 'stdio' | 'http';
  readonly client: Era;
}

/** The parts in which a phase can have a fault, by the transport of the server; left out: the phase does not exist. */
const HTTP: Partial<Record<Phase, readonly Part[]>> = {
  'first contact': ['connection', 'response', 'answer'],
  initialize: ['response', 'answer'],
  list: ['response', 'answer'],
  call: ['connection', 'response', 'answer'],
  'marked call': ['connection', 'response', 'answer'],
  progress: ['answer'],
  questions: ['response', 'answer'],
};
/** At a token endpoint, which is at an address of its own. */
const TOKENS: readonly Part[] = ['connection', 'response', 'answer'];
const STDIO: Partial<Record<Phase, readonly Part[]>> = {
  'first contact': ['program'],
  initialize: ['answer', 'program'],
  list: ['answer', 'program'],
  call: ['answer', 'program'],
  'marked call': ['answer', 'program'],
  progress: ['answer', 'program'],
  questions: ['answer', 'program'],
};
const PARTS: Readonly<Record<Upstream, Partial<Record<Phase, readonly Part[]>>>> = {
  streamable: {
    ...HTTP,
    'GET stream': ['response', 'answer'],
    DELETE: ['connection', 'response', 'answer'],
    'token call': TOKENS,
    'code exchange': TOKENS,
    refresh: TOKENS,
  },
  stateless: { ...HTTP, subscription: ['response', 'answer'] },
  sse: { ...HTTP, 'GET stream': ['connection', 'response'] },
  stdio: STDIO,
  'modern stdio': { ...STDIO, subscription: ['answer', 'program'] },
};

const TOKEN_PHASES: ReadonlySet<Phase> = new Set(['token call', 'code exchange', 'refresh']);
/** Whether a phase is a request for a token. */
export const asksForToken = ({ phase }: Pick<Cell, 'phase'>): boolean => TOKEN_PHASES.has(phase);
/** Whether the server is a program on this machine. */
export const isLocal = (upstream: Upstream): boolean => upstream === 'stdio' || upstream === 'modern stdio';

/** Faults that have no meaning in some places. */
const IMPOSSIBLE: readonly ((fault: string, upstream: Upstream, phase: Phase) => boolean)[] = [
  // A pipe that is reset or ends has lost its program.
  (fault, upstream) => isLocal(upstream) && /^(reset|end) /.test(fault),
  // Over HTTP+SSE the response to a POST says nothing; only that to the GET has a type and a body.
  (fault, upstream, phase) =>
    upstream === 'sse' && phase !== 'GET stream' && /^(wrong content type|reset after)/.test(fault),
  // A token is one JSON document without an id.
  (fault, _, phase) => TOKEN_PHASES.has(phase) && /^(wrong id|duplicate)/.test(fault),
  // Nothing is asked on the streams of changes, and nothing is read of the answer to a DELETE.
  (fault, _, phase) => phase === 'DELETE' && /^(wrong id|duplicate|invalid|slow|end |oversize)/.test(fault),
];

const MODERN: ReadonlySet<Upstream> = new Set(['stateless', 'modern stdio']);
export const eraOf = (upstream: Upstream): Era => (MODERN.has(upstream) ? 'modern' : 'legacy');
export const isCrossing = ({ upstream, client }: Cell): boolean => eraOf(upstream) !== client;

/** Every cell that exists. */
export function cells(): Cell[] {
  const all: Cell[] = [];
  for (const upstream of UPSTREAMS) {
    for (const phase of PHASES) {
      const parts = PARTS[upstream][phase] ?? [];
      for (const [fault, { part }] of FAULTS) {
        if (!parts.includes(part) || IMPOSSIBLE.some((rule) => rule(fault, upstream, phase))) continue;
        for (const front of ['stdio', 'http'] as const) {
          for (const client of ['legacy', 'modern'] as const) all.push({ upstream, phase, fault, front, client });
        }
      }
    }
  }
  return all;
}

export const faultOf = ({ fault }: Cell): Fault => FAULTS.get(fault) as Fault;

/** What the request that met the fault is answered with. */
export type Expected =
  /** Its result: the fault is harmless, or concerns no answer. */
  | { readonly kind: 'result' }
  /** Either: the fault may come while the request is under way. */
  | { readonly kind: 'any' }
  /** One error, with what the server said. */
  | { readonly kind: 'error'; readonly status?: number; readonly words?: true; readonly retryAfter?: number };

export function expected(cell: Cell): Expected {
  const { phase, client, upstream } = cell;
  const { harmless, status, body, retryAfter } = faultOf(cell);
  // Calls need neither these streams nor the end of the session.
  if (phase === 'DELETE') return { kind: 'result' };
  if (phase === 'GET stream' && upstream === 'streamable') return { kind: 'result' };
  if (phase === 'subscription' && client === 'legacy') {
    // The subscription is the proxy's own, and takes the only pipe with it.
    return { kind: /^(death|closed pipe)$/.test(cell.fault) ? 'any' : 'result' };
  }
  // A request for a token is never sent to another place.
  const isFollowed = !(asksForToken(cell) && cell.fault.startsWith('redirect'));
  if (harmless && isFollowed) return { kind: 'result' };
  // The proxy asks the server in several ways there, and the last answer is the one that counts.
  if (hasOtherWays(cell)) return { kind: 'error' };
  const isSilent = phase === 'questions' && eraOf(upstream) === 'legacy' && faultOf(cell).part === 'response';
  if (isSilent || asksForToken(cell)) return { kind: 'error' };
  return {
    kind: 'error',
    // A JSON-RPC error of the server is passed on as it is.
    ...(status !== undefined && body !== 'rpc' && { status }),
    ...((body === 'rpc' || body === 'html') && { words: true }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}

/** Whether the proxy may reach the server in another way than the one with the fault. */
function hasOtherWays(cell: Cell): boolean {
  const isOpening = cell.phase === 'first contact' || cell.phase === 'initialize';
  return isOpening && (isCrossing(cell) || cell.client === 'modern');
}

/** Whether the fault shows only as silence, which the limit of the request must end. */
export function needsLimit(cell: Cell): boolean {
  const { fault, upstream, phase } = cell;
  const { part, harmless } = faultOf(cell);
  if (fault === 'silence' || fault === 'garbage') return true;
  if (harmless) return false;
  return (upstream === 'sse' || isLocal(upstream) ? part === 'answer' : false) || phase === 'questions';
}

/**
 * Whether a cell is in `npm test`; `npm run reliability` plays all of them. Each fault is there in each moment, over each
 * transport. Answers of HTTP servers, of which there are many, take turns with the kinds of clients.
 */
export function isInEveryRun(cell: Cell): boolean {
  const { phase, fault, front, client } = cell;
  const isFrequent = phase === 'marked call' || phase === 'code exchange' || phase === 'refresh';
  if (!isFrequent && (faultOf(cell).part !== 'response' || phase === 'call')) return true;
  const turn = [...FAULTS.keys()].indexOf(fault) + PHASES.indexOf(phase);
  return turn % 4 === (front === 'stdio' ? 0 : 2) + (client === 'legacy' ? 0 : 1);
}

/** The name of a cell, as its test has it. */
export function nameOf(cell: Cell): string {
  const { phase, fault, front, client } = cell;
  return `${phase}: ${fault} (${client} client on ${front}${isCrossing(cell) ? ', crossing' : ''})`;
}
