import { describe, expect, it } from 'vitest';
import type { WaitingEvent } from '../../../../src/core/ports/replay.ts';
import { MemoryReplay, ReplayBudget } from '../../../../src/state/memory/replay-buffer.ts';

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** One event of that many bytes. */
function keep(replay: MemoryReplay, stream: number, sequence: number, size = 1): void {
  replay.keep(stream, sequence, [Buffer.alloc(size)]);
}

const sequences = (replay: MemoryReplay, stream: number, after = 0): number[] =>
  replay.peek(stream, after).map(({ sequence }) => sequence);
const from = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('what is kept', () => {
  it('is what came after, of that stream alone, in order and as it was', () => {
    const replay = new MemoryReplay(new ReplayBudget());
    const frame = [Buffer.from('{"a":'), Buffer.from('1}')];
    replay.keep(1, 1, [Buffer.from('first')]);
    replay.keep(2, 1, [Buffer.from('other')]);
    replay.keep(1, 2, frame);
    replay.keep(1, 3, [Buffer.from('third')]);
    expect(sequences(replay, 1)).toEqual([1, 2, 3]);
    expect(sequences(replay, 1, 1)).toEqual([2, 3]);
    expect(sequences(replay, 1, 3)).toEqual([]);
    expect(sequences(replay, 2)).toEqual([1]);
    expect(sequences(replay, 3)).toEqual([]);
    expect(replay.peek(1, 1)[0]?.frame).toBe(frame);
  });

  it('are the last 256 events', () => {
    const replay = new MemoryReplay(new ReplayBudget());
    for (const i of from(1, 256)) keep(replay, 0, i);
    expect(sequences(replay, 0)).toEqual(from(1, 256));
    keep(replay, 0, 257);
    expect(sequences(replay, 0)).toEqual(from(2, 257));
  });

  it('is 256 events of all streams together', () => {
    const replay = new MemoryReplay(new ReplayBudget());
    for (const i of from(1, 200)) keep(replay, 1, i);
    for (const i of from(1, 100)) keep(replay, 2, i);
    expect(sequences(replay, 1)).toEqual(from(45, 200));
    expect(sequences(replay, 2)).toEqual(from(1, 100));
  });

  it('is 1 MiB', () => {
    const replay = new MemoryReplay(new ReplayBudget());
    for (const i of from(1, 4)) keep(replay, 0, i, MIB / 4);
    expect(sequences(replay, 0)).toEqual([1, 2, 3, 4]);
    keep(replay, 0, 5);
    expect(sequences(replay, 0)).toEqual([2, 3, 4, 5]);
    keep(replay, 0, 6, MIB / 2);
    expect(sequences(replay, 0)).toEqual([4, 5, 6]);
  });

  it('may be one event of all that there is room for', () => {
    const replay = new MemoryReplay(new ReplayBudget());
    keep(replay, 0, 1);
    keep(replay, 0, 2, MIB);
    expect(sequences(replay, 0)).toEqual([2]);
  });

  it('is no event that is larger, in whatever parts; those before it stay', () => {
    const replay = new MemoryReplay(new ReplayBudget());
    keep(replay, 0, 1);
    keep(replay, 0, 2, MIB + 1);
    replay.keep(0, 3, [Buffer.alloc(MIB), Buffer.alloc(1)]);
    keep(replay, 0, 4);
    expect(sequences(replay, 0)).toEqual([1, 4]);
  });
});

describe('an event that waits for its client', () => {
  function waiting(): WaitingEvent & { waits: boolean; losses: number } {
    const event = { waits: true, losses: 0, lost: () => void event.losses++ };
    return event;
  }

  it('goes after all that do not wait, and says so', () => {
    const replay = new MemoryReplay(new ReplayBudget());
    const [first, second] = [waiting(), waiting()];
    keep(replay, 0, 1);
    replay.keep(0, 2, [Buffer.alloc(1)], first);
    replay.keep(0, 3, [Buffer.alloc(1)], second);
    for (const i of from(4, 300)) keep(replay, 0, i);
    expect(sequences(replay, 0)).toEqual([2, 3, ...from(47, 300)]);
    second.waits = false;
    for (const i of from(301, 600)) keep(replay, 0, i);
    expect(sequences(replay, 0)).toEqual([2, ...from(346, 600)]);
    keep(replay, 0, 601, MIB);
    expect(sequences(replay, 0)).toEqual([601]);
    expect([first.losses, second.losses]).toEqual([1, 1]);
  });

  it('is replaced by one with the same number', () => {
    const budget = new ReplayBudget();
    const replay = new MemoryReplay(budget);
    const event = waiting();
    replay.keep(0, 1, [Buffer.from('first')], event);
    replay.keep(1, 1, [Buffer.from('other')], waiting());
    replay.keep(0, 2, [Buffer.from('next')]);
    replay.keep(0, 1, [Buffer.from('second one')], event);
    expect(replay.peek(0, 0).map(({ frame }) => String(frame))).toEqual(['second one', 'next']);
    expect(budget.used).toBe('second one'.length + 'next'.length + 'other'.length);
    expect(event.losses).toBe(0);
  });

  it('says so when it is too large, or its stream is forgotten, but not at the end of the session', () => {
    const replay = new MemoryReplay(new ReplayBudget());
    const [large, forgotten, last] = [waiting(), waiting(), waiting()];
    replay.keep(0, 1, [Buffer.alloc(MIB + 1)], large);
    replay.keep(1, 1, [Buffer.alloc(1)], forgotten);
    replay.keep(0, 2, [Buffer.alloc(1)], last);
    replay.forget(1);
    replay.clear();
    expect([large.losses, forgotten.losses, last.losses]).toEqual([1, 1, 0]);
  });
});

describe('forgetting', () => {
  it('a stream leaves the others as they are, and makes room', () => {
    const budget = new ReplayBudget();
    const replay = new MemoryReplay(budget);
    for (const i of from(1, 3)) {
      keep(replay, 1, i, 100);
      keep(replay, 2, i, 10);
    }
    replay.forget(1);
    expect(sequences(replay, 1)).toEqual([]);
    expect(sequences(replay, 2)).toEqual([1, 2, 3]);
    expect(budget.used).toBe(30);
    for (const i of from(4, 256)) keep(replay, 2, i);
    expect(sequences(replay, 2)).toEqual(from(1, 256));
  });

  it('a stream of which nothing is kept changes nothing', () => {
    const budget = new ReplayBudget();
    const replay = new MemoryReplay(budget);
    keep(replay, 1, 1, 100);
    replay.forget(2);
    expect(sequences(replay, 1)).toEqual([1]);
    expect(budget.used).toBe(100);
  });

  it('everything leaves nothing, and can go on', () => {
    const budget = new ReplayBudget();
    const replay = new MemoryReplay(budget);
    for (const stream of [1, 2, 3]) keep(replay, stream, 1, 100);
    replay.clear();
    replay.clear();
    expect([1, 2, 3].flatMap((stream) => sequences(replay, stream))).toEqual([]);
    expect(budget.used).toBe(0);
    keep(replay, 1, 2, 7);
    expect(sequences(replay, 1)).toEqual([2]);
    expect(budget.used).toBe(7);
  });
});

describe('the budget of all sessions', () => {
  it('counts what each of them keeps, and no more', () => {
    const budget = new ReplayBudget();
    const replays = from(1, 3).map(() => new MemoryReplay(budget));
    for (const replay of replays) for (const i of from(1, 300)) keep(replay, 0, i, 10);
    expect(budget.used).toBe(3 * 256 * 10);
    for (const replay of replays) keep(replay, 0, 301, MIB + 1);
    expect(budget.used).toBe(3 * 256 * 10);
    for (const replay of replays) replay.clear();
    expect(budget.used).toBe(0);
  });

  it('leaves each session its last event when it is used up, and takes nothing from the others', () => {
    const budget = new ReplayBudget(1_000);
    const [one, two] = [new MemoryReplay(budget), new MemoryReplay(budget)];
    for (const i of from(1, 10)) keep(one, 0, i, 100);
    expect(sequences(one, 0)).toEqual(from(1, 10));
    for (const i of from(1, 3)) keep(two, 0, i, 100);
    expect(sequences(two, 0)).toEqual([3]);
    expect(sequences(one, 0)).toEqual(from(1, 10));
    keep(one, 0, 11, 100);
    expect(sequences(one, 0)).toEqual(from(3, 11));
    expect(budget.used).toBe(1_000);
  });

  it('leaves no session a last event that is large when it is used up', () => {
    const budget = new ReplayBudget(MIB);
    const [one, two, three] = from(1, 3).map(() => new MemoryReplay(budget)) as [
      MemoryReplay,
      MemoryReplay,
      MemoryReplay,
    ];
    keep(one, 0, 1, MIB);
    let losses = 0;
    keep(two, 0, 1, 16 * KIB);
    two.keep(0, 2, [Buffer.alloc(16 * KIB + 1)], { waits: true, lost: () => void losses++ });
    keep(three, 0, 1, 16 * KIB);
    expect(sequences(one, 0)).toEqual([1]);
    expect(sequences(two, 0)).toEqual([]);
    expect(sequences(three, 0)).toEqual([1]);
    expect([losses, budget.used]).toEqual([1, MIB + 16 * KIB]);
  });

  it('has room again once a session has ended', () => {
    const budget = new ReplayBudget(1_000);
    const [one, two] = [new MemoryReplay(budget), new MemoryReplay(budget)];
    keep(one, 0, 1, 1_000);
    one.clear();
    for (const i of from(1, 10)) keep(two, 0, i, 100);
    expect(sequences(two, 0)).toEqual(from(1, 10));
  });
});
