// A program that only listens for the callback.
import { listenForCallback } from '../../../../src/auth/sign-in/callback.ts';

const callback = await listenForCallback({
  port: 0,
  path: '/callback',
  host: 'localhost',
  state: 'x',
  finish: async () => ({ page: 'denied' }),
});
console.log(callback.port > 0);
