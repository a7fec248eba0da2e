// The work for one message does not depend on what is open: the same steps with few and with many.
import { describe, expect, it, vi } from 'vitest';
import { KeyedList } from '../../../src/core/lists/keyed-list.ts';
import { Subscribers } from '../../../src/layers/sharing/subscribers.ts';
import { Questions } from '../../../src/upstream/streamable/questions.ts';
import { PendingRequests } from '../../../src/wire/pending.ts';
import { ProgressTokens } from '../../../src/wire/progress-tokens.ts';
import { legacyPeer, META, modernClient, type ServerSession } from '../layers/bridge/held/legacy-peer.ts';
import { exchangeOf, result as resultOf } from '../layers/exchanges.ts';
import { call, sharedSession } from '../layers/sharing/shared-clients.ts';
import { request, result, startWire, type Wire } from './peer.ts';
import { stepsOf } from './steps.ts';

const never = new AbortController().signal;
/** Ids whose comparison takes some steps: every spelling of them is the same id. */
const id = (n: number): string => `"${'\\u0061'.repeat(150)}${n}"`;
const cancel = (n: string): string =>
  `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${n}}}`;

/** The steps of one message while so many others are open. */
type Scene = (open: number) => number | Promise<number>;

function wireWith(open: number): Wire {
  const wire = startWire();
  for (let n = 0; n < open; n++) wire.hear(request(id(n)));
  return wire;
}

const scenes: Record<string, Scene> = {
  'a cancellation of what is open': (open) => {
    const wire = wireWith(open);
    wire.hear(cancel(id(0)));
    return stepsOf(() => wire.hear(cancel(id(1)))).all;
  },
  'a cancellation of what is not': (open) => {
    const wire = wireWith(open);
    wire.hear(cancel('"x"'));
    return stepsOf(() => wire.hear(cancel('"y"'))).all;
  },
  'a request and its end': (open) => {
    const wire = wireWith(open);
    wire.hear(cancel('"x"'));
    return stepsOf(() => {
      wire.hear(request('"new"'));
      wire.hear(cancel('"new"'));
    }).all;
  },
  'whether calls are open beside subscriptions': (open) => {
    const wire = startWire();
    for (let n = 0; n < open; n++) wire.hear(request(id(n), 'subscriptions/listen'));
    return stepsOf(() => expect(wire.link.busy).toBe(false)).all;
  },
  'a malformed message': (open) => {
    const wire = wireWith(open);
    wire.hear('{"jsonrpc":"2.0","id":"x","error":1}');
    return stepsOf(() => wire.hear('{"jsonrpc":"2.0","id":"y","error":1}')).all;
  },
  'an answer to us': (open) => {
    const wire = startWire();
    for (let n = 0; n < open; n++) wire.link.ask({ method: 'm' }, never);
    wire.hear(result('1'));
    return stepsOf(() => wire.hear(result('2'))).all;
  },
  'an answer on another stream': (open) => {
    const pending = new PendingRequests();
    for (let n = 0; n < open; n++)
      pending.open(
        { method: 'm' },
        () => {},
        () => {},
      );
    const settle = (n: string): unknown =>
      pending.settle({ kind: 'response', id: n, reply: { result: Buffer.from('{}') } });
    settle('1');
    return stepsOf(() => settle('2')).all;
  },
  'a question that the server withdraws': (open) => {
    const questions = new Questions(async () => {});
    const client = { ...exchangeOf('m').exchange, ask: () => new Promise<never>(() => {}) };
    for (let n = 0; n < open; n++) questions.put(id(n), { method: 'm' }, client);
    const params = Buffer.from(`{"requestId":${id(1)}}`);
    return stepsOf(() => questions.cancel({ method: 'notifications/cancelled', params })).all;
  },
  'progress in a shared session': (open) => {
    const tokens = new ProgressTokens();
    const { exchange } = exchangeOf('m');
    const params = Buffer.from('{"_meta":{"progressToken":"t"}}');
    for (let n = 0; n < open; n++) tokens.replace({ method: 'm', params }, exchange);
    const note = { method: 'notifications/progress', params: Buffer.from('{"progressToken":1,"progress":1}') };
    return stepsOf(() => tokens.pass(note)).all;
  },
  'an update of a resource': async (open) => {
    const subscribers = new Subscribers<string>();
    for (let n = 0; n < open; n++) await subscribers.subscribe(`x:${n}`, `client ${n}`, async () => resultOf('{}'));
    return stepsOf(() => expect(subscribers.to('x:1/part').size).toBe(1)).all;
  },
  'the subscriptions of a client': async (open) => {
    const subscribers = new Subscribers<string>();
    for (let n = 0; n < open; n++) await subscribers.subscribe(`x:${n}`, `client ${n}`, async () => resultOf('{}'));
    return stepsOf(() => expect(subscribers.of('client 1')).toEqual(['x:1'])).all;
  },
  'a level that one of many clients sets': async (open) => {
    const { joined } = sharedSession();
    const clients = [];
    for (let n = 0; n < open; n++) clients.push(await joined());
    const [one] = clients;
    await one?.request('logging/setLevel', { level: 'error' });
    let steps = 0;
    // The first part of it, up to the server, runs within the turn.
    await new Promise<void>((resolve) => {
      steps = stepsOf(() => void one?.request('logging/setLevel', { level: 'alert' }).then(() => resolve())).all;
    });
    return steps;
  },
};

describe('the same steps, however many are open, for', () => {
  it.each(Object.entries(scenes))('%s', async (_, scene) => {
    await scene(3);
    const few = await scene(3);
    expect(few).toBeGreaterThan(0);
    expect(await scene(300)).toBe(few);
  });
});

describe('the keys of ids', () => {
  it('are computed once for each request and once for each cancellation', () => {
    const wire = startWire();
    const steps = stepsOf(() => {
      for (let n = 0; n < 200; n++) wire.hear(request(id(n)));
      for (let n = 0; n < 300; n++) wire.hear(cancel(id(n)));
    });
    expect(wire.link.open).toBe(0);
    expect(steps.of('idKey')).toBe(200 + 300);
  });
});

describe('the level of a log message', () => {
  it('is read once for all clients', async () => {
    const { server, joined } = sharedSession();
    for (let n = 0; n < 20; n++) await (await joined()).request('logging/setLevel', { level: 'debug' });
    const note = call('notifications/message', { level: 'error', data: 'x' });
    expect(stepsOf(() => server().client.notify(note)).of('keptMembers')).toBe(1);
  });

  it('is read once for all calls of the clients of 2026-07-28 that a session with a server carries', async () => {
    const server = legacyPeer({ 'tools/call': () => new Promise(() => {}) });
    const client = modernClient(server);
    const meta = { [`${META}logLevel`]: 'emergency' };
    await client.ask('tools/list');
    for (let n = 0; n < 20; n++) client.send('tools/call', { name: 'a', _meta: meta });
    const session = server.sessions[0] as ServerSession;
    await vi.waitUntil(() => session.requests.filter(({ method }) => method === 'tools/call').length === 20);
    const note = call('notifications/message', { level: 'debug', data: 'x' });
    session.client.notify(note);
    expect(stepsOf(() => session.client.notify(note)).of('severityOf')).toBe(1);
    expect(client.logged.filter((line) => line.includes('log message'))).toHaveLength(2);
  });
});

it('steps are counted, those of loops too', () => {
  const roll = new KeyedList();
  const going = (times: number): number =>
    stepsOf(() => {
      for (let n = 0; n < times; n++) roll.get('x');
    }).of('get');
  expect([going(1), going(7)]).toEqual([1, 7]);
});
