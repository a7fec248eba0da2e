import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ProcessLock } from '../../../src/platform/process-lock.ts';
import { type Child, killChildren, startChild, temporaryFolder } from './processes.ts';

const locks: ProcessLock[] = [];

afterEach(async () => {
  await Promise.all(locks.splice(0).map((lock) => lock.release()));
  await killChildren();
});

function lockOn(file: string, clock?: { now: () => number }): ProcessLock {
  const lock = clock ? new ProcessLock(file, clock) : new ProcessLock(file);
  locks.push(lock);
  return lock;
}

/** Time that passes when the test says so. */
function handClock(): { now: () => number; pass: (milliseconds: number) => void } {
  let time = 1_000;
  return {
    now: () => time,
    pass: (milliseconds) => {
      time += milliseconds;
    },
  };
}

/** Whether one of the looks succeeds, with `step` milliseconds between them, for `total`. */
async function wins(lock: ProcessLock, clock: { pass: (ms: number) => void }, total: number, step = 1_000) {
  for (let passed = 0; passed <= total; passed += step) {
    if (await lock.tryAcquire()) return true;
    clock.pass(step);
  }
  return false;
}

const fileIn = (folder: string): string => path.join(folder, 'locks', 'a.lock');
const recordOf = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
const replaceRecord = (file: string, change: Record<string, unknown>): void =>
  writeFileSync(file, JSON.stringify({ ...recordOf(file), nonce: '0123456789abcdef', ...change }));

/** A lock file whose owner was killed. */
async function deadLock(file: string): Promise<void> {
  const owner = await startChild(file);
  expect(await owner.ask('try')).toBe('won');
  await owner.kill();
  expect(existsSync(file)).toBe(true);
}

describe('a lock in one process', () => {
  it('is free, held, and free again, and leaves nothing behind', async () => {
    const file = fileIn(temporaryFolder());
    const lock = lockOn(file);
    expect(await lock.held()).toBe(false);
    expect(await lock.tryAcquire()).toBe(true);
    expect(await lock.held()).toBe(true);
    expect(readdirSync(path.dirname(file))).toEqual(['a.lock']);
    await lock.release();
    await lock.release();
    expect(await lock.held()).toBe(false);
    expect(readdirSync(path.dirname(file))).toEqual([]);
    expect(await lock.tryAcquire()).toBe(true);
  });

  it('excludes another one, and stays its own when asked for again', async () => {
    const file = fileIn(temporaryFolder());
    const [first, second] = [lockOn(file), lockOn(file)];
    expect(await Promise.all([first.tryAcquire(), first.tryAcquire()])).toEqual([true, true]);
    expect(await first.tryAcquire()).toBe(true);
    expect(await second.tryAcquire()).toBe(false);
    await second.release();
    expect([await first.held(), await second.held()]).toEqual([true, false]);
    await first.release();
    expect(await second.tryAcquire()).toBe(true);
    expect(await first.held()).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('is for this user only', async () => {
    const file = fileIn(temporaryFolder());
    mkdirSync(path.dirname(file), { mode: 0o755 });
    await lockOn(file).tryAcquire();
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('says what to do when the folder cannot be written', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'locks'), '');
    await expect(lockOn(fileIn(folder)).tryAcquire()).rejects.toMatchObject({
      name: 'ProxyError',
      code: 'internal',
      data: { hint: expect.stringContaining('folder') as unknown },
    });
  });

  it('is lost, and left alone, when somebody else has the file now', async () => {
    const file = fileIn(temporaryFolder());
    const lock = lockOn(file);
    await lock.tryAcquire();
    replaceRecord(file, {});
    const theirs = readFileSync(file, 'utf8');
    expect(await lock.held()).toBe(false);
    await lock.release();
    expect(readFileSync(file, 'utf8')).toBe(theirs);
  });
});

describe('several processes', () => {
  it('race for a free lock: one of eight wins', async () => {
    expect(await race(fileIn(temporaryFolder()), 8)).toHaveLength(1);
  });

  it('race for the lock of a dead owner: one of eight wins, time and again', async () => {
    const file = fileIn(temporaryFolder());
    const children = await Promise.all(Array.from({ length: 8 }, () => startChild(file)));
    for (let round = 0; round < 10; round++) {
      await deadLock(file);
      const winners = await raceOf(children);
      expect(winners).toHaveLength(1);
      expect(await Promise.all(children.map((child) => child.ask('held')))).toEqual(
        children.map((child) => String(child === winners[0])),
      );
      expect(await winners[0]?.ask('release')).toBe('released');
      expect(readdirSync(path.dirname(file))).toEqual([]);
    }
  });

  it('are never inside together', async () => {
    const folder = temporaryFolder();
    const children = await Promise.all(Array.from({ length: 4 }, () => startChild(fileIn(folder))));
    const said = await Promise.all(children.map((child) => child.ask(`rounds ${folder} 50`)));
    expect(said).toEqual(['done', 'done', 'done', 'done']);
    expect(readdirSync(path.dirname(fileIn(folder)))).toEqual([]);
  });

  it('take over at once from an owner that was killed', async () => {
    const file = fileIn(temporaryFolder());
    await deadLock(file);
    expect(await lockOn(file, handClock()).tryAcquire()).toBe(true);
  });

  it('take over from one that was killed while it broke the lock of another', async () => {
    const file = fileIn(temporaryFolder());
    await deadLock(file);
    const dead = recordOf(file);
    // What is left when the breaker dies after its claim: a claim of a dead process, itself claimed by another.
    const claim = `${file}.${String(dead.nonce)}`;
    writeFileSync(claim, JSON.stringify({ ...dead, nonce: 'aaaaaaaaaaaaaaaa' }));
    writeFileSync(`${claim}.aaaaaaaaaaaaaaaa`, JSON.stringify({ ...dead, nonce: 'bbbbbbbbbbbbbbbb' }));
    writeFileSync(`${claim}.cccccccccccccccc.new`, JSON.stringify({ ...dead, nonce: 'cccccccccccccccc' }));
    const clock = handClock();
    expect(await wins(lockOn(file, clock), clock, 4, 1)).toBe(true);
    expect(readdirSync(path.dirname(file))).toEqual(['a.lock']);
  });

  it('leave the lock alone while somebody alive is breaking it', async () => {
    const file = fileIn(temporaryFolder());
    await deadLock(file);
    const dead = recordOf(file);
    const other = lockOn(path.join(path.dirname(file), 'other'));
    await other.tryAcquire();
    writeFileSync(`${file}.${String(dead.nonce)}`, readFileSync(path.join(path.dirname(file), 'other')));
    const clock = handClock();
    expect(await wins(lockOn(file, clock), clock, 120_000)).toBe(false);
    expect(recordOf(file)).toEqual(dead);
  });

  it.runIf(process.platform === 'linux')('wait for an owner that is stopped, however long', async () => {
    const file = fileIn(temporaryFolder());
    const owner = await startChild(file);
    expect(await owner.ask('try')).toBe('won');
    owner.signal('SIGSTOP');
    const clock = handClock();
    const lock = lockOn(file, clock);
    expect(await wins(lock, clock, 600_000)).toBe(false);
    owner.signal('SIGCONT');
    expect(await owner.ask('held')).toBe('true');
    expect(await owner.ask('release')).toBe('released');
    expect(await lock.tryAcquire()).toBe(true);
  });

  it.runIf(process.platform === 'linux')('see through a process number that is in use again', async () => {
    const file = fileIn(temporaryFolder());
    await lockOn(file).tryAcquire();
    replaceRecord(file, { started: 'another boot 1' });
    expect(await lockOn(file, handClock()).tryAcquire()).toBe(true);
  });
});

describe('an owner of whom nothing can be known', () => {
  /** A lock file of a process in another container. */
  async function foreignLock(): Promise<{ file: string; beat: () => void }> {
    const file = fileIn(temporaryFolder());
    const lock = lockOn(file);
    await lock.tryAcquire();
    replaceRecord(file, { place: 'elsewhere', pid: 1 });
    let beats = 1;
    return { file, beat: () => utimesSync(file, 1_000 + beats, 1_000 + beats++) };
  }

  it('is dead after a minute of silence, not before', async () => {
    const { file } = await foreignLock();
    const clock = handClock();
    const lock = lockOn(file, clock);
    expect(await wins(lock, clock, 59_000)).toBe(false);
    expect(await lock.tryAcquire()).toBe(true);
    expect(await lock.held()).toBe(true);
  });

  it('lives as long as its heartbeat comes', async () => {
    const { file, beat } = await foreignLock();
    const clock = handClock();
    const lock = lockOn(file, clock);
    for (let minute = 0; minute < 5; minute++) {
      expect(await wins(lock, clock, 50_000)).toBe(false);
      beat();
    }
    expect(await lock.held()).toBe(false);
  });

  it('is not silent in the time in which nobody looked', async () => {
    const { file } = await foreignLock();
    const clock = handClock();
    const lock = lockOn(file, clock);
    expect(await wins(lock, clock, 50_000)).toBe(false);
    clock.pass(8 * 60 * 60 * 1_000);
    expect(await wins(lock, clock, 7_000)).toBe(false);
    expect(await wins(lock, clock, 5_000)).toBe(true);
  });

  it('does not gain from looks that are too rare to say anything', async () => {
    const { file } = await foreignLock();
    const clock = handClock();
    expect(await wins(lockOn(file, clock), clock, 3_600_000, 6_000)).toBe(false);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '\u0000\u0000\u0000'],
    ['JSON of another shape', '{"pid":"1"}'],
    ['a path for a nonce', '{"nonce":"../../../etc/x","pid":1,"place":"","started":""}'],
    ['a process number that means all processes', '{"nonce":"0123456789abcdef","pid":-1,"place":"","started":""}'],
  ])('may have left %s: that blocks for a minute, not for ever', async (_, text) => {
    const file = fileIn(temporaryFolder());
    mkdirSync(path.dirname(file));
    writeFileSync(file, text);
    const clock = handClock();
    const lock = lockOn(file, clock);
    expect(await wins(lock, clock, 59_000)).toBe(false);
    expect(await lock.tryAcquire()).toBe(true);
    expect(readdirSync(path.dirname(file))).toEqual(['a.lock']);
  });

  it('beats: the time of the file of a living owner moves', async () => {
    const file = fileIn(temporaryFolder());
    const owner = await startChild(file);
    expect(await owner.ask('try')).toBe('won');
    utimesSync(file, 1_000, 1_000);
    await expect.poll(() => statSync(file).mtimeMs, { timeout: 30_000 }).toBeGreaterThan(1_000_000);
  });
});

async function race(file: string, count: number): Promise<Child[]> {
  return raceOf(await Promise.all(Array.from({ length: count }, () => startChild(file))));
}

/** The processes that got the lock. */
async function raceOf(children: readonly Child[]): Promise<Child[]> {
  const start = Date.now() + 50;
  const said = await Promise.all(children.map((child) => child.ask(`race ${start}`)));
  expect(said.filter((line) => line !== 'won' && line !== 'lost')).toEqual([]);
  return children.filter((_, index) => said[index] === 'won');
}
