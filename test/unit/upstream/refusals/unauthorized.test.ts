import { expect, it } from 'vitest';
import type { HttpResponse, SentCredential } from '../../../../src/core/fetch.ts';
import { unauthorized } from '../../../../src/upstream/refusals/unauthorized.ts';

const sent = (from: SentCredential['from']): SentCredential => ({
  from,
  name: 'x-api-key',
  value: 'x',
  secrets: [],
});

it.each<[status: 401 | 403, what: string, credential: SentCredential | undefined, code: string]>([
  [401, 'nothing', undefined, 'sign-in-needed'],
  [401, 'the token of a sign-in', sent('sign-in'), 'sign-in-needed'],
  [401, 'a header of the user', sent('header'), 'unauthorized'],
  [401, 'the user info of the URL', sent('url'), 'unauthorized'],
  [401, 'a header of the client', sent('client'), 'unauthorized'],
  [401, 'no header of a client that should have sent one', { ...sent('client'), value: undefined }, 'unauthorized'],
  [403, 'nothing', undefined, 'unauthorized'],
  [403, 'the token of a sign-in', sent('sign-in'), 'unauthorized'],
  [403, 'a header of the user', sent('header'), 'unauthorized'],
])('HTTP %i for a request with %s', (status, _, credential, code) => {
  const response = { status, headers: {}, credential } as HttpResponse;
  const error = unauthorized(response, status, Buffer.alloc(0), new URL('https://server.example/mcp'));
  expect([error.code, error.meaning.rpc, error.data.httpStatus]).toEqual([code, -31004, status]);
});
