import { expect, it } from 'vitest';
import { CookieJar } from '../../../src/http/cookies.ts';

const PAST = 'Thu, 01 Jan 1970 00:00:00 GMT';
const FUTURE = 'Fri, 01 Jan 2100 00:00:00 GMT';

it.each<[string, string[], string, string, string | undefined]>([
  ['a plain one', ['a=1'], '/mcp', '/mcp', 'a=1'],
  ['two at once', ['a=1', 'b=2; HttpOnly; Secure; SameSite=Lax'], '/mcp', '/mcp', 'a=1; b=2'],
  ['the later of two with one name', ['a=1; Path=/', 'a=2; Path=/'], '/mcp', '/mcp', 'a=2'],
  ['spaces around its parts', ['  a=1  ;  Path=/  '], '/mcp', '/mcp', 'a=1'],
  ['an equals sign in the value', ['a=b=c==; Path=/'], '/mcp', '/mcp', 'a=b=c=='],
  ['an empty value', ['a=; Path=/'], '/mcp', '/mcp', 'a='],
  ['no name', ['=1; Path=/'], '/mcp', '/mcp', undefined],
  ['no equals sign', ['a; Path=/'], '/mcp', '/mcp', undefined],
  ['nothing', [''], '/mcp', '/mcp', undefined],
  ['a line break in the value', ['a=1\r\nx: y; Path=/'], '/mcp', '/mcp', undefined],
  ['a name that is no token', ['a b=1; Path=/'], '/mcp', '/mcp', undefined],
  ['more than 4096 characters', [`a=${'x'.repeat(4_096)}`], '/mcp', '/mcp', undefined],
  ['Max-Age=0', ['a=1; Path=/', 'a=1; Path=/; Max-Age=0'], '/mcp', '/mcp', undefined],
  ['a negative Max-Age', ['a=1; Path=/', 'a=1; Path=/; max-age=-1'], '/mcp', '/mcp', undefined],
  ['a Max-Age to come', ['a=1; Path=/; Max-Age=60'], '/mcp', '/mcp', 'a=1'],
  ['Expires in the past', ['a=1; Path=/', `a=; Path=/; Expires=${PAST}`], '/mcp', '/mcp', undefined],
  ['Expires in the future', [`a=1; Path=/; Expires=${FUTURE}`], '/mcp', '/mcp', 'a=1'],
  ['Max-Age that overrules Expires', [`a=1; Path=/; Max-Age=60; Expires=${PAST}`], '/mcp', '/mcp', 'a=1'],
  ['Expires that nobody can read', ['a=1; Path=/; Expires=soon'], '/mcp', '/mcp', 'a=1'],
  ['the path /', ['a=1; Path=/'], '/x/mcp', '/y', 'a=1'],
  ['its own path', ['a=1; Path=/mcp'], '/mcp', '/mcp', 'a=1'],
  ['a path above', ['a=1; Path=/x'], '/x/mcp', '/x/y/z', 'a=1'],
  ['a path that ends with a slash', ['a=1; Path=/x/'], '/x/mcp', '/x/y', 'a=1'],
  ['a path that only begins alike', ['a=1; Path=/mc'], '/mcp', '/mcp', undefined],
  ['another path', ['a=1; Path=/other'], '/mcp', '/mcp', undefined],
  ['no path: the folder of the request', ['a=1'], '/x/mcp', '/x/messages', 'a=1'],
  ['no path: not beside that folder', ['a=1'], '/x/mcp', '/y/mcp', undefined],
  ['no path at the top: everywhere', ['a=1'], '/mcp', '/y/z', 'a=1'],
  ['a path that is none: as without', ['a=1; Path=x'], '/x/mcp', '/x/messages', 'a=1'],
])('%s', (_, fields, from, to, sent) => {
  const jar = new CookieJar();
  for (const field of fields) jar.take([field], from);
  expect(jar.header(to)).toBe(sent);
});

it('a jar that nothing was put into has nothing to send', () => {
  expect(new CookieJar().header('/')).toBeUndefined();
});

it('a server that never stops setting cookies fills no memory', () => {
  const jar = new CookieJar();
  for (let n = 0; n < 1_000; n++) jar.take([`c${n}=1; Path=/`], '/');
  expect(jar.header('/')?.split('; ')).toHaveLength(50);
});
