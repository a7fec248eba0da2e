// A listening callback, and the requests that a browser makes to it.
import http from 'node:http';
import {
  type Callback,
  type CallbackOptions,
  listenForCallback,
  type SignInOutcome,
} from '../../../../src/auth/sign-in/callback.ts';

export const STATE = 'the-right-state-0123456789';
export const RIGHT = `/callback?code=abc&state=${STATE}`;
export const SIGNED_IN: SignInOutcome = { page: 'signed-in' };

export function listening(options: Partial<CallbackOptions> = {}): Promise<Callback> {
  const finish = (): Promise<SignInOutcome> => Promise.resolve(SIGNED_IN);
  return listenForCallback({ port: 0, path: '/callback', host: 'localhost', state: STATE, finish, ...options });
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export function ask(
  { port }: { port: number },
  target: string,
  { host = '127.0.0.1', ...options }: http.RequestOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, path: target, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.once('error', reject).end();
  });
}

/** A promise with the function that settles it. */
export function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
