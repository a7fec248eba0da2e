// The messages that are on their way when a session ends.
import { expect, it } from 'vitest';
import { Cancellation } from '../../../src/core/cancel.ts';
import { Deliveries } from '../../../src/upstream/deliveries.ts';

function message() {
  let delivered: () => void = () => {};
  let failed: () => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    delivered = resolve;
    failed = () => reject(new Error('refused'));
  });
  return { promise, delivered, failed };
}

/** A turn of the event loop: everything that follows from earlier events has happened. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

function waiting(deliveries: Deliveries, signal = new Cancellation()) {
  const state = { over: false };
  deliveries.settled(60_000, signal).then(() => {
    state.over = true;
  });
  return state;
}

it('waits for messages that are added while it waits', async () => {
  const [first, second] = [message(), message()];
  const deliveries = new Deliveries();
  deliveries.add(first.promise);
  const state = waiting(deliveries);
  await turn();
  deliveries.add(second.promise);
  first.delivered();
  await turn();
  expect(state.over).toBe(false);
  second.failed();
  await turn();
  expect(state.over).toBe(true);
});

it('waits for nothing when nothing is on its way, and not after its signal', async () => {
  const deliveries = new Deliveries();
  const idle = waiting(deliveries);
  await turn();
  expect(idle.over).toBe(true);
  deliveries.add(message().promise);
  const signal = new Cancellation();
  const busy = waiting(deliveries, signal);
  await turn();
  expect(busy.over).toBe(false);
  signal.abort();
  await turn();
  expect(busy.over).toBe(true);
});
