// What a replica keeps of the sessions of its clients for others, and how it goes on with theirs.
import { afterAll, expect, it, vi } from 'vitest';
import type { Exchange, Session } from '../../../../../src/core/exchange.ts';
import type { Reply } from '../../../../../src/core/jsonrpc.ts';
import type { SessionRecords } from '../../../../../src/core/ports/replicas.ts';
import { Budget, BYTES } from '../../../../../src/downstream/http/body-budget.ts';
import type { HttpSession, Posted } from '../../../../../src/downstream/http/contracts.ts';
import { Heartbeats } from '../../../../../src/downstream/http/response/heartbeat.ts';
import { LegacyClients } from '../../../../../src/downstream/http/sessions/legacy-clients.ts';
import { memoryReplays } from '../../../../../src/state/memory/replay-buffer.ts';
import { memorySessions } from '../../../../../src/state/memory/sessions.ts';
import { readFrame } from '../../../../../src/wire/frames.ts';
import { Received, settled } from '../response.ts';

const LOG = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const INITIALIZE = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}';
const AGREED: Reply = { result: Buffer.from('{"protocolVersion":"2025-11-25","capabilities":{}}') };
const RECORD = Buffer.from(
  JSON.stringify({
    base: '',
    calls: [
      ['initialize', '{"protocolVersion":"2025-11-25"}'],
      ['resources/subscribe', '{"uri":"a:1"}'],
      ['resources/subscribe', '{"uri":"a:2"}'],
    ],
    streams: [],
  }),
);

const pulse = new Heartbeats();
afterAll(() => pulse.stop());

function start() {
  /** The calls that the server has not answered yet. */
  const asked: { readonly exchange: Exchange; answer(reply: Reply): void }[] = [];
  const server: Session = {
    established: true,
    era: undefined,
    request: (exchange) => new Promise((answer) => asked.push({ exchange, answer })),
    notify: () => undefined,
    close: async () => {},
    destroy: () => {},
  };
  const kept = new Map<string, Buffer>();
  const records: SessionRecords = {
    keep: (id, record) => void kept.set(id, record() ?? Buffer.alloc(0)),
    drop: (id) => void kept.delete(id),
    forget: (id) => void kept.delete(id),
    events: () => ({ append: () => {}, read: async () => [] }),
    release: async () => {},
    take: async () => ({ kind: 'none' }),
  };
  const sessions = memorySessions<HttpSession>({ max: 10, idle: 600_000 });
  const replays = memoryReplays();
  const options = { sessions, replays, records, log: LOG, pulse, bytes: new Budget(BYTES) };
  const clients = new LegacyClients(options, { open: () => server, stateless: () => server, keeps: () => 'nothing' });
  const received = new Received();
  const { res } = received;
  const request = { req: res.req, res, forwarded: {}, base: '', hopped: false, size: 100 } as Posted;
  return { asked, kept, sessions, clients, received, request };
}

const opened = (): ReturnType<typeof start> => {
  const all = start();
  all.clients.post(all.request, readFrame(Buffer.from(INITIALIZE)));
  return all;
};

it('a session is kept once the server has opened it', async () => {
  const { asked, kept } = opened();
  expect(kept.size).toBe(0);
  asked[0]?.answer(AGREED);
  await settled();
  expect(kept.size).toBe(1);
});

it('nothing is kept of a session whose client has left before it could know it', async () => {
  const { asked, kept, sessions, received } = opened();
  received.res.destroy();
  received.res.emit('close');
  expect(sessions.size).toBe(0);
  asked[0]?.answer(AGREED);
  await settled();
  expect(kept.size).toBe(0);
});

it('a session goes on before the server has taken all of its settings again', async () => {
  const { asked, clients, request } = start();
  const adopted = clients.adopt(request, 'session', RECORD);
  asked[0]?.answer(AGREED);
  expect(await adopted).toBe(true);
  await settled();
  expect(asked.map(({ exchange }) => exchange.call.method)).toEqual(['initialize', 'resources/subscribe']);
  asked[1]?.answer({ result: Buffer.from('{}') });
  await settled();
  expect(String(asked[2]?.exchange.call.params)).toBe('{"uri":"a:2"}');
});

it('a session does not go on, and is not waited for, when the server does not answer', async () => {
  vi.useFakeTimers();
  try {
    const { asked, clients, sessions, request } = start();
    const adopted = clients.adopt(request, 'session', RECORD);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await adopted).toBe(false);
    expect(asked[0]?.exchange.signal.aborted).toBe(true);
    expect(sessions.size).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
