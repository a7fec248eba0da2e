// Which replica serves a request in a session.
import { afterEach, expect, it, vi } from 'vitest';
import type { ReplicaPlace, TakenSession } from '../../../../../src/core/ports/replicas.ts';
import type { Request } from '../../../../../src/downstream/http/contracts.ts';
import { HERE } from '../../../../../src/downstream/http/replicas/away.ts';
import { Elsewhere } from '../../../../../src/downstream/http/replicas/elsewhere.ts';
import type { HopOutcome } from '../../../../../src/downstream/http/replicas/hops.ts';

afterEach(() => void vi.useRealTimers());

const place = (id: string): ReplicaPlace => ({ id, address: '127.0.0.1', port: 1, draining: false });

interface Faked {
  /** The sessions of this replica, which is `own`; each began at the replica before the hyphen in its id. */
  readonly here?: Set<string>;
  readonly busy?: boolean;
  readonly hop?: (to: string) => HopOutcome['kind'] | Promise<HopOutcome['kind']>;
  readonly take?: () => TakenSession;
}

function faked({ here = new Set(), busy = false, hop = () => 'served', take = () => ({ kind: 'none' }) }: Faked) {
  const sent: [string, boolean][] = [];
  const released: string[] = [];
  const elsewhere = new Elsewhere({
    replicas: {
      id: 'own',
      newHandle: () => '',
      homeOf: (handle) => handle.split('-')[0],
      find: async (id) => place(id),
      other: () => place('other'),
      whenGone: () => () => {},
      rendezvous: (key) => (key === 'own' ? undefined : place(key)),
      count: 2,
    },
    records: {
      keep: () => {},
      drop: () => {},
      forget: () => {},
      events: () => ({ append: () => {}, read: async () => [] }),
      release: async (id) => void released.push(id),
      take: async () => take(),
    },
    hops: {
      async send({ id }, _, { moves }) {
        sent.push([id, moves ?? false]);
        return { kind: await hop(id) } as HopOutcome;
      },
      idle: async () => {},
      end: () => {},
    },
    isHere: (session) => here.has(session),
    async release(session) {
      if (busy || !here.has(session)) return false;
      // The store takes a while.
      await new Promise((resolve) => setImmediate(resolve));
      here.delete(session);
      return true;
    },
  });
  return { elsewhere, sent, released };
}

function requesting(session: string, res: { destroyed: boolean } = { destroyed: false }): Request {
  return { req: { headers: { 'mcp-session-id': session } }, res } as unknown as Request;
}

const adopts = async (): Promise<boolean> => true;
const refuses = async (): Promise<boolean> => false;

it('each request at an ending replica follows the session that it has given away', async () => {
  const { elsewhere, sent } = faked({ here: new Set(['own-1']) });
  const both = [1, 2].map(() => elsewhere.inSession(requesting('own-1'), true, adopts));
  expect(await Promise.all(both)).toEqual([undefined, undefined]);
  expect(await elsewhere.inSession(requesting('own-1'), true, adopts)).toBeUndefined();
  expect(sent).toEqual(Array(3).fill(['other', true]));
});

it('a session with calls in flight stays at an ending replica', async () => {
  const { elsewhere, sent } = faked({ here: new Set(['own-1']), busy: true });
  expect(await elsewhere.inSession(requesting('own-1'), true, adopts)).toBe(HERE);
  expect(sent).toEqual([]);
});

it('a session that began here and is with another replica is found there', async () => {
  const { elsewhere, sent } = faked({ take: () => ({ kind: 'elsewhere', replica: 'third' }) });
  expect(await elsewhere.inSession(requesting('own-1'), false, adopts)).toBeUndefined();
  expect(sent).toEqual([['third', false]]);
});

it('a session that no replica has is unknown', async () => {
  const { elsewhere } = faked({ hop: () => 'moved' });
  for (const id of ['own-1', 'other-1']) {
    expect(await elsewhere.inSession(requesting(id), false, adopts)).toMatchObject({ status: 404 });
  }
});

it('a session that cannot go on here is released for other replicas', async () => {
  const take = (): TakenSession => ({ kind: 'taken', record: Buffer.from('{}') });
  const { elsewhere, released } = faked({ hop: () => 'moved', take });
  expect(await elsewhere.inSession(requesting('other-1'), false, refuses)).toMatchObject({ status: 404 });
  expect(released).toEqual(['other-1']);
  expect(await elsewhere.inSession(requesting('other-1'), false, adopts)).toBe(HERE);
  expect(released).toHaveLength(1);
});

it('nothing is sent for a client that has left', async () => {
  const { elsewhere, sent } = faked({});
  const res = { destroyed: false };
  const away = elsewhere.inSession(requesting('other-1', res), false, adopts);
  res.destroyed = true;
  expect(await away).toBeUndefined();
  expect(sent).toEqual([]);
});

it('the patience with a replica counts the time of the attempts', async () => {
  vi.useFakeTimers();
  const hop = (): Promise<'gone'> => new Promise((resolve) => setTimeout(() => resolve('gone'), 5_000));
  const { elsewhere, sent } = faked({ hop });
  const away = elsewhere.inSession(requesting('other-1'), false, adopts);
  await vi.advanceTimersByTimeAsync(25_000);
  expect(await away).toMatchObject({ status: 503 });
  expect(sent.length).toBeLessThanOrEqual(3);
});

it.each([
  ['served', undefined],
  ['gone', HERE],
  ['moved', HERE],
] as const)('a request that others should meet at another replica, which has %s it', async (kind, expected) => {
  const { elsewhere, sent } = faked({ hop: () => kind });
  const request = { req: { headers: {} }, res: { destroyed: false } } as unknown as Request;
  const what = { body: Buffer.alloc(0), ending: false, key: 'third' };
  expect(await elsewhere.post(request, [], what, adopts)).toBe(expected);
  expect(sent).toEqual([['third', false]]);
});

it('a request that others should meet here is served here', () => {
  const { elsewhere, sent } = faked({});
  const request = { req: { headers: {} }, res: { destroyed: false } } as unknown as Request;
  const what = { body: Buffer.alloc(0), ending: false, key: 'own' };
  expect(elsewhere.post(request, [], what, adopts)).toBeUndefined();
  expect(sent).toEqual([]);
});

it('what an ending replica has not passed on is refused at its end', async () => {
  const { elsewhere } = faked({ hop: () => new Promise(() => {}) });
  const away = elsewhere.inSession(requesting('other-1'), true, adopts);
  elsewhere.end();
  expect(await away).toMatchObject({ status: 503 });
});
