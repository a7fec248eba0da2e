import { describe, expect, it } from 'vitest';
import { Cancelled } from '../../../src/core/exchange.ts';
import { ProxyError } from '../../../src/errors.ts';
import { nth, request, result, settled, startWire } from './peer.ts';

const never = new AbortController().signal;

describe('requests of the other end', () => {
  it.each(['0', '"0"', '-1', '1e3', '1.5', '""', '"a\\u0062\\"c"', '12345678901234567890'])(
    'are answered under their own id %s, once',
    async (id) => {
      const wire = startWire();
      wire.hear(request(id));
      nth(wire, 0).answer('{"n":1.0}');
      nth(wire, 0).fail(new Error('late'));
      await settled();
      expect(wire.written).toEqual([result(id, '{"n":1.0}')]);
      expect(wire.link.busy).toBe(false);
    },
  );

  it('with ids that differ by type only do not disturb each other', async () => {
    const wire = startWire();
    for (const id of ['0', '"0"', '1', '"1"']) wire.hear(request(id));
    for (const i of [2, 0, 3, 1]) nth(wire, i).answer(`${i}`);
    await settled();
    expect(wire.written).toEqual([result('1', '2'), result('0', '0'), result('"1"', '3'), result('"0"', '1')]);
  });

  it('with the same id twice are both answered', async () => {
    const wire = startWire();
    wire.hear(request('1'));
    wire.hear(request('1'));
    nth(wire, 1).answer('"second"');
    nth(wire, 0).answer('"first"');
    await settled();
    expect(wire.written.sort()).toEqual([result('1', '"first"'), result('1', '"second"')]);
  });

  it('that fail are answered with the error', async () => {
    const wire = startWire();
    for (const id of ['1', '2', '3']) wire.hear(request(id));
    nth(wire, 0).answerError('{"code":7,"message":"theirs"}');
    nth(wire, 1).fail(new ProxyError('timeout', 'too slow', { hint: 'wait' }));
    nth(wire, 2).fail(new TypeError('bug'));
    await settled();
    expect(wire.written.map((line) => JSON.parse(line))).toMatchObject([
      { id: 1, error: { code: 7, message: 'theirs' } },
      { id: 2, error: { code: -31002, message: 'too slow (wait)' } },
      { id: 3, error: { code: -32603 } },
    ]);
  });

  it('that wait are bounded in bytes, and an answer makes room', async () => {
    const wire = startWire();
    const large = `,"params":{"text":"${'x'.repeat(50 * 1_048_576)}"}`;
    for (const id of ['1', '2', '3']) wire.hear(request(id, 'm', large));
    expect(wire.reached).toHaveLength(2);
    expect(JSON.parse(wire.written[0] ?? '')).toMatchObject({ id: 3, error: { code: -31008 } });
    nth(wire, 0).answer('{}');
    await settled();
    wire.hear(request('4', 'm', large));
    expect(wire.reached).toHaveLength(3);
  });

  it('that are malformed get an Invalid Request, under their id if there is one', () => {
    const wire = startWire();
    wire.hear('{"jsonrpc":"2.0","id":7,"method":1}');
    wire.hear('{"jsonrpc":"2.0"}');
    expect(wire.written.map((line) => JSON.parse(line))).toMatchObject([
      { id: 7, error: { code: -32600 } },
      { id: null, error: { code: -32600 } },
    ]);
  });

  it('make it busy until the last one is answered, and idle tells when', async () => {
    const wire = startWire();
    await wire.link.idle();
    wire.hear(request('1'));
    wire.hear(request('2'));
    let idle = false;
    const waiting = wire.link.idle().then(() => {
      idle = true;
    });
    nth(wire, 0).answer('{}');
    await settled();
    expect([wire.link.busy, idle]).toEqual([true, false]);
    nth(wire, 1).answer('{}');
    await waiting;
    expect(wire.link.busy).toBe(false);
  });

  it('beyond any sensible number are refused, not stored', () => {
    const wire = startWire();
    for (let id = 1; id <= 10_001; id++) wire.hear(request(String(id)));
    expect(wire.reached).toHaveLength(10_000);
    expect(wire.written.map((line) => JSON.parse(line))).toMatchObject([{ id: 10_001, error: { code: -31008 } }]);
  });
});

describe('requests of ours', () => {
  it('and requests of the other end may have the same ids', async () => {
    const wire = startWire();
    const asked = wire.link.ask({ method: 'ours' }, never);
    const id = (JSON.parse(wire.written[0] as string) as { id: number }).id;
    wire.hear(request(String(id), 'theirs'));
    expect(nth(wire, 0).exchange.call.method).toBe('theirs');
    wire.hear(result(String(id), '"for us"'));
    expect(await asked).toEqual({ result: Buffer.from('"for us"') });
    nth(wire, 0).answer('"for them"');
    await settled();
    expect(wire.written[1]).toBe(result(String(id), '"for them"'));
  });

  it('are matched by the numbers that their ids spell', async () => {
    const wire = startWire();
    const first = wire.link.ask({ method: 'a' }, never);
    const second = wire.link.ask({ method: 'b', params: Buffer.from('{"x":1.0}') }, never);
    expect(wire.written).toEqual([
      '{"jsonrpc":"2.0","id":1,"method":"a"}',
      '{"jsonrpc":"2.0","id":2,"method":"b","params":{"x":1.0}}',
    ]);
    for (const id of ['"01"', '" 1"', '"one"', '"0x1"', '1.5', '"null"', '3', '0', '-1']) wire.hear(result(id, '"no"'));
    wire.hear(result('null', '"no id"'));
    wire.hear('{"jsonrpc":"2.0","id":2.0,"error":{"code":5,"message":"m"}}');
    wire.hear(result('1', '"one"'));
    wire.hear(result('1', '"again"'));
    expect(await second).toEqual({ error: Buffer.from('{"code":5,"message":"m"}') });
    expect(await first).toEqual({ result: Buffer.from('"one"') });
    expect(wire.written).toHaveLength(2);
  });

  it('are cancelled by their signal, with what the asker said', async () => {
    const wire = startWire();
    const abort = new AbortController();
    const asked = wire.link.ask({ method: 'a' }, abort.signal);
    const call = {
      method: 'notifications/cancelled',
      params: Buffer.from('{"requestId":"their id","reason":"too \\u0073low","n":1.0}'),
    };
    const reason = new Cancelled(call);
    abort.abort(reason);
    await expect(asked).rejects.toBe(reason);
    expect(wire.written[1]).toBe(
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"too \\u0073low","n":1.0}}',
    );
    wire.hear(result('1', '"late"'));
    expect(wire.written).toHaveLength(2);
  });

  it('that were cancelled before are never sent', async () => {
    const wire = startWire();
    const abort = new AbortController();
    abort.abort(new Cancelled());
    await expect(wire.link.ask({ method: 'a' }, abort.signal)).rejects.toBeInstanceOf(Cancelled);
    expect(wire.written).toEqual([]);
  });

  it('that were answered cannot be cancelled any more', async () => {
    const wire = startWire();
    const abort = new AbortController();
    const asked = wire.link.ask({ method: 'a' }, abort.signal);
    wire.hear(result('1'));
    await asked;
    abort.abort(new Cancelled());
    await settled();
    expect(wire.written).toHaveLength(1);
  });

  it.each(['null', '"oops"', '{}', '{"message":"no code"}', '{"code":"-1","message":"m"}', '{"code":-1}'])(
    'fail when what came for an answer is none, and nothing is written: error %s',
    async (error) => {
      const wire = startWire();
      const asked = wire.link.ask({ method: 'a' }, never);
      const other = wire.link.ask({ method: 'b' }, never);
      wire.hear(`{"jsonrpc":"2.0","id":1.0,"error":${error}}`);
      await expect(asked).rejects.toMatchObject({ code: 'failed', message: expect.stringContaining('malformed') });
      wire.hear(result('1', '"late"'));
      wire.hear(result('2', '"fine"'));
      expect(await other).toEqual({ result: Buffer.from('"fine"') });
      expect(wire.written).toHaveLength(2);
    },
  );

  it('are not touched by a malformed answer to something else, of which the other end is told', async () => {
    const wire = startWire();
    const asked = [wire.link.ask({ method: 'a' }, never), wire.link.ask({ method: 'b' }, never)];
    // An error under the id of this one would count as its answer.
    wire.hear(request('"x"'));
    const strays: [string, unknown][] = [
      ['"x"', null],
      ['"\\u0078"', null],
      ['3', 3],
      ['"3"', '3'],
      ['null', null],
      ['{"a":1}', null],
    ];
    for (const [id] of strays) wire.hear(`{"jsonrpc":"2.0","id":${id},"error":{}}`);
    expect(wire.link.busy).toBe(true);
    expect(wire.written.slice(2).map((line) => JSON.parse(line))).toEqual(
      strays.map(([, id]) => ({ jsonrpc: '2.0', id, error: { code: -32600, message: expect.any(String) } })),
    );
    wire.hear(result('1', '"fine"'));
    wire.hear(result('2', '"fine"'));
    expect(await Promise.all(asked)).toEqual([{ result: Buffer.from('"fine"') }, { result: Buffer.from('"fine"') }]);
  });

  it('fail when the wire does not take them', async () => {
    const broken = new Error('wire is broken');
    const wire = startWire(() => Promise.reject(broken));
    await expect(wire.link.ask({ method: 'a' }, never)).rejects.toBe(broken);
  });
});

describe('notifications', () => {
  it('go to the handler, and ours to the wire', () => {
    const wire = startWire();
    wire.hear('{"jsonrpc":"2.0","method":"n","params":{"a":1.0},"x":1}');
    expect(wire.notified).toEqual([{ method: 'n', params: Buffer.from('{"a":1.0}'), extra: Buffer.from('"x":1') }]);
    wire.link.notify({ method: 'p', params: Buffer.from('[]') });
    expect(wire.written).toEqual(['{"jsonrpc":"2.0","method":"p","params":[]}']);
  });

  it('tell when the wire is full', async () => {
    const room = Promise.resolve();
    expect(startWire(() => room).link.notify({ method: 'n' })).toBe(room);
    expect(startWire().link.notify({ method: 'n' })).toBeUndefined();
  });

  it('of an exchange reach the end that asked, until it is over', async () => {
    const wire = startWire();
    wire.hear(request('1'));
    const { exchange, answer } = nth(wire, 0);
    exchange.notify({ method: 'progress' });
    answer('{}');
    await settled();
    exchange.notify({ method: 'late' });
    expect(wire.written).toEqual(['{"jsonrpc":"2.0","method":"progress"}', result('1')]);
  });

  it('an exchange can ask back, and the answer to that is its own', async () => {
    const wire = startWire();
    wire.hear(request('1'));
    const { exchange, answer } = nth(wire, 0);
    const asked = exchange.ask({ method: 'elicitation/create' }, never);
    wire.hear(result('1', '{"action":"accept"}'));
    expect(await asked).toEqual({ result: Buffer.from('{"action":"accept"}') });
    answer('"done"');
    await settled();
    expect(wire.written).toEqual(['{"jsonrpc":"2.0","id":1,"method":"elicitation/create"}', result('1', '"done"')]);
  });
});

describe('the end', () => {
  const gone = new ProxyError('failed', 'over');

  it('answers what is open, cancels it, and rejects what was asked', async () => {
    const wire = startWire();
    const asked = wire.link.ask({ method: 'a' }, never);
    wire.hear(request('7'));
    wire.hear(request('"7"'));
    wire.link.destroy(gone);
    await expect(asked).rejects.toBe(gone);
    nth(wire, 0).answer('{}');
    await settled();
    expect(wire.written.slice(1).map((line) => JSON.parse(line))).toMatchObject([
      { id: 7, error: { code: -31003 } },
      { id: '7', error: { code: -31003 } },
    ]);
    expect(wire.reached.every(({ exchange }) => exchange.signal.reason instanceof Cancelled)).toBe(true);
    await wire.link.idle();
  });

  it('ends a subscription with its result, under its id', async () => {
    const wire = startWire();
    wire.hear(request('"a"', 'subscriptions/listen'));
    wire.link.destroy(gone);
    await settled();
    const _meta = { 'io.modelcontextprotocol/subscriptionId': 'a' };
    expect(wire.written.map((line) => JSON.parse(line))).toEqual([
      { jsonrpc: '2.0', id: 'a', result: { resultType: 'complete', _meta } },
    ]);
    expect(nth(wire, 0).exchange.signal.aborted).toBe(true);
  });

  it('is final: later requests are answered at once, and nothing is asked', async () => {
    const wire = startWire();
    wire.link.destroy(gone);
    wire.link.destroy(new ProxyError('timeout', 'another reason'));
    wire.hear(request('1'));
    expect(wire.written.map((line) => JSON.parse(line))).toMatchObject([
      { id: 1, error: { code: -31003, message: 'over' } },
    ]);
    expect(wire.reached).toEqual([]);
    await expect(wire.link.ask({ method: 'a' }, never)).rejects.toBe(gone);
  });

  it('survives a wire that takes nothing more', async () => {
    const wire = startWire(() => Promise.reject(new Error('closed')));
    wire.hear(request('1'));
    wire.link.destroy(gone);
    await settled();
    expect(wire.link.busy).toBe(false);
  });
});
