// Which transport comes after which, and what the client gets in the end.
import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../../src/errors.ts';
import { type Attempt, nextStep, type Plan, type PlanStep, planFor } from '../../../../src/upstream/detection/plan.ts';
import type { Refused } from '../../../../src/upstream/outcome.ts';

const reply = { result: Buffer.from('{}') };
const error = { error: Buffer.from('{"code":-32600,"message":"no"}') };

function refusal(status: number, own?: typeof error): Refused {
  const code = status === 401 ? 'unauthorized' : 'failed';
  return { kind: 'refused', status, reply: own, challenged: false, error: new ProxyError(code, `HTTP ${status}`) };
}

/** The outcomes of one transport. */
const MET = {
  open: { kind: 'open', reply },
  notFound: { kind: 'other-transport', outcome: refusal(404) },
  notAllowed: { kind: 'other-transport', outcome: refusal(405) },
  jsonRpcError: { kind: 'answered', outcome: { kind: 'answered', reply: error } },
  refusedInJson: { kind: 'refused', outcome: refusal(400, error) },
  broken: { kind: 'refused', outcome: refusal(500) },
  unauthorized: { kind: 'refused', outcome: refusal(401) },
  modernOnly: { kind: 'other-era', error: new ProxyError('no-common-version', 'modern only') },
  over: { kind: 'over', error: new Error('cancelled') },
  unreachable: { kind: 'failed', error: new ProxyError('unreachable', 'no connection'), proven: false },
  askedUser: { kind: 'failed', error: new ProxyError('unauthorized', 'sign in'), proven: false },
  cutOff: { kind: 'failed', error: new ProxyError('failed', 'the stream ended'), proven: true },
} satisfies Record<string, Attempt>;

type Met = keyof typeof MET;

/** A short form of a step: the transport to try, or the index of the attempt whose outcome the client gets. */
function shown(step: PlanStep, tried: readonly Attempt[]): string | number {
  if (step.kind === 'try') return step.transport;
  return tried.findIndex((attempt) => {
    if (attempt.kind === 'open') return step.kind === 'keep' && step.reply === attempt.reply;
    if ('outcome' in attempt) return step.kind === 'answer' && step.outcome === attempt.outcome;
    return step.kind === 'fail' && step.error === attempt.error;
  });
}

function stepAfter(plan: Plan, names: readonly Met[]): string | number {
  const tried = names.map((name) => MET[name]);
  return shown(nextStep(plan, tried), tried);
}

describe('planFor', () => {
  it.each([
    ['http-first', undefined, ['http', 'sse'], false],
    ['http-first', 'http', ['http', 'sse'], false],
    ['http-first', 'sse', ['sse', 'http'], true],
    ['sse-first', undefined, ['sse', 'http'], false],
    ['sse-first', 'http', ['http', 'sse'], true],
    ['sse-first', 'sse', ['sse', 'http'], false],
    ['http-only', undefined, ['http'], false],
    ['http-only', 'sse', ['http'], false],
    ['sse-only', undefined, ['sse'], false],
    ['sse-only', 'http', ['sse'], false],
  ] as const)('%s, remembered %s', (strategy, remembered, order, guesses) => {
    expect(planFor(strategy, remembered, 'initialize')).toEqual({ order, guesses });
  });

  it('sends nothing but initialize over several transports', () => {
    expect(planFor('http-first', undefined, 'tools/call')).toEqual({ order: ['http'], guesses: false });
    expect(planFor('http-first', 'sse', 'tools/call')).toEqual({ order: ['sse'], guesses: false });
  });
});

describe('nextStep', () => {
  it('begins with the first transport', () => {
    expect(nextStep(planFor('http-first', undefined, 'initialize'), [])).toEqual({ kind: 'try', transport: 'http' });
    expect(nextStep(planFor('http-first', 'sse', 'initialize'), [])).toEqual({ kind: 'try', transport: 'sse' });
  });

  it.each(Object.keys(MET) as Met[])('ends after %s over the only transport', (met) => {
    expect(stepAfter(planFor('http-only', undefined, 'initialize'), [met])).toBe(0);
  });

  it.each<[Met, string | number]>([
    ['open', 0],
    ['notFound', 'sse'],
    ['jsonRpcError', 0],
    ['refusedInJson', 0],
    ['broken', 0],
    ['unauthorized', 0],
    ['modernOnly', 0],
    ['over', 0],
    ['unreachable', 0],
    ['askedUser', 0],
    ['cutOff', 0],
  ])('after %s over the preferred transport: %s', (met, next) => {
    expect(stepAfter(planFor('http-first', undefined, 'initialize'), [met])).toBe(next);
  });

  it.each<[Met, number]>([
    ['open', 1],
    // The first transport has met the cause; the second one only confirms that neither works.
    ['notAllowed', 0],
    ['refusedInJson', 0],
    ['broken', 0],
    ['unreachable', 0],
    // The second transport is the right one.
    ['jsonRpcError', 1],
    ['modernOnly', 1],
    ['cutOff', 1],
    // Only the user can find out.
    ['unauthorized', 1],
    ['askedUser', 1],
    ['over', 1],
  ])('after 404, and %s over the other transport, the client gets number %s', (met, index) => {
    expect(stepAfter(planFor('http-first', undefined, 'initialize'), ['notFound', met])).toBe(index);
    expect(stepAfter(planFor('sse-first', undefined, 'initialize'), ['notFound', met])).toBe(index);
  });

  it.each<[Met, string | number]>([
    ['open', 0],
    ['jsonRpcError', 0],
    ['refusedInJson', 0],
    ['over', 0],
    // The server may have moved on since.
    ['notFound', 'http'],
    ['broken', 'http'],
    ['unauthorized', 'http'],
    ['modernOnly', 'http'],
    ['unreachable', 'http'],
    ['askedUser', 'http'],
    ['cutOff', 'http'],
  ])('after %s over a remembered transport that is not the preferred one: %s', (met, next) => {
    expect(stepAfter(planFor('http-first', 'sse', 'initialize'), [met])).toBe(next);
  });

  const decided: Met[] = Object.keys(MET).filter((met) => met !== 'notFound') as Met[];

  it.each(decided)('after a guess that met 404, %s over the preferred transport decides', (met) => {
    expect(stepAfter(planFor('http-first', 'sse', 'initialize'), ['notFound', met])).toBe(1);
  });

  it.each<[Met, number]>([
    ['open', 1],
    ['modernOnly', 1],
    ['over', 1],
    ['broken', 1],
    ['unauthorized', 1],
    ['unreachable', 1],
    // The memory was right, so what went wrong there is the cause.
    ['notFound', 0],
    ['jsonRpcError', 0],
    ['refusedInJson', 0],
  ])('after a guess that was cut off, and %s over the preferred transport, the client gets number %s', (met, index) => {
    expect(stepAfter(planFor('http-first', 'sse', 'initialize'), ['cutOff', met])).toBe(index);
  });
});
