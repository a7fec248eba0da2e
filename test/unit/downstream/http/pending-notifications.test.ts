import { describe, expect, it } from 'vitest';
import type { Session } from '../../../../src/core/exchange.ts';
import type { Call, Message } from '../../../../src/core/jsonrpc.ts';
import { Backlog, NOT_TAKEN } from '../../../../src/downstream/http/pending-notifications.ts';
import { settled } from './response.ts';

const MIB = 1_048_576;
const NOTE: Call = { method: 'notifications/progress', params: Buffer.from('{}') };

/** A server that accepts notifications when the test says so. */
class Server implements Session {
  readonly established = true;
  readonly era = 'legacy';
  readonly told: Call[] = [];
  readonly #waiting: (() => void)[] = [];
  quick = false;

  notify(call: Call): Promise<void> | undefined {
    this.told.push(call);
    return this.quick ? undefined : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Accepts the oldest ones that wait. */
  async take(count: number): Promise<void> {
    for (const resolve of this.#waiting.splice(0, count)) resolve();
    await settled();
  }

  request(): Promise<never> {
    return Promise.reject(new Error('nobody asks here'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): void {}
}

function tell(backlog: Backlog, server: Server, count: number, call: Call = NOTE): void {
  for (let i = 0; i < count; i++) backlog.tell(server, call);
}

describe('a backlog', () => {
  it('passes every notification on as it is', () => {
    const [backlog, server] = [new Backlog(), new Server()];
    tell(backlog, server, 1);
    expect(server.told).toHaveLength(1);
    expect(server.told[0]).toBe(NOTE);
  });

  it('is full at 1000 notifications that were not taken', async () => {
    const [backlog, server] = [new Backlog(), new Server()];
    expect(backlog.full).toBe(false);
    tell(backlog, server, 999);
    expect(backlog.full).toBe(false);
    tell(backlog, server, 1);
    expect(backlog.full).toBe(true);
    await server.take(1);
    expect(backlog.full).toBe(false);
    tell(backlog, server, 1);
    expect(backlog.full).toBe(true);
  });

  it('is full at 16 MiB, however few they are', async () => {
    const [backlog, server] = [new Backlog(), new Server()];
    const large: Call = { method: 'n', params: Buffer.alloc(4 * MIB) };
    tell(backlog, server, 3, large);
    expect(backlog.full).toBe(false);
    tell(backlog, server, 1, large);
    expect(backlog.full).toBe(true);
    await server.take(1);
    expect(backlog.full).toBe(false);
  });

  it('counts nothing that is taken at once', () => {
    const [backlog, server] = [new Backlog(), new Server()];
    server.quick = true;
    tell(backlog, server, 5_000);
    expect(backlog.full).toBe(false);
    expect(server.told).toHaveLength(5_000);
  });

  it('is empty again once everything was taken', async () => {
    const [backlog, server] = [new Backlog(), new Server()];
    for (let round = 0; round < 3; round++) {
      tell(backlog, server, 999);
      tell(backlog, server, 1, { method: 'notifications/without/parameters' });
      expect(backlog.full).toBe(true);
      await server.take(1_000);
      expect(backlog.full).toBe(false);
    }
  });

  it('refuses large ones while those of all clients are too large together, and small ones never', async () => {
    const server = new Server();
    const message = (size: number): Message & { call: Call } => ({
      kind: 'notification',
      call: { method: 'n', params: Buffer.alloc(size) },
    });
    let [count, bytes, last] = [0, 0, new Backlog()];
    for (const size of [4 * MIB, 65_536, 17_000]) {
      const one = message(size);
      for (; !last.refuses([one]); count++) {
        tell(last, server, 1, one.call);
        bytes += size;
        if (last.full) last = new Backlog();
      }
    }
    // Tests before this one have left some that wait.
    expect(bytes).toBeGreaterThan(200 * MIB);
    expect(bytes).toBeLessThanOrEqual(256 * MIB);
    const other = new Backlog();
    expect(other.refuses([message(4 * MIB)])).toBe(true);
    expect(other.refuses([message(9_000), message(9_000)])).toBe(true);
    expect(other.refuses([message(16_384)])).toBe(false);
    expect(other.refuses([{ kind: 'response', id: '1', reply: { result: Buffer.alloc(MIB) } }])).toBe(false);
    await server.take(2);
    expect(other.refuses([message(4 * MIB)])).toBe(false);
    await server.take(count);
  });

  it('counts for each client by itself', () => {
    const [one, two, server] = [new Backlog(), new Backlog(), new Server()];
    tell(one, server, 1_000);
    expect([one.full, two.full]).toEqual([true, false]);
  });
});

it('what is not taken is refused as what may be tried again', () => {
  expect(NOT_TAKEN.status).toBe(429);
  expect(NOT_TAKEN.headers).toEqual({ 'retry-after': '1' });
  expect('error' in NOT_TAKEN.reply && JSON.parse(NOT_TAKEN.reply.error.toString())).toMatchObject({ code: -31008 });
});
