// How many calls of 2026-07-28 may wait: for one connection, for one address, and for all together.
import { EventEmitter } from 'node:events';
import { afterAll, expect, it } from 'vitest';
import type { Session } from '../../../../../src/core/exchange.ts';
import { Budget, BYTES } from '../../../../../src/downstream/http/body-budget.ts';
import type { Posted } from '../../../../../src/downstream/http/contracts.ts';
import { Heartbeats } from '../../../../../src/downstream/http/response/heartbeat.ts';
import { StatelessClients } from '../../../../../src/downstream/http/stateless/clients.ts';

const pulse = new Heartbeats();
afterAll(() => pulse.stop());

/** A server that accepts everything and answers nothing. */
const SILENT: Session = {
  established: true,
  era: 'modern',
  request: () => new Promise(() => {}),
  notify: () => new Promise(() => {}),
  close: () => Promise.resolve(),
  destroy: () => {},
};

interface Client {
  /** The status of its next call, if that is refused. */
  call(): number | undefined;
  tell(): number | undefined;
  /** Disconnects, which ends its calls. */
  leave(): void;
}

function setting(): (address: string, forwarded?: Record<string, string>) => Client {
  const clients = new StatelessClients({ pulse, bytes: new Budget(BYTES) });
  return (remoteAddress, forwarded = {}) => {
    const socket = { remoteAddress };
    const responses: EventEmitter[] = [];
    const posted = (): Posted => {
      const res = new EventEmitter();
      responses.push(res);
      return { req: { socket }, res, forwarded, size: 100 } as unknown as Posted;
    };
    const asked = { id: '1', call: { method: 'tools/call' }, headers: {}, accepts: 'json' } as const;
    return {
      call: () => clients.serve(posted(), asked, SILENT)?.status,
      tell: () => clients.tell(posted(), { method: 'notifications/progress' }, SILENT)?.status,
      leave: () => {
        for (const res of responses) Object.assign(res, { destroyed: true }).emit('close');
      },
    };
  };
}

/** How many calls are accepted before one is refused. */
function taken(client: Client): number {
  for (let n = 0; ; n++) {
    const status = client.call();
    if (status === undefined) continue;
    expect(status).toBe(429);
    return n;
  }
}

it('one connection gets 1000, notifications included, and another one as many', () => {
  const client = setting();
  const one = client('192.0.2.1');
  expect(one.tell()).toBeUndefined();
  expect(taken(one)).toBe(999);
  expect(one.tell()).toBe(429);
  const other = client('192.0.2.1');
  expect(taken(other)).toBe(1_000);
  other.leave();
  expect(taken(other)).toBe(1_000);
});

it('one address gets half of what all get together', () => {
  const client = setting();
  const sum = (address: string): number =>
    Array.from({ length: 6 }, () => taken(client(address))).reduce((a, b) => a + b);
  expect(sum('192.0.2.1')).toBe(5_000);
  expect(sum('192.0.2.2')).toBe(5_000);
  expect(sum('192.0.2.3')).toBe(0);
});

it('one identity gets half too, from however many addresses', () => {
  const client = setting();
  const identity = { authorization: 'Bearer one' };
  const sum = Array.from({ length: 8 }, (_, n) => taken(client(`192.0.2.${n}`, identity))).reduce((a, b) => a + b);
  expect(sum).toBe(5_000);
  expect(taken(client('192.0.2.9', { authorization: 'Bearer two' }))).toBe(1_000);
});
