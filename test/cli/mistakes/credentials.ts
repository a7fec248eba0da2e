// Tokens and keys that the server does not accept.
import type { IncomingHttpHeaders } from 'node:http';
import { legacyServer } from '../../peers/minimal-server.ts';
import { answer, type Script, startScripted } from '../../peers/scripted.ts';
import { type Group, server } from './mistake.ts';

/** A token as authorization servers issue them: the proxy can read it, and only the server can check it. */
function jwt(claims: object): string {
  const parts = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)));
  return [...parts, Buffer.from('signature')].map((part) => part.toString('base64url')).join('.');
}

const FOR_THIS = 'https://server.example/mcp';
const EXPIRED = jwt({ iss: 'https://login.example', aud: FOR_THIS, exp: 1_767_225_600 });
const FOR_ANOTHER = jwt({ iss: 'https://login.example', aud: 'https://api.example', exp: 4_102_444_800 });

type Refusal = readonly [status: number, body: string, headers?: Record<string, string>];
const UNAUTHORIZED: Refusal = [
  401,
  '{"error":"invalid_token"}',
  { 'www-authenticate': 'Bearer error="invalid_token"' },
];

/** A server without a sign-in that refuses what `refusal` says. */
const guarded = (refusal: (headers: IncomingHttpHeaders) => Refusal | undefined) =>
  server(() => startScripted('/mcp', guard(refusal)));

function guard(refusal: (headers: IncomingHttpHeaders) => Refusal | undefined): Script {
  const served = legacyServer();
  return (seen, res) => {
    // There is no metadata of an authorization server.
    if (seen.path !== '/mcp') return answer(res, 404, 'text/plain', '');
    const refused = refusal(seen.headers);
    if (!refused) return served(seen, res);
    const [status, body, headers = {}] = refused;
    return answer(res, status, 'application/json', body, headers);
  };
}

const withoutToken = guarded(({ authorization }) => (authorization === undefined ? [401, ''] : undefined));
const refusing = guarded(() => UNAUTHORIZED);

export const CREDENTIALS: Group = {
  title: 'Tokens and keys',
  mistakes: [
    { title: 'The token is missing', command: 'mcp-proxy {url}', setUp: withoutToken },
    {
      title: 'The token is wrong',
      command: 'mcp-proxy {url} -H "Authorization: Bearer abc123"',
      setUp: refusing,
    },
    {
      title: 'The token has no scheme',
      command: 'mcp-proxy {url} -H "Authorization: abc123"',
      setUp: refusing,
    },
    {
      title: 'The token has its scheme twice',
      command: 'TOKEN="Bearer abc123" mcp-proxy {url} -H \'Authorization: Bearer ${TOKEN}\'',
      setUp: refusing,
    },
    {
      title: 'The token has expired',
      command: `mcp-proxy {url} -H "Authorization: Bearer ${EXPIRED}"`,
      typed: '$ mcp-proxy {url} -H "Authorization: Bearer eyJhbGciOi…"',
      setUp: refusing,
    },
    {
      title: 'The token is for another server',
      command: `mcp-proxy {url} -H "Authorization: Bearer ${FOR_ANOTHER}"`,
      typed: '$ mcp-proxy {url} -H "Authorization: Bearer eyJhbGciOi…"',
      setUp: refusing,
    },
    {
      title: 'The token lacks a permission',
      command: 'mcp-proxy {url} -H "Authorization: Bearer abc123"',
      setUp: guarded(() => [
        403,
        '{"error":"insufficient_scope"}',
        { 'www-authenticate': 'Bearer error="insufficient_scope", scope="tools:call"' },
      ]),
    },
    {
      title: 'The key is in a header of another name',
      command: 'mcp-proxy {url} -H "X-Key: abc123"',
      setUp: guarded((headers) =>
        headers['x-api-key'] === undefined ? [401, '{"message":"Missing API key: send X-API-Key"}'] : undefined,
      ),
    },
    {
      title: 'The password in the URL is wrong',
      command: 'mcp-proxy {url}',
      setUp: async (workspace) => {
        const { url = '' } = await guarded(() => [401, '', { 'www-authenticate': 'Basic realm="example"' }])(workspace);
        return { url: url.replace('://', '://ada:abc123@') };
      },
    },
  ],
};
