import { afterEach, describe, expect, it } from 'vitest';
import { Cancellation } from '../../../../../src/core/cancel.ts';
import type { Frame, Id } from '../../../../../src/core/jsonrpc.ts';
import type { ReplayBuffer } from '../../../../../src/core/ports/replay.ts';
import { NOT_YET } from '../../../../../src/core/ports.ts';
import { EventStream } from '../../../../../src/downstream/http/response/event-stream.ts';
import { Heartbeats } from '../../../../../src/downstream/http/response/heartbeat.ts';
import { positionOf, ResumableStream } from '../../../../../src/downstream/http/sessions/resumable-stream.ts';
import { MemoryReplay, ReplayBudget } from '../../../../../src/state/memory/replay-buffer.ts';
import { Received, settled } from '../response.ts';

const MIB = 1_048_576;

const pulses: Heartbeats[] = [];
afterEach(() => {
  for (const pulse of pulses.splice(0)) pulse.stop();
});

const frame = (text: string): Frame => [Buffer.from(text)];
const TOO_LARGE = `"${'x'.repeat(MIB)}"`;

function channelOf(number = 1, asked: readonly Id[] = [], replay: ReplayBuffer = new MemoryReplay(new ReplayBudget())) {
  const pulse = new Heartbeats();
  pulses.push(pulse);
  const channel = new ResumableStream(number, replay, asked);
  /** A client connects, and says where it wants to go on. */
  const attach = (after?: number, primes = false): Received => {
    const received = new Received();
    channel.attach(new EventStream(received.res, pulse), { after, primes });
    return received;
  };
  const write = (...texts: string[]): void => {
    for (const text of texts) channel.write(frame(text));
  };
  return { channel, replay, attach, write };
}

const ids = (received: Received): (string | undefined)[] => received.events.map(({ id }) => id);

describe('a stream', () => {
  it('carries what is written, each event under an id of its own', () => {
    const { channel, attach, write } = channelOf(7);
    const client = attach();
    expect(channel.open).toBe(true);
    write('"a"', '"b"');
    expect(client.events).toEqual([
      { data: '"a"', type: 'message', id: '7-1' },
      { data: '"b"', type: 'message', id: '7-2' },
    ]);
    expect(client.ended).toBe(false);
  });

  it('ends together with its connection when nothing more comes', async () => {
    const { channel, attach, write } = channelOf();
    const client = attach();
    write('"a"');
    channel.end();
    await settled();
    expect(client.said).toEqual(['"a"']);
    expect(client.ended).toBe(true);
    expect([channel.ended, channel.open]).toEqual([true, false]);
  });

  it.each([
    [0, '3-0'],
    [5, '3-5'],
  ])('begins with an event without data where clients take one: after %d', (after, id) => {
    const client = channelOf(3).attach(after, true);
    expect(client.events).toEqual([{ data: '', type: 'message', id }]);
    expect(client.body.toString()).toMatch(/^retry: \d+$/m);
  });

  it('begins with nothing where they do not', () => {
    expect(channelOf().attach(0, false).body).toHaveLength(0);
  });

  it('has room unless its client reads too slowly, and none to wait for while nobody is there', async () => {
    const { channel, attach } = channelOf();
    expect(channel.room()).toBeUndefined();
    const client = attach();
    expect(channel.room()).toBeUndefined();
    client.line.stall();
    expect(channel.write(frame(`"${'x'.repeat(2 * MIB)}"`))).toBeInstanceOf(Promise);
    const room = channel.room();
    expect(room).toBeInstanceOf(Promise);
    client.line.resumeReading();
    await room;
    expect(channel.room()).toBeUndefined();
  });
});

describe('a client that comes back', () => {
  it('gets what it has missed, and then what is new, under the same ids', async () => {
    const { channel, attach, write } = channelOf();
    const first = attach();
    write('"a"', '"b"');
    await first.cut();
    expect(channel.open).toBe(false);
    write('"c"');
    const second = attach(1);
    write('"d"');
    expect(second.said).toEqual(['"b"', '"c"', '"d"']);
    expect(ids(second)).toEqual(['1-2', '1-3', '1-4']);
    expect(first.said).toEqual(['"a"', '"b"']);
  });

  it('without saying what it has gets what was never written to anybody', async () => {
    const { attach, write } = channelOf();
    write('"before"');
    const first = attach();
    write('"a"');
    await first.cut();
    write('"b"', '"c"');
    const second = attach();
    expect(second.said).toEqual(['"b"', '"c"']);
    await second.cut();
    expect(first.said).toEqual(['"before"', '"a"']);
    expect(attach().said).toEqual([]);
  });

  it('takes the place of its connection before', async () => {
    const { channel, attach, write } = channelOf();
    const first = attach();
    write('"a"');
    const second = attach(1);
    await settled();
    expect(first.ended).toBe(true);
    write('"b"');
    expect(first.said).toEqual(['"a"']);
    expect(second.said).toEqual(['"b"']);
    expect(channel.open).toBe(true);
  });

  it('is told first from where it goes on, where it takes that', async () => {
    const { attach, write } = channelOf();
    const first = attach();
    write('"a"', '"b"');
    await first.cut();
    expect(attach(1, true).events).toEqual([
      { data: '', type: 'message', id: '1-1' },
      { data: '"b"', type: 'message', id: '1-2' },
    ]);
  });

  it('gets nothing of other streams', () => {
    const { replay, attach, write } = channelOf(1);
    const other = new ResumableStream(2, replay);
    write('"a"');
    other.write(frame('"of the other"'));
    write('"b"');
    expect(attach(0).said).toEqual(['"a"', '"b"']);
  });

  it('gets what is left when some of it is not kept any more', () => {
    const { attach, write } = channelOf();
    write('"a"', TOO_LARGE, '"c"');
    const client = attach(0);
    expect(client.said).toEqual(['"a"', '"c"']);
    expect(ids(client)).toEqual(['1-1', '1-3']);
    expect(client.ended).toBe(false);
  });

  it('too late gets all of it, and the end', async () => {
    const { channel, attach, write } = channelOf(1, ['5']);
    const first = attach();
    write('"progress"');
    await first.cut();
    write('"answer"');
    channel.end();
    for (const [after, said] of [
      [0, ['"progress"', '"answer"']],
      [1, ['"answer"']],
      [2, []],
      [9, []],
    ] as const) {
      const client = attach(after);
      await settled();
      expect(client.said, `after ${after}`).toEqual(said);
      expect(client.ended, `after ${after}`).toBe(true);
      expect(channel.open).toBe(false);
    }
  });
});

describe('what waits for a client', () => {
  const TOOLS = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';
  const updated = (uri: string, n = 0): string =>
    `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"${uri}","_meta":{"n":${n}}}}`;
  const log = (n: number): string =>
    `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":${n}}}`;
  const logs = (count: number): string[] => Array.from({ length: count }, (_, n) => log(n));
  const ask = (channel: ResumableStream, n: number, signal = new Cancellation()): Promise<unknown> =>
    (channel.ask(frame(`{"jsonrpc":"2.0","id":${n},"method":"roots/list"}`), signal) ?? Promise.resolve()).then(
      () => 'sent',
      ({ code }) => code,
    );

  it('is one notification of each change, the last one', () => {
    const { attach, write } = channelOf();
    write(TOOLS, updated('a:b', 1), log(1), TOOLS, updated('a:c', 1), updated('a:b', 2), updated('a:b', 3), TOOLS);
    const client = attach();
    expect(client.said).toEqual([TOOLS, updated('a:b', 3), log(1), updated('a:c', 1)]);
    expect(ids(client)).toEqual(['1-1', '1-2', '1-3', '1-4']);
  });

  it('does not replace what was sent, which is repeated as it was', async () => {
    const { attach, write } = channelOf();
    write(TOOLS, updated('a:b', 1), updated('a:b', 2));
    const first = attach();
    write(updated('a:b', 3), updated('a:b', 4));
    await first.cut();
    write(updated('a:b', 5), TOOLS, updated('a:b', 6), TOOLS);
    const second = attach(1);
    expect(second.said).toEqual([2, 3, 4, 6].map((n) => updated('a:b', n)).concat(TOOLS));
    expect(ids(second)).toEqual(['1-2', '1-3', '1-4', '1-5', '1-6']);
    expect(second.events.slice(0, 3)).toEqual(first.events.slice(1));
    await second.cut();
    expect(attach(0).events).toEqual([first.events[0], ...second.events]);
  });

  it('stays while there are too many others, until a client has got it', async () => {
    const { attach, write } = channelOf();
    write(TOOLS, updated('a:b'), '{"jsonrpc":"2.0","id":5,"result":{}}', ...logs(400));
    const client = attach();
    expect(client.said.slice(0, 3)).toEqual([TOOLS, updated('a:b'), '{"jsonrpc":"2.0","id":5,"result":{}}']);
    expect(client.said.slice(3)).toEqual(logs(400).slice(147));
    await client.cut();
    write(...logs(256));
    expect(attach(0).said).toEqual(logs(256));
  });

  it('is told again when the notification before was lost', () => {
    const { attach, write } = channelOf();
    write(TOOLS, ...Array.from({ length: 256 }, (_, n) => updated(`a:${n}`)), TOOLS);
    expect(attach().said.at(-1)).toBe(TOOLS);
  });

  it('is a question that is sent, or else ends with an error', async () => {
    const { channel, attach, write } = channelOf();
    const lost = ask(channel, 1);
    write(...Array.from({ length: 255 }, (_, n) => updated(`a:${n}`)));
    const second = ask(channel, 2);
    expect(await lost).toBe('limit');
    const client = attach();
    expect(await second).toBe('sent');
    expect(await ask(channel, 3)).toBe('sent');
    expect(client.said.slice(-2)).toEqual([2, 3].map((n) => `{"jsonrpc":"2.0","id":${n},"method":"roots/list"}`));
  });

  it('is a question only as long as the server waits for its answer', async () => {
    const { channel, attach, write } = channelOf();
    const signal = new Cancellation();
    const lost = ask(channel, 1, signal);
    signal.abort();
    write(...logs(256));
    expect(await lost).toBe('limit');
    expect(attach().said).toEqual(logs(256));
  });

  it('is a question that ends with an error when it is too large, or its stream is forgotten', async () => {
    const { channel, replay } = channelOf(3);
    const large = channel.ask(frame(TOO_LARGE), new Cancellation());
    await expect(large).rejects.toMatchObject({ code: 'limit' });
    const question = ask(channel, 1);
    replay.forget(3);
    expect(await question).toBe('limit');
  });
});

describe('a buffer of another program, which does not say what it forgets', () => {
  it('does not make a question wait for ever', async () => {
    const replay = Object.assign(new MemoryReplay(new ReplayBudget()), { keep: () => undefined });
    const { channel, write } = channelOf(0, [], replay);
    const asked = channel.ask(frame('{"jsonrpc":"2.0","id":1,"method":"roots/list"}'), new Cancellation());
    const change = (i: number): string =>
      `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///${i}"}}`;
    write(...Array.from({ length: 1_000 }, (_, i) => change(i)));
    await expect(asked).rejects.toThrow(/no stream open/);
  });
});

describe('a buffer that answers later', () => {
  /** A buffer that answers when the test says so, with its content at that time. */
  function laterChannel(asked: readonly Id[] = []) {
    const memory = new MemoryReplay(new ReplayBudget());
    const answers: (() => void)[] = [];
    const replay: ReplayBuffer = {
      keep: (...event) => memory.keep(...event),
      peek: () => NOT_YET,
      read: (stream, after) => new Promise((resolve) => answers.push(() => resolve(memory.peek(stream, after)))),
      forget: (stream) => memory.forget(stream),
      clear: () => memory.clear(),
    };
    const answer = async (): Promise<void> => {
      answers.shift()?.();
      await settled();
    };
    return { ...channelOf(1, asked, replay), memory, answers, answer };
  }

  it('is not asked for a stream that has just begun, nor by a client that has missed nothing', async () => {
    const { attach, write, answers } = laterChannel();
    const first = attach(0);
    write('"a"');
    await first.cut();
    const second = attach(1);
    write('"b"');
    expect([first.said, second.said, answers.length]).toEqual([['"a"'], ['"b"'], 0]);
  });

  it('is waited for by what is sent meanwhile, which comes after it, and once', async () => {
    const { channel, attach, write, answer } = laterChannel();
    write('"a"', '"b"');
    const client = attach(0);
    write('"c"');
    const waiting = channel.write(frame('"d"'));
    expect(client.said).toEqual([]);
    expect(channel.room()).toBe(waiting);
    await answer();
    await waiting;
    write('"e"');
    expect(client.said).toEqual(['"a"', '"b"', '"c"', '"d"', '"e"']);
    expect(ids(client)).toEqual(['1-1', '1-2', '1-3', '1-4', '1-5']);
    expect(channel.room()).toBeUndefined();
  });

  it('is followed by the answer and the end, when those come meanwhile', async () => {
    const { channel, attach, write, answer } = laterChannel(['5']);
    write('"a"');
    const client = attach(0);
    write('"answer"');
    channel.end();
    await answer();
    expect(client.said).toEqual(['"a"', '"answer"']);
    expect([client.ended, channel.open, channel.ended]).toEqual([true, false, true]);
  });

  it('serves the last of several connections only, whichever answer comes first', async () => {
    const { attach, write, answer } = laterChannel();
    write('"a"');
    const before = attach(0);
    const after = attach(0);
    write('"b"');
    await answer();
    expect([before.said, after.said, before.ended]).toEqual([[], [], true]);
    await answer();
    expect([before.said, after.said]).toEqual([[], ['"a"', '"b"']]);
  });

  it('shows nothing to a client that has left, so that the next one still gets it', async () => {
    const { attach, write, answer } = laterChannel();
    write('"a"');
    const first = attach();
    write('"b"');
    await first.cut();
    write('"c"');
    await answer();
    const second = attach();
    await answer();
    expect([first.said, second.said]).toEqual([[], ['"a"', '"b"', '"c"']]);
  });

  it('that has lost the answer is followed by an error for the client that waits', async () => {
    const { channel, memory, attach, write, answer } = laterChannel(['5']);
    write('"answer"');
    channel.end();
    const client = attach(0);
    memory.clear();
    await answer();
    expect(client.said.map((text) => JSON.parse(text))).toMatchObject([{ id: 5, error: { code: -31008 } }]);
    expect(client.ended).toBe(true);
  });
});

describe('an answer that is not kept any more', () => {
  const answersOf = (client: Received) => client.said.map((text) => JSON.parse(text));
  const LOST = { code: -31008, data: { outcome: 'unknown' } };

  it('is answered with an error for each request that waits, because the tool may have run', async () => {
    const { channel, attach } = channelOf(1, ['5', '"six"']);
    const first = attach();
    await first.cut();
    channel.write(frame(TOO_LARGE));
    channel.end();
    const client = attach(0);
    await settled();
    expect(answersOf(client)).toEqual([
      { jsonrpc: '2.0', id: 5, error: expect.objectContaining(LOST) },
      { jsonrpc: '2.0', id: 'six', error: expect.objectContaining(LOST) },
    ]);
    expect(client.ended).toBe(true);
  });

  it('is answered so too after what is left of the stream', async () => {
    const { channel, attach, write } = channelOf(1, ['5']);
    write('"progress"', TOO_LARGE);
    channel.end();
    const client = attach(0);
    await settled();
    expect(client.said[0]).toBe('"progress"');
    expect(answersOf(client)[1]).toMatchObject({ id: 5, error: LOST });
    expect(client.said).toHaveLength(2);
  });

  it('is answered so when newer events of other streams took its place', async () => {
    const { channel, replay, attach, write } = channelOf(1, ['5']);
    write('"answer"');
    channel.end();
    for (let i = 1; i <= 256; i++) replay.keep(2, i, frame('"other"'));
    const client = attach(0);
    await settled();
    expect(answersOf(client)).toEqual([expect.objectContaining({ id: 5, error: expect.objectContaining(LOST) })]);
  });

  it('is no loss to a client that has it', async () => {
    const { channel, attach } = channelOf(1, ['5']);
    channel.write(frame(TOO_LARGE));
    channel.end();
    const client = attach(1);
    await settled();
    expect(client.said).toEqual([]);
    expect(client.ended).toBe(true);
  });

  it('is still to come as long as the stream has not ended', async () => {
    const { attach, write } = channelOf(1, ['5']);
    write(TOO_LARGE);
    const client = attach(0);
    expect(client.said).toEqual([]);
    write('"answer"');
    expect(client.said).toEqual(['"answer"']);
  });
});

describe('Last-Event-ID', () => {
  it.each([
    ['0-0', { stream: 0, sequence: 0 }],
    ['3-17', { stream: 3, sequence: 17 }],
    ['123456789-987654321', { stream: 123_456_789, sequence: 987_654_321 }],
  ])('%s is one of ours', (id, position) => {
    expect(positionOf(id)).toEqual(position);
  });

  it.each([
    '',
    '1',
    '-',
    '1-',
    '-1',
    '1-2-3',
    '1--2',
    'a-b',
    '1-2 ',
    ' 1-2',
    '1_2',
    '1-0x1',
    '1-1e3',
    '1234567890-1',
    '1-1234567890123456',
    '١-٢',
  ])('%j is none', (id) => {
    expect(positionOf(id)).toBeUndefined();
  });
});
