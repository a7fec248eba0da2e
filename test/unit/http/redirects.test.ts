import { expect, it } from 'vitest';
import type { HttpRequest } from '../../../src/core/fetch.ts';
import { CookieJar } from '../../../src/http/cookies.ts';
import { isPermanent, PermanentRedirects } from '../../../src/http/redirects.ts';

const FROM = new URL('https://server.test/old?a=1');
const TO = new URL('https://server.test/new');
const request = (more: Partial<HttpRequest> = {}): HttpRequest => ({
  purpose: 'call',
  method: 'POST',
  url: FROM,
  headers: {},
  repeatable: false,
  ...more,
});

it('301 and 308 are for good', () => {
  expect([300, 301, 302, 303, 304, 307, 308].filter(isPermanent)).toEqual([301, 308]);
});

it('what was learned holds for the same method, the same address and the same client', () => {
  const redirects = new PermanentRedirects();
  const cookies = new CookieJar();
  expect(redirects.target(request({ cookies }))).toBe(FROM);
  redirects.learn(request({ cookies }), TO, 200);
  expect(redirects.target(request({ cookies }))).toBe(TO);
  for (const other of [
    request(),
    request({ cookies: new CookieJar() }),
    request({ cookies, method: 'GET' }),
    request({ cookies, url: new URL('https://server.test/old?a=2') }),
    request({ cookies, redirect: 'manual' }),
  ]) {
    expect(redirects.target(other)).toBe(other.url);
  }
});

it.each([
  ['404 from there', TO, 404],
  ['410 from there', TO, 410],
  ['a redirect back', new URL(FROM), 200],
])('%s takes it back', (_, target, status) => {
  const redirects = new PermanentRedirects();
  redirects.learn(request(), TO, 401);
  expect(redirects.target(request())).toBe(TO);
  redirects.learn(request(), target, status);
  expect(redirects.target(request())).toBe(FROM);
});

it('no more are remembered than a server may name', () => {
  const redirects = new PermanentRedirects();
  const urls = Array.from({ length: 200 }, (_, n) => new URL(`https://server.test/${n}`));
  for (const url of urls) redirects.learn(request({ url }), TO, 200);
  expect(urls.filter((url) => redirects.target(request({ url })) === TO)).toHaveLength(100);
});
