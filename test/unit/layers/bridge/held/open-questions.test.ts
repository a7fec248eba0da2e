import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../../../../src/core/cancel.ts';
import { OpenQuestions } from '../../../../../src/layers/bridge/held/open-questions.ts';
import { HeldQuestion } from '../../../../../src/layers/bridge/held/question.ts';

const call = (bytes: number) => ({
  method: 'elicitation/create',
  params: Buffer.from(JSON.stringify({ message: 'x'.repeat(bytes), requestedSchema: { type: 'object' } })),
});
const question = (bytes: number) => new HeldQuestion(call(bytes), new Cancellation().signal, { shared: false });

describe('the questions of one call', () => {
  it('are 32 at most', () => {
    const open = new OpenQuestions();
    let taken = 0;
    for (; open.hasRoomFor(call(1)); taken++) open.add(question(1));
    expect(taken).toBe(32);
    open.answer(new Map([['r1', Buffer.from('{"action":"cancel"}')]]), undefined);
    expect(open.hasRoomFor(call(1))).toBe(true);
  });

  it('have 8 MiB together, unless there is only one', () => {
    const open = new OpenQuestions();
    expect(open.hasRoomFor(call(9 * 1_048_576))).toBe(true);
    open.add(question(5 * 1_048_576));
    expect(open.hasRoomFor(call(4 * 1_048_576))).toBe(false);
    expect(open.hasRoomFor(call(2 * 1_048_576))).toBe(true);
  });
});
