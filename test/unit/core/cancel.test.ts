import { describe, expect, it } from 'vitest';
import { Cancellation, type CancelSignal } from '../../../src/core/cancel.ts';

/** Adds a listener that adds its name to a list. */
function listen(signal: CancelSignal, heard: string[], name: string): () => void {
  const listener = (): void => void heard.push(name);
  signal.addEventListener('abort', listener, { once: true });
  return listener;
}

describe('a cancellation', () => {
  it('begins as nothing that has happened', () => {
    const { signal } = new Cancellation();
    expect([signal.aborted, signal.reason]).toEqual([false, undefined]);
  });

  it('tells every listener, in order, with the reason already there', () => {
    const abort = new Cancellation();
    const heard: unknown[] = [];
    const reason = new Error('enough');
    abort.signal.addEventListener('abort', () => heard.push(['first', abort.signal.aborted, abort.signal.reason]));
    abort.signal.addEventListener('abort', () => heard.push(['second', abort.signal.aborted, abort.signal.reason]));
    abort.abort(reason);
    expect(heard).toEqual([
      ['first', true, reason],
      ['second', true, reason],
    ]);
  });

  it('tells objects that listen, as event targets do, until they are removed', () => {
    const abort = new Cancellation();
    const heard: string[] = [];
    const [kept, removed] = ['kept', 'removed'].map((name) => ({ handleEvent: () => void heard.push(name) }));
    for (const object of [kept, removed]) if (object) abort.signal.addEventListener('abort', object, { once: true });
    if (removed) abort.signal.removeEventListener('abort', removed);
    abort.abort();
    expect(heard).toEqual(['kept']);
  });

  it('happens once: the first reason stays, and nobody hears of a second one', () => {
    const abort = new Cancellation();
    const heard: string[] = [];
    listen(abort.signal, heard, 'a');
    abort.abort('first');
    abort.abort('second');
    expect([heard, abort.signal.reason]).toEqual([['a'], 'first']);
  });

  it('has a reason even when none is given', () => {
    const abort = new Cancellation();
    abort.abort();
    expect(abort.signal.reason).toBeInstanceOf(Error);
  });

  it('does not tell a listener that was removed, however often it was removed', () => {
    const abort = new Cancellation();
    const heard: string[] = [];
    listen(abort.signal, heard, 'stays');
    const gone = listen(abort.signal, heard, 'gone');
    listen(abort.signal, heard, 'stays too');
    abort.signal.removeEventListener('abort', gone);
    abort.signal.removeEventListener('abort', gone);
    abort.signal.removeEventListener('abort', () => {});
    abort.abort();
    expect(heard).toEqual(['stays', 'stays too']);
  });

  it('does not call a listener that is added afterwards', () => {
    const abort = new Cancellation();
    const heard: string[] = [];
    abort.abort();
    const late = listen(abort.signal, heard, 'late');
    abort.signal.removeEventListener('abort', late);
    abort.abort();
    expect(heard).toEqual([]);
  });

  it('survives listeners that remove themselves or others, or add more, while they are told', () => {
    const abort = new Cancellation();
    const heard: string[] = [];
    const first = (): void => {
      heard.push('first');
      abort.signal.removeEventListener('abort', first);
      listen(abort.signal, heard, 'added');
    };
    abort.signal.addEventListener('abort', first);
    listen(abort.signal, heard, 'second');
    listen(abort.signal, heard, 'third');
    abort.abort();
    expect(heard).toEqual(['first', 'second', 'third']);
  });

  it('does not begin anew when a listener aborts again', () => {
    const abort = new Cancellation();
    const heard: string[] = [];
    abort.signal.addEventListener('abort', () => {
      heard.push('again');
      abort.abort('again');
    });
    listen(abort.signal, heard, 'after');
    abort.abort('once');
    expect([heard, abort.signal.reason]).toEqual([['again', 'after'], 'once']);
  });

  it('may be one of Node itself, wherever a signal is asked for', () => {
    const own = new AbortController();
    const signal: CancelSignal = own.signal;
    const heard: string[] = [];
    listen(signal, heard, 'a');
    own.abort('reason');
    expect([heard, signal.aborted, signal.reason]).toEqual([['a'], true, 'reason']);
  });
});
