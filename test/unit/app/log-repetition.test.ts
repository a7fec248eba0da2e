import { describe, expect, it } from 'vitest';
import { withoutRepetition } from '../../../src/app/log-repetition.ts';
import type { Log } from '../../../src/core/ports.ts';

const MINUTE = 60_000;

/** A log that is kept as a list, and a clock that the test sets. */
class Paper {
  time = 1_000_000;
  readonly lines: string[] = [];
  readonly log: Log = withoutRepetition(
    {
      debug: (line) => this.lines.push(`debug ${line}`),
      info: (line, url) => this.lines.push(`info ${line}${url === undefined ? '' : ` <${url}>`}`),
      warn: (line, url) => this.lines.push(`warn ${line}${url === undefined ? '' : ` <${url}>`}`),
      error: (line) => this.lines.push(`error ${line}`),
    },
    () => this.time,
  );

  /** What was written since the last look. */
  news(): string[] {
    return this.lines.splice(0);
  }
}

describe('a line that was logged before', () => {
  it.each(['info', 'warn', 'error'] as const)('is logged once a minute, at the level %s', (level) => {
    const paper = new Paper();
    paper.log[level]('the server is away');
    expect(paper.news()).toEqual([`${level} the server is away`]);
    paper.time += MINUTE - 1;
    paper.log[level]('the server is away');
    expect(paper.news()).toEqual(['debug the server is away']);
    paper.time += 1;
    paper.log[level]('the server is away');
    expect(paper.news()).toEqual([`${level} the server is away`]);
  });

  it('is logged again after a minute, however often it was repeated in between', () => {
    const paper = new Paper();
    for (let second = 0; second < 180; second++) {
      paper.log.warn('busy');
      paper.time += 1_000;
    }
    expect(paper.news().filter((line) => line === 'warn busy')).toHaveLength(3);
  });

  it('is always logged at debug', () => {
    const paper = new Paper();
    paper.log.debug('a request');
    paper.log.debug('a request');
    expect(paper.news()).toEqual(['debug a request', 'debug a request']);
  });
});

describe('lines that differ', () => {
  it('are all logged', () => {
    const paper = new Paper();
    paper.log.info('one');
    paper.log.warn('two');
    paper.log.error('three');
    expect(paper.news()).toEqual(['info one', 'warn two', 'error three']);
  });

  it.each(['info', 'warn'] as const)('only in their URL count as new, at the level %s', (level) => {
    const paper = new Paper();
    paper.log[level]('sign in at', 'https://a.example/1');
    paper.log[level]('sign in at', 'https://a.example/2');
    paper.log[level]('sign in at', 'https://a.example/1');
    expect(paper.news()).toEqual([
      `${level} sign in at <https://a.example/1>`,
      `${level} sign in at <https://a.example/2>`,
      'debug sign in at',
    ]);
  });

  it('are remembered up to a number, after which the oldest counts as new', () => {
    const paper = new Paper();
    const tell = (count: number, from = 0): void => {
      for (let i = from; i < from + count; i++) paper.log.error(`line ${i}`);
    };
    tell(200);
    paper.news();
    tell(200);
    expect(paper.news()).toEqual(Array.from({ length: 200 }, (_, i) => `debug line ${i}`));
    tell(1, 200);
    expect(paper.news()).toEqual(['error line 200']);
    tell(1, 1);
    tell(1, 0);
    expect(paper.news()).toEqual(['debug line 1', 'error line 0']);
  });
});
