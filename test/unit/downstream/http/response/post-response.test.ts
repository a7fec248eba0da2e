import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Frame } from '../../../../../src/core/jsonrpc.ts';
import type { Accepts } from '../../../../../src/downstream/http/accept.ts';
import { Heartbeats, type HeartbeatTarget } from '../../../../../src/downstream/http/response/heartbeat.ts';
import { PostResponse, type StreamStart } from '../../../../../src/downstream/http/response/post-response.ts';
import { Received, settled } from '../response.ts';

const MIB = 1_048_576;
const ANSWER = '{"jsonrpc":"2.0","id":1,"result":{"text":"é世🧪"}}';
const NOTE = '{"jsonrpc":"2.0","method":"notifications/progress"}';

const frame = (...parts: string[]): Frame => parts.map((part) => Buffer.from(part));

/** A pulse whose streams can be seen. */
class WatchedPulse extends Heartbeats {
  readonly beating = new Set<HeartbeatTarget>();

  override add(one: HeartbeatTarget): void {
    this.beating.add(one);
    super.add(one);
  }

  override delete(one: HeartbeatTarget): void {
    this.beating.delete(one);
    super.delete(one);
  }
}

let pulse: WatchedPulse;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  pulse = new WatchedPulse();
});
afterEach(() => {
  pulse.stop();
  vi.useRealTimers();
});

/** A POST that waits for its answer, and the beginning of its stream if it became one. */
function posted(accepts: Accepts, before?: Received) {
  const received = new Received(before);
  const streams: StreamStart[] = [];
  const response = new PostResponse(received.res, accepts, pulse, {
    headers: ['mcp-session-id', 'session-1'],
    lane: (stream, beginning) => {
      streams.push(beginning);
      return {
        write: (written) => stream.write(written),
        room: () => stream.room(),
        end: () => stream.end(),
      };
    },
  });
  return { received, response, streams };
}

describe('an answer that comes first', () => {
  it.each(['both', 'json'] as const)('is JSON for a client that accepts %s', async (accepts) => {
    const { received, response, streams } = posted(accepts);
    expect(response.connected).toBe(true);
    response.answer(frame(ANSWER), 200);
    await settled();
    expect(received.status).toBe(200);
    expect(received.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(ANSWER)),
      'mcp-session-id': 'session-1',
    });
    expect(received.body.toString()).toBe(ANSWER);
    expect(received.ended).toBe(true);
    expect(streams).toEqual([]);
  });

  it.each([400, 404, 502, 503])('has its status: %d', async (status) => {
    const { received, response } = posted('both');
    response.answer(frame(ANSWER), status);
    await settled();
    expect(received.status).toBe(status);
    expect(received.body.toString()).toBe(ANSWER);
  });

  it('leaves together with its headers when it is small', async () => {
    const { received, response } = posted('both');
    response.answer(frame(ANSWER), 200);
    await settled();
    expect(received.line.chunks).toHaveLength(1);
  });

  it.each<[string, Frame]>([
    ['large', frame(`"${'é'.repeat(MIB)}"`)],
    ['in parts', frame('{"a":', '"é"', '}')],
    ['large, and in parts', frame('"', 'x'.repeat(MIB), '世'.repeat(100_000), '"')],
  ])('arrives as it was when it is %s', async (_, answer) => {
    const { received, response } = posted('json');
    response.answer(answer, 200);
    await settled();
    expect(received.body.equals(Buffer.concat(answer))).toBe(true);
    expect(received.headers['content-length']).toBe(String(Buffer.concat(answer).length));
    expect(received.ended).toBe(true);
  });

  it('is the end: nothing is streamed after it', async () => {
    const { received, response, streams } = posted('both');
    response.answer(frame(ANSWER), 200);
    await settled();
    const { text } = received;
    expect(response.streams).toBe(false);
    response.slow();
    vi.advanceTimersByTime(120_000);
    expect(streams).toEqual([]);
    expect(received.text).toBe(text);
  });
});

describe('the headers', () => {
  it('are left out once they are no longer true', async () => {
    const { received, response } = posted('both');
    response.dropHeaders();
    response.answer(frame(ANSWER), 200);
    await settled();
    expect(received.headers).not.toHaveProperty('mcp-session-id');
    expect(received.body.toString()).toBe(ANSWER);
  });

  it('and the stream are as they come where nothing else was asked for', async () => {
    const received = new Received();
    const response = new PostResponse(received.res, 'both', pulse);
    response.write(frame(NOTE));
    response.answer(frame(ANSWER), 200);
    await settled();
    expect(received.said).toEqual([NOTE, ANSWER]);
    expect(received.headers).not.toHaveProperty('mcp-session-id');
  });
});

it.each<[string, (response: PostResponse) => void]>([
  ['the answer', (response) => response.answer(frame(ANSWER), 200)],
  ['an end without an answer', (response) => response.none()],
])('%s is the end, also of a stream', (_, end) => {
  const { response } = posted('both');
  response.write(frame(NOTE));
  expect([response.done, response.streams]).toEqual([false, true]);
  end(response);
  expect([response.done, response.streams]).toEqual([true, false]);
});

describe('a stream', () => {
  it('is what the response becomes when something comes before the answer', async () => {
    const { received, response, streams } = posted('both');
    expect(response.streams).toBe(true);
    response.write(frame(NOTE));
    expect(received.said).toEqual([NOTE]);
    expect(received.ended).toBe(false);
    expect(response.streams).toBe(true);
    response.write(frame(NOTE));
    // A status that was sent cannot be changed.
    response.answer(frame(ANSWER), 404);
    await settled();
    expect(received.status).toBe(200);
    expect(received.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'mcp-session-id': 'session-1',
    });
    expect(received.said).toEqual([NOTE, NOTE, ANSWER]);
    expect(received.ended).toBe(true);
    expect(streams).toEqual(['message']);
  });

  it('is what the response is from the start for a client that accepts only streams', async () => {
    const { received, response, streams } = posted('events');
    expect(received.headers['content-type']).toBe('text/event-stream');
    expect(streams).toEqual(['silence']);
    response.answer(frame(ANSWER), 200);
    await settled();
    expect(received.said).toEqual([ANSWER]);
    expect(received.ended).toBe(true);
  });

  it('is never opened for a client that accepts only JSON, however long the answer takes', async () => {
    const { received, response, streams } = posted('json');
    expect(response.streams).toBe(false);
    response.slow();
    vi.advanceTimersByTime(120_000);
    expect(received.text).toBe('');
    response.answer(frame(ANSWER), 200);
    await settled();
    expect(received.body.toString()).toBe(ANSWER);
    expect(streams).toEqual([]);
  });

  it('is what it becomes when the answer takes its time, so that gateways see that somebody is there', async () => {
    const { received, response, streams } = posted('both');
    vi.advanceTimersByTime(9_000);
    expect(received.text).toBe('');
    vi.advanceTimersByTime(6_000);
    expect(streams).toEqual(['silence']);
    expect(received.headers['content-type']).toBe('text/event-stream');
    expect(received.body).toHaveLength(0);
    vi.advanceTimersByTime(20_000);
    expect(received.body.toString()).toMatch(/^:\n\n$/);
    vi.advanceTimersByTime(60_000);
    expect(received.body.toString()).toMatch(/^(:\n\n){4,5}$/);
    expect(received.events).toEqual([]);
    response.answer(frame(ANSWER), 200);
    await settled();
    expect(received.said).toEqual([ANSWER]);
    const { text } = received;
    vi.advanceTimersByTime(60_000);
    expect(received.text).toBe(text);
  });

  it('is what it becomes as soon as somebody knows that it will take time; once', () => {
    const { response, streams } = posted('both');
    response.slow();
    response.slow();
    vi.advanceTimersByTime(60_000);
    expect(streams).toEqual(['silence']);
  });

  it('is counted as long as it is open', async () => {
    const one = posted('both');
    const two = posted('events');
    expect(pulse.streams).toBe(1);
    one.response.slow();
    expect(pulse.streams).toBe(2);
    one.response.answer(frame(ANSWER), 200);
    await settled();
    expect(pulse.streams).toBe(1);
    await two.received.cut();
    expect(pulse.streams).toBe(0);
  });

  it('has room unless its reader is slow', async () => {
    const { received, response } = posted('both');
    expect(response.room()).toBeUndefined();
    received.line.stall();
    expect(response.write(frame(`"${'x'.repeat(2 * MIB)}"`))).toBeInstanceOf(Promise);
    const room = response.room();
    expect(room).toBeInstanceOf(Promise);
    received.line.resumeReading();
    await room;
    expect(response.room()).toBeUndefined();
  });
});

describe('a request that was cancelled', () => {
  it('ends with an empty stream where there is none yet', async () => {
    const { received, response } = posted('both');
    response.none();
    await settled();
    expect(received.status).toBe(200);
    expect(received.headers['content-type']).toBe('text/event-stream');
    expect(received.events).toEqual([]);
    expect(received.ended).toBe(true);
  });

  it('ends with its stream', async () => {
    const { received, response, streams } = posted('both');
    response.write(frame(NOTE));
    response.none();
    await settled();
    expect(received.said).toEqual([NOTE]);
    expect(received.ended).toBe(true);
    expect(streams).toHaveLength(1);
  });

  it('gets an empty response if the client accepts only JSON', async () => {
    const { received, response } = posted('json');
    response.none();
    await settled();
    expect(received.status).toBe(202);
    expect(received.body).toHaveLength(0);
    expect(received.ended).toBe(true);
  });
});

describe('a client that is gone', () => {
  it.each(['both', 'json'] as const)('gets nothing, and nothing breaks: %s', async (accepts) => {
    const { received, response, streams } = posted(accepts);
    await received.cut();
    expect(response.connected).toBe(false);
    expect(response.streams).toBe(false);
    response.slow();
    vi.advanceTimersByTime(60_000);
    response.answer(frame(ANSWER), 200);
    response.none();
    await settled();
    expect(received.text).toBe('');
    expect(streams).toEqual([]);
  });

  it('leaves its stream to the session, which keeps the events', async () => {
    const { received, response } = posted('both');
    response.write(frame(NOTE));
    await received.cut();
    expect(response.streams).toBe(true);
    response.answer(frame(ANSWER), 200);
    await settled();
    expect(received.said).toEqual([NOTE]);
  });
});

describe('what is looked at from time to time', () => {
  it.each<[string, Accepts, (response: PostResponse) => void]>([
    ['it has its answer', 'both', (response) => response.answer(frame(ANSWER), 200)],
    ['it has its answer, as JSON', 'json', (response) => response.answer(frame(ANSWER), 200)],
    ['it has its answer, as an event', 'events', (response) => response.answer(frame(ANSWER), 200)],
    ['it was cancelled', 'both', (response) => response.none()],
    ['it was cancelled, and takes only JSON', 'json', (response) => response.none()],
  ])('is no response any more once %s', async (_, accepts, end) => {
    const { response } = posted(accepts);
    expect(pulse.beating.size).toBe(1);
    end(response);
    await settled();
    expect(pulse.beating.size).toBe(0);
  });

  it('is no response any more whose client was gone before the answer', async () => {
    const { received, response } = posted('both');
    await received.cut();
    response.answer(frame(ANSWER), 200);
    expect(pulse.beating.size).toBe(0);
  });

  it('is the stream in the place of its response', () => {
    const { response } = posted('both');
    response.slow();
    expect(pulse.beating.size).toBe(1);
    expect([...pulse.beating]).not.toContain(response);
  });
});

describe('answers that wait for all clients together to read them', () => {
  const LARGE = Buffer.alloc(30 * MIB, 'x');
  const large = (id: number): Frame => [...frame(`{"jsonrpc":"2.0","id":${id},"result":"`), LARGE, ...frame('"}')];
  /** So many of them are not too much. */
  const FIT = 8;

  /** As JSON, on a stream from the beginning, and on one that began with a message. */
  const WAYS = ['json', 'events', 'both'] as const;

  /** A client that does not read its answer. */
  function unread(accepts: Accepts, id: number, written = large(id)) {
    const { received, response } = posted(accepts);
    received.line.stall();
    if (accepts === 'both') response.write(frame(NOTE));
    response.answer(written, 200);
    return received;
  }
  const begins = async (received: Received): Promise<string> => {
    received.line.resumeReading();
    await settled();
    return received.text.slice(0, 2_000);
  };

  it.each(WAYS)('are errors beyond a limit, and answers again when one has left: %s', async (accepts) => {
    const [first, ...others] = Array.from({ length: FIT }, (_, i) => unread(accepts, i));
    const refused = [unread(accepts, 90), unread(accepts, 91)];
    // A small one always has room.
    const small = unread(accepts, 92, frame(ANSWER));
    expect(await begins(small)).toContain('"id":1,"result"');
    expect(await begins(first as Received)).toContain('"id":0,"result"');
    const after = unread(accepts, 93);
    for (const [i, received] of refused.entries()) {
      const text = await begins(received);
      expect(text).toContain(`{"jsonrpc":"2.0","id":${90 + i},"error":{"code":-31008,`);
      expect(text).toContain('"outcome":"unknown"');
      expect(received.ended).toBe(true);
    }
    for (const [i, received] of others.entries()) expect(await begins(received)).toContain(`"id":${i + 1},"result"`);
    expect(await begins(after)).toContain('"id":93,"result"');
  });

  it.each(WAYS)('cut off a client whose answers no single error can replace: %s', (accepts) => {
    for (let id = 0; id < FIT; id++) unread(accepts, id);
    const batch: Frame = [Buffer.concat([Buffer.from('['), LARGE])];
    expect(unread(accepts, 90, batch).res.destroyed).toBe(true);
  });

  it.each(WAYS)('no longer count when their client has gone: %s', async (accepts) => {
    const gone = Array.from({ length: FIT }, (_, i) => unread(accepts, i));
    for (const { res } of gone) res.emit('close');
    expect(await begins(unread(accepts, 90))).toContain('"id":90,"result"');
  });
});

describe('large answers that wait for one another on a connection', () => {
  const LARGE: Frame = [Buffer.alloc(33 * MIB, 'x')];

  it('are kept up to a limit, beyond which a client that does not read is cut off', () => {
    const first = posted('json');
    first.received.line.stall();
    first.response.answer(LARGE, 200);
    posted('json', first.received).response.answer(LARGE, 200);
    expect(first.received.line.destroyed).toBe(false);
    posted('json', first.received).response.answer(LARGE, 200);
    expect(first.received.line.destroyed).toBe(true);
  });

  it('count for their own connection only', () => {
    const connections = [1, 2, 3, 4].map(() => {
      const { received, response } = posted('json');
      received.line.stall();
      response.answer(LARGE, 200);
      return received.line;
    });
    expect(connections.map(({ destroyed }) => destroyed)).toEqual([false, false, false, false]);
  });

  it('do not count any more once they have left', async () => {
    const first = posted('json');
    first.received.line.stall();
    first.response.answer(LARGE, 200);
    posted('json', first.received).response.answer(LARGE, 200);
    first.received.line.resumeReading();
    await settled();
    expect(first.received.ended).toBe(true);
    posted('json', first.received).response.answer(LARGE, 200);
    expect(first.received.line.destroyed).toBe(false);
  });
});
