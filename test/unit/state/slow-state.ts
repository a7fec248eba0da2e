// Every contract of core/ports as a service on another machine would fulfil it: it knows nothing at once, answers some
// macrotasks later, in the order of the calls, and sometimes fails.
import type { Held, HeldCalls, OpenHeldCalls } from '../../../src/core/ports/held.ts';
import type { Replays } from '../../../src/core/ports/replay.ts';
import type { OpenSessions, Served, Sessions, SessionsOptions } from '../../../src/core/ports/sessions.ts';
import { type Locks, NOT_YET, type SecretStore, type VerdictMemory } from '../../../src/core/ports.ts';
import { fileMemory } from '../../../src/state/files/verdicts.ts';
import { memoryHeldCalls } from '../../../src/state/memory/held-calls.ts';
import { memoryLocks } from '../../../src/state/memory/locks.ts';
import { memoryReplays } from '../../../src/state/memory/replay-buffer.ts';
import { memoryStore } from '../../../src/state/memory/secrets.ts';
import { memorySessions } from '../../../src/state/memory/sessions.ts';
import { temporaryFolder } from '../platform/processes.ts';

/** How late each answer is, in macrotasks. */
const TURNS = 4;

export interface Remote {
  /** Those that failed. */
  readonly failures: number;
  /** Fails every n-th call; 0 for none. */
  failEvery: number;
  /** Fails whenever credentials are read. */
  failReads: boolean;
  readonly credentials: SecretStore;
  /** What is stored, for the test to look at. */
  readonly texts: SecretStore;
  readonly locks: Locks;
  readonly memory: VerdictMemory;
  readonly replays: Replays;
  readonly openSessions: OpenSessions;
  readonly openHeldCalls: OpenHeldCalls;
}

export function startRemote(failEvery = 0): Remote {
  const texts = memoryStore();
  const verdicts = fileMemory(temporaryFolder());
  const owners = memoryLocks();
  const buffers = memoryReplays();
  let calls = 0;
  let failures = 0;
  /** Settles with the last answer: a connection carries one answer after the other. */
  let last: Promise<unknown> = Promise.resolve();

  const answer = <T>(act: () => T | Promise<T>, down = false): Promise<T> => {
    calls++;
    const fails = down || (remote.failEvery > 0 && calls % remote.failEvery === 0);
    const own = last.then(async () => {
      for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate);
      if (!fails) return act();
      failures++;
      throw new Error('the connection was reset');
    });
    last = own.catch(() => {});
    return own;
  };

  const remote: Remote = {
    get failures() {
      return failures;
    },
    failEvery,
    failReads: false,
    texts,
    credentials: {
      empty: false,
      peek: () => NOT_YET,
      read: (name) => answer(() => texts.read(name), remote.failReads),
      write: (name, text) => answer(() => texts.write(name, text)),
      remove: (name) => answer(() => texts.remove(name)),
      names: () => answer(() => texts.names()),
    },
    locks: (name) => {
      const lock = owners(name);
      return {
        tryAcquire: () => answer(() => lock.tryAcquire()),
        held: () => answer(() => lock.held()),
        release: () => answer(() => lock.release()),
      };
    },
    memory: {
      peek: () => NOT_YET,
      recall: (url) => answer(() => verdicts.recall(url)),
      remember: (url, transport) => answer(() => verdicts.remember(url, transport)),
    },
    replays: (session) => {
      const buffer = buffers(session);
      return {
        keep: (stream, sequence, frame) => answer(() => void buffer.keep(stream, sequence, frame)),
        peek: () => NOT_YET,
        read: (stream, after) => answer(() => buffer.read(stream, after)),
        forget: (stream) => answer(() => void buffer.forget(stream)),
        clear: () => answer(() => void buffer.clear()),
      };
    },
    openSessions: <S extends Served>(options: SessionsOptions): Sessions<S> => {
      const sessions = memorySessions<S>(options);
      return {
        get size() {
          return sessions.size;
        },
        get full() {
          return sessions.full;
        },
        all: () => sessions.all(),
        newId: () => sessions.newId(),
        add: (session) => sessions.add(session),
        peek: () => NOT_YET,
        find: (id, kind) => answer(() => sessions.find(id, kind)),
        end: (session) => sessions.end(session),
        abandon: (session) => sessions.abandon(session),
        idle: () => sessions.idle(),
        close: (limit) => sessions.close(limit),
        destroy: (reason) => sessions.destroy(reason),
      };
    },
    openHeldCalls: <C extends Held>(): HeldCalls<C> => {
      const held = memoryHeldCalls<C>();
      return {
        get size() {
          return held.size;
        },
        hold: (call) => answer(() => held.hold(call)),
        take: (handle) => answer(() => held.take(handle)),
        forget: (handle) => answer(() => held.forget(handle)).catch(() => {}),
      };
    },
  };
  return remote;
}
