import { describe, expect, it } from 'vitest';
import { type Check, Examination, stepOf } from '../../../../../src/cli/commands/doctor/examination.ts';
import { outcomeOf } from '../../../../../src/cli/commands/doctor/next-step.ts';
import { ProxyError } from '../../../../../src/errors.ts';

const FINE = { say: 'Nothing.' };
const examination = (): Examination => new Examination({ onCheck: () => {}, onStep: () => {} });

describe('a check', () => {
  it('gets the next number, skipped ones included', async () => {
    const run = examination();
    await run.run(['a', 'A'], 1_000, () => ({ mark: 'ok', text: 'fine' }));
    run.skip(['b', 'B'], 'not needed');
    await run.run(['c', 'C'], 1_000, () => ({ mark: 'ok', text: 'fine' }));
    expect(run.checks.map(({ number, id, mark }) => [number, id, mark])).toEqual([
      [1, 'a', 'ok'],
      [2, 'b', 'skip'],
      [3, 'c', 'ok'],
    ]);
  });

  it('that never ends is over after its limit', async () => {
    const { mark, text } = await examination().run(['a', 'A'], 1, () => new Promise(() => {}));
    expect({ mark, text }).toEqual({ mark: 'fail', text: 'no answer in 0 s' });
  });

  it('may say in its own words why it was too late', async () => {
    const { text } = await examination().run(
      ['a', 'A'],
      1,
      (signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve({ mark: 'fail', text: 'silent' }))),
    );
    expect(text).toBe('silent');
  });

  it('has the hint of an error as what to do', async () => {
    const { next } = await examination().run(['a', 'A'], 1_000, () => {
      throw new ProxyError('failed', 'broken', { hint: 'check the path' });
    });
    expect(next).toEqual({ say: 'Check the path.' });
  });

  it('that is broken itself does not end the others', async () => {
    const { mark, text } = await examination().run(['a', 'A'], 1_000, () => {
      throw new TypeError('x is not a function');
    });
    expect({ mark, text }).toEqual({ mark: 'fail', text: 'the check itself has failed' });
  });
});

it.each([
  ['check the path', { say: 'Check the path.' }],
  ['mcp-proxy login https://x.test/mcp', { say: 'Try:', command: 'mcp-proxy login https://x.test/mcp' }],
  ['it has no scheme, such as Bearer: -H "A: B"', { say: 'It has no scheme, such as Bearer:', command: '-H "A: B"' }],
  ['give it: --ca FILE; or else', { say: 'Give it: --ca FILE; or else.' }],
])('the hint %j becomes a step', (hint, step) => expect(stepOf(hint)).toEqual(step));

describe('the verdict', () => {
  const check = (number: number, mark: Check['mark'], say?: string): Check => ({
    number,
    id: number === 1 ? 'session' : `c${number}`,
    title: `T${number}`,
    mark,
    text: '',
    ms: 1,
    ...(say !== undefined && { next: { say } }),
  });

  it('names the first failure, and its step', () => {
    const { works, summary, next } = outcomeOf(
      [check(1, 'ok'), check(2, 'warn', 'w'), check(3, 'fail', 'f'), check(4, 'fail', 'g')],
      FINE,
    );
    expect({ works, summary, next }).toEqual({
      works: false,
      summary: 'It does not work: check 3 (T3) failed, and 1 other check too.',
      next: { say: 'f' },
    });
  });

  it('works with a warning, whose step comes next', () => {
    expect(outcomeOf([check(1, 'ok'), check(2, 'warn', 'w')], FINE)).toEqual({
      works: true,
      summary: 'It works, with 1 thing to know about.',
      next: { say: 'w' },
    });
  });

  it('does not claim that it works when no session was tried', () => {
    expect(outcomeOf([check(1, 'skip'), check(2, 'warn')], FINE)).toEqual({
      works: true,
      summary: 'Nothing has failed, but not everything could be tested.',
      next: FINE,
    });
  });
});
