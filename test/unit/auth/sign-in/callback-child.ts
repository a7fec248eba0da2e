// A program that listens for the callback, and has nothing else to do.
import { listenForCallback } from '../../../../src/auth/sign-in/callback.ts';

const callback = await listenForCallback({
  port: 0,
  path: '/callback',
  host: 'localhost',
  state: 'x',
  finish: async () => ({ page: 'denied' }),
});
console.log(callback.port > 0);
