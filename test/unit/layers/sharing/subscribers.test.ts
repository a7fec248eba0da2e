import { describe, expect, it } from 'vitest';
import type { Reply } from '../../../../src/core/jsonrpc.ts';
import { Subscribers } from '../../../../src/layers/sharing/subscribers.ts';
import { result } from '../exchanges.ts';

const URI = 'file:///a';
const YES: Reply = result('{}');
const NO: Reply = { error: Buffer.from('{"code":-32602,"message":"no such resource"}') };

const yes = async (): Promise<Reply> => YES;
const no = async (): Promise<Reply> => NO;
const broken = (): Promise<Reply> => Promise.reject(new Error('the connection is gone'));
const never = (): Promise<Reply> => {
  throw new Error('the server need not know');
};

/** All clients that an update concerns, in alphabetical order. */
const told = (subscribers: Subscribers<string>, uri = URI): string => [...subscribers.to(uri)].sort().join(' ');

/** A server that answers when the test says so. */
class Server {
  readonly asked: string[] = [];
  readonly #waiting: ((reply: Reply) => void)[] = [];

  ask(what: string): () => Promise<Reply> {
    return () => {
      this.asked.push(what);
      return new Promise((resolve) => this.#waiting.push(resolve));
    };
  }

  async answer(reply: Reply = YES): Promise<void> {
    this.#waiting.shift()?.(reply);
    await settled();
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('a subscription', () => {
  it('is asked of the server, and its answer is that of the client', async () => {
    const subscribers = new Subscribers<string>();
    expect(await subscribers.subscribe(URI, 'a', yes)).toBe(YES);
    expect(told(subscribers)).toBe('a');
    expect(subscribers.of('a')).toEqual([URI]);
  });

  it('counts from the moment in which it is asked for: an update may overtake the answer', async () => {
    const [subscribers, server] = [new Subscribers<string>(), new Server()];
    const answered = subscribers.subscribe(URI, 'a', server.ask('subscribe'));
    await settled();
    expect(server.asked).toEqual(['subscribe']);
    expect(told(subscribers)).toBe('a');
    await server.answer();
    expect(await answered).toBe(YES);
  });

  it('is none when the server says no', async () => {
    const subscribers = new Subscribers<string>();
    expect(await subscribers.subscribe(URI, 'a', no)).toBe(NO);
    expect(told(subscribers)).toBe('');
    expect(subscribers.of('a')).toEqual([]);
  });

  it('is none when the server cannot be asked', async () => {
    const subscribers = new Subscribers<string>();
    await expect(subscribers.subscribe(URI, 'a', broken)).rejects.toThrow('the connection is gone');
    expect(told(subscribers)).toBe('');
  });

  it.each([
    ['says no', no],
    ['cannot be asked', broken],
  ])('that was there before stays when the server, asked again, %s', async (_, ask) => {
    const subscribers = new Subscribers<string>();
    await subscribers.subscribe(URI, 'a', yes);
    await subscribers.subscribe(URI, 'a', ask).catch(() => {});
    expect(told(subscribers)).toBe('a');
  });

  it.each([
    ['says no', no],
    ['cannot be asked', broken],
  ])('of another client stays when the server %s', async (_, ask) => {
    const subscribers = new Subscribers<string>();
    await subscribers.subscribe(URI, 'a', yes);
    await subscribers.subscribe(URI, 'b', ask).catch(() => {});
    expect(told(subscribers)).toBe('a');
  });
});

describe('taking a subscription back', () => {
  it('reaches the server when no subscriber is left', async () => {
    const subscribers = new Subscribers<string>();
    await subscribers.subscribe(URI, 'a', yes);
    await subscribers.subscribe(URI, 'b', yes);
    expect(await subscribers.unsubscribe(URI, 'a', never)).toBeUndefined();
    expect(told(subscribers)).toBe('b');
    expect(await subscribers.unsubscribe(URI, 'b', yes)).toBe(YES);
    expect(told(subscribers)).toBe('');
  });

  it('reaches the server when there never was a subscription, and the server answers', async () => {
    const subscribers = new Subscribers<string>();
    expect(await subscribers.unsubscribe(URI, 'a', no)).toBe(NO);
    await subscribers.subscribe(URI, 'b', yes);
    expect(await subscribers.unsubscribe(URI, 'a', never)).toBeUndefined();
    expect(told(subscribers)).toBe('b');
  });

  it('changes nothing about other resources', async () => {
    const subscribers = new Subscribers<string>();
    for (const uri of ['x:1', 'x:2']) await subscribers.subscribe(uri, 'a', yes);
    await subscribers.unsubscribe('x:1', 'a', yes);
    expect(subscribers.of('a')).toEqual(['x:2']);
  });

  it('fails if the server does, and the client is no longer subscribed anyway', async () => {
    const subscribers = new Subscribers<string>();
    await subscribers.subscribe(URI, 'a', yes);
    await expect(subscribers.unsubscribe(URI, 'a', broken)).rejects.toThrow('the connection is gone');
    expect(told(subscribers)).toBe('');
  });
});

describe('two clients at a time', () => {
  it('do not overtake each other at the server, so that no client loses a subscription', async () => {
    const [subscribers, server] = [new Subscribers<string>(), new Server()];
    await subscribers.subscribe(URI, 'a', yes);
    const left = subscribers.unsubscribe(URI, 'a', server.ask('a leaves'));
    const came = subscribers.subscribe(URI, 'b', server.ask('b comes'));
    await settled();
    expect(server.asked).toEqual(['a leaves']);
    await server.answer();
    expect(server.asked).toEqual(['a leaves', 'b comes']);
    await server.answer();
    expect(await Promise.all([left, came])).toEqual([YES, YES]);
    expect(told(subscribers)).toBe('b');
  });

  it('keep a subscription if one comes before the other leaves', async () => {
    const [subscribers, server] = [new Subscribers<string>(), new Server()];
    await subscribers.subscribe(URI, 'a', yes);
    const came = subscribers.subscribe(URI, 'b', server.ask('b comes'));
    const left = subscribers.unsubscribe(URI, 'a', never);
    await settled();
    await server.answer();
    expect(await Promise.all([came, left])).toEqual([YES, undefined]);
    expect(told(subscribers)).toBe('b');
  });

  it('do not wait for each other over different resources', async () => {
    const [subscribers, server] = [new Subscribers<string>(), new Server()];
    void subscribers.subscribe('x:1', 'a', server.ask('1'));
    void subscribers.subscribe('x:2', 'a', server.ask('2'));
    await settled();
    expect(server.asked).toEqual(['1', '2']);
  });

  it('do not suffer from the failure of the one before', async () => {
    const subscribers = new Subscribers<string>();
    const first = subscribers.subscribe(URI, 'a', broken);
    const second = subscribers.subscribe(URI, 'b', yes);
    await expect(first).rejects.toThrow();
    expect(await second).toBe(YES);
    expect(told(subscribers)).toBe('b');
  });
});

describe('an update', () => {
  it.each([
    ['file:///a', 'file:///a', true],
    ['file:///a', 'file:///a/b', true],
    ['file:///a', 'file:///a/b/c', true],
    ['file:///a/', 'file:///a/b', true],
    ['file:///a', 'file:///ab', false],
    ['file:///a/b', 'file:///a', false],
    ['file:///a/', 'file:///a', false],
    ['file:///a', 'file:///A', false],
    ['note:1', 'note:10', false],
    ['note:1', 'note:1', true],
  ])('for a subscriber to %s comes for %s: %s', async (subscribed, updated, hears) => {
    const subscribers = new Subscribers<string>();
    await subscribers.subscribe(subscribed, 'a', yes);
    expect(told(subscribers, updated)).toBe(hears ? 'a' : '');
  });

  it('reaches each client once, however many of its subscriptions it concerns', async () => {
    const subscribers = new Subscribers<string>();
    for (const uri of ['file:///a', 'file:///a/b', 'file:///c']) {
      await subscribers.subscribe(uri, 'a', yes);
      await subscribers.subscribe(uri, 'b', yes);
    }
    await subscribers.subscribe('file:///c', 'c', yes);
    expect(told(subscribers, 'file:///a/b')).toBe('a b');
    expect(told(subscribers, 'file:///c')).toBe('a b c');
    expect(told(subscribers, 'file:///d')).toBe('');
  });
});

describe('a client with many subscriptions', () => {
  it('is full at 1000, but not for one that it has, and not for others', async () => {
    const subscribers = new Subscribers<string>();
    for (let n = 0; n < 999; n++) await subscribers.subscribe(`x:${n}`, 'a', yes);
    expect(subscribers.full('x:new', 'a')).toBe(false);
    await subscribers.subscribe('x:999', 'a', yes);
    expect([subscribers.full('x:new', 'a'), subscribers.full('x:1', 'a'), subscribers.full('x:new', 'b')]).toEqual([
      true,
      false,
      false,
    ]);
    await subscribers.unsubscribe('x:1', 'a', yes);
    expect(subscribers.full('x:new', 'a')).toBe(false);
  });

  it('is full at 256 KiB of URIs, and a refused one no longer counts', async () => {
    const subscribers = new Subscribers<string>();
    const long = 'x'.repeat(200_000);
    await subscribers.subscribe(long, 'a', no);
    expect(subscribers.full(`${long}y`, 'a')).toBe(false);
    await subscribers.subscribe(long, 'a', yes);
    expect(subscribers.full(`${long}y`, 'a')).toBe(true);
  });
});
