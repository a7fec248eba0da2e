import { expect, it } from 'vitest';
import { TOO_MANY_CALLS } from '../../../../../src/downstream/http/sessions/too-many-calls.ts';

it('too many calls are refused as what may be tried again', () => {
  expect(TOO_MANY_CALLS.status).toBe(429);
  expect(TOO_MANY_CALLS.headers).toEqual({ 'retry-after': '1' });
  expect('error' in TOO_MANY_CALLS.reply && JSON.parse(TOO_MANY_CALLS.reply.error.toString())).toMatchObject({
    code: -31008,
    message: expect.stringContaining('1000'),
  });
});
