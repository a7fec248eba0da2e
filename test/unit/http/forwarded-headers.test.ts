import { expect, it } from 'vitest';
import type { HttpRequest, HttpResponse } from '../../../src/core/fetch.ts';
import { personalFetch } from '../../../src/http/forwarded-headers.ts';

const RESPONSE = { status: 204 } as HttpResponse;
const REQUEST: HttpRequest = {
  purpose: 'stream',
  method: 'POST',
  url: new URL('https://server.example/mcp'),
  headers: { accept: 'application/json', 'mcp-session-id': '1' },
  body: [Buffer.from('{}')],
  repeatable: false,
};

function personal(forwarded: () => Readonly<Record<string, string>>) {
  const sent: HttpRequest[] = [];
  const fetch = personalFetch(async (request) => {
    sent.push(request);
    return RESPONSE;
  }, forwarded);
  return { sent, fetch };
}

it('what a client sends along goes with the request, of which all else stays as it is', async () => {
  const { sent, fetch } = personal(() => ({ authorization: 'Bearer own', 'x-tenant': '7' }));
  expect(await fetch(REQUEST)).toBe(RESPONSE);
  const headers = { ...REQUEST.headers, authorization: 'Bearer own', 'x-tenant': '7' };
  expect(sent).toEqual([{ ...REQUEST, headers }]);
  expect(REQUEST.headers).toEqual({ accept: 'application/json', 'mcp-session-id': '1' });
});

it('what the transport itself says is not overwritten', async () => {
  const { sent, fetch } = personal(() => ({ accept: 'text/html', 'mcp-session-id': 'of another' }));
  await fetch(REQUEST);
  expect(sent[0]?.headers).toEqual(REQUEST.headers);
});

it('what goes along is asked for anew with each request', async () => {
  let token = 1;
  const { sent, fetch } = personal(() => ({ authorization: `Bearer ${token++}` }));
  await fetch(REQUEST);
  await fetch(REQUEST);
  expect(sent.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
});

it('a failure stays what it is', async () => {
  const error = new Error('refused');
  const fetch = personalFetch(
    () => Promise.reject(error),
    () => ({}),
  );
  await expect(fetch(REQUEST)).rejects.toBe(error);
});
