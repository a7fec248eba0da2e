import { describe, expect, it } from 'vitest';
import { Cancelled } from '../../../src/core/exchange.ts';

describe('Cancelled', () => {
  it('remembers what said so', () => {
    const call = { method: 'notifications/cancelled' };
    expect(new Cancelled(call).call).toBe(call);
    expect(new Cancelled().call).toBeUndefined();
    expect(new Cancelled()).toMatchObject({ name: 'Cancelled' });
  });
});
