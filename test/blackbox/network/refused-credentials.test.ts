// A server that refuses with 401 or 403: the error names the credential that was refused, what the server says about
// it, and the likely mistake, but never the credential itself.
import { afterEach, describe, expect, it } from 'vitest';
import { closeServings, startServing } from '../../peers/http/serving.ts';
import { legacyServer, modernServer, sseServer } from '../../peers/minimal-server.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { opened } from '../../peers/opened.ts';
import { type ProxyProcess, startProxy } from '../../peers/proxy.ts';
import type { RpcError } from '../../peers/rpc.ts';
import { type Script, startScripted } from '../../peers/scripted.ts';
import { ask, initialize } from '../http/exchange.ts';

const open = opened();
afterEach(closeServings);

interface Answer {
  status: number;
  type?: string;
  body?: string;
  challenge?: string;
}

async function refusing({ status, type = 'text/plain', body = '', challenge }: Answer) {
  return open(
    startScripted('/mcp', ({ path }, res) => {
      if (path.startsWith('/.well-known/') || path === '/register') return res.writeHead(404).end();
      const headers = { 'content-type': type, ...(challenge !== undefined && { 'www-authenticate': challenge }) };
      return res.writeHead(status, headers).end(body);
    }),
  );
}

/** The parts of the message. Its end is the hint, for hosts that show nothing else. */
function told(message: string, hint: string, url: string): { message: string; hint: string } {
  const end = ` (${hint})`;
  expect(message.slice(-end.length)).toBe(end);
  return { message: message.slice(0, -end.length).replace(url, 'URL'), hint };
}

/** What the host gets; `URL` stands for the URL of the server. */
async function refusal(url: string, args: string[], env = {}): Promise<{ message: string; hint: string }> {
  const proxy = startProxy(url, args, { env });
  const failed = (await proxy.rpc.initialize().catch((error: unknown) => error)) as RpcError;
  const { message, data } = failed as unknown as { message: string; data: { hint: string; httpStatus: number } };
  const plain = url.replace(/\/\/[^/]*@/, '//');
  expect(await proxy.close()).toEqual({ code: 0, signal: null });
  expect(proxy.stderr).toBe(`mcp-proxy: error: ${message}\n`);
  return told(message, data.hint, plain);
}

/** A JSON Web Token with these claims. */
const jwt = (claims: object): string =>
  ['{"alg":"none"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

const CHECK = 'check the name of the header, and that its value is complete, still valid and meant for this server';
const EXAMPLE = '-H "Authorization: Bearer ${TOKEN}"';

describe('--header', () => {
  it.each([
    ['Authorization: Bearer whole-token-1', CHECK],
    [
      'Authorization: Bearer $TOKEN',
      `it is the name of a variable that nothing has expanded; write ${EXAMPLE}, which takes TOKEN from the environment`,
    ],
    [
      'Authorization: $TOKEN',
      `it is the name of a variable that nothing has expanded; write ${EXAMPLE}, which takes TOKEN from the environment`,
    ],
    [
      'Authorization: Bearer %MY_TOKEN%',
      'it is the name of a variable that nothing has expanded; write -H "Authorization: Bearer ${MY_TOKEN}", which takes MY_TOKEN from the environment',
    ],
    [
      'Authorization: Bearer $env:TOKEN',
      `it is the name of a variable that nothing has expanded; write ${EXAMPLE}, which takes TOKEN from the environment`,
    ],
    [
      'Authorization: Bearer $s3cretThatLooksLikeOne',
      'it is the name of a variable that nothing has expanded; write -H "Authorization: Bearer ${NAME}", which takes NAME from the environment',
    ],
    [
      'X-Api-Key: $API_KEY',
      'it is the name of a variable that nothing has expanded; write -H "X-Api-Key: ${API_KEY}", which takes API_KEY from the environment',
    ],
    [
      'Authorization: Bearer <your token>',
      'it is an example in angle brackets; replace all of it, brackets included, with your own',
    ],
    ['X-Authorization: Bearer Bearer whole-token-1', 'it has two schemes; write Bearer once'],
    ['Authorization: whole-token-1', `it has no scheme in front of the credentials, such as Bearer: ${EXAMPLE}`],
    [
      `Authorization: Bearer ${jwt({ exp: 1_700_000_000 })}`,
      'the token expired at 2023-11-14T22:13:20Z; get a new one',
    ],
    [`Authorization: Bearer ${jwt({ exp: 4_000_000_000 })}`, CHECK],
    [`Authorization: Bearer ${jwt({ exp: '1700000000' })}`, CHECK],
    [`Authorization: Bearer ${jwt({ exp: 1e300 })}`, CHECK],
    ['X-Api-Key: key-without-a-scheme', CHECK],
  ])('%s', async (header, hint) => {
    const { url } = await refusing({ status: 401, body: 'invalid credentials' });
    const name = header.split(':')[0];
    // The value comes from a variable: in the flag itself, most of these mistakes are usage errors.
    const value = header.slice(header.indexOf(':') + 1).trim();
    expect(await refusal(url, ['-H', `${name}: \${VALUE}`], { VALUE: value })).toEqual({
      message: `URL refuses the value of --header ${name} (HTTP 401): invalid credentials`,
      hint,
    });
  });
});

describe('whoever asks, and whenever', () => {
  const TOKEN = ['-H', 'Authorization: Bearer whole-token-1'];
  const REFUSES = 'refuses the value of --header Authorization (HTTP 401): invalid credentials';

  it.each<[string, string[], (proxy: ProxyProcess) => Promise<unknown>]>([
    ['the GET of HTTP+SSE', ['--transport', 'sse-only'], ({ rpc }) => rpc.initialize('2024-11-05')],
    ['HTTP+SSE before Streamable HTTP', ['--transport', 'sse-first'], ({ rpc }) => rpc.initialize()],
    ['a probe of 2026-07-28', [], ({ rpc }) => rpc.modern('server/discover')],
    ['a first request of 2026-07-28', [], ({ rpc }) => rpc.modern('tools/list')],
  ])('%s', async (_, args, ask) => {
    const { url } = await refusing({ status: 401, body: 'invalid credentials' });
    const proxy = startProxy(url, [...TOKEN, ...args]);
    await expect(ask(proxy)).rejects.toMatchObject({ code: -31004, message: `${url} ${REFUSES} (${CHECK})` });
    await proxy.close();
  });

  it.each<[string, Script, string, boolean]>([
    ['Streamable HTTP', legacyServer(), '/mcp', false],
    ['2026-07-28', modernServer(), '/mcp', true],
    ['HTTP+SSE', sseServer(), '/sse', false],
  ])('a call in the middle of a session: %s', async (_, serve, path, isModern) => {
    const server = await open(
      startScripted(path, (seen, res) =>
        seen.body.includes('tools/call') ? void res.writeHead(401).end('invalid credentials') : serve(seen, res),
      ),
    );
    const proxy = startProxy(server.url, TOKEN);
    await (isModern ? proxy.rpc.modern('server/discover') : proxy.rpc.initialize());
    const params = { name: 'echo', arguments: {} };
    const call = isModern ? proxy.rpc.modern('tools/call', params) : proxy.rpc.request('tools/call', params);
    await expect(call).rejects.toMatchObject({
      code: -31004,
      message: expect.stringContaining(`${REFUSES} (${CHECK})`),
    });
    expect((await (isModern ? proxy.rpc.modern('tools/list') : proxy.rpc.request('tools/list'))).tools).toHaveLength(1);
    await proxy.close();
  });
});

describe('the words of the server', () => {
  const TOKEN = 'a-token-that-is-echoed-0123456789';
  it.each<[string, Answer, string]>([
    [
      'JSON with a message',
      { status: 401, type: 'application/json', body: '{"message":"unknown key"}' },
      ': unknown key',
    ],
    [
      'OAuth',
      {
        status: 401,
        type: 'application/json',
        body: '{"error":"invalid_token","error_description":"The token is revoked"}',
      },
      ': The token is revoked',
    ],
    [
      'a challenge',
      { status: 401, challenge: 'Bearer error="invalid_token", error_description="The \\"token\\" is revoked"' },
      ': The "token" is revoked',
    ],
    [
      'JSON-RPC',
      {
        status: 401,
        type: 'application/json',
        body: '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no"}}',
      },
      ': no',
    ],
    ['a page', { status: 401, type: 'text/html', body: '<!doctype html><h1>401</h1>' }, ''],
    ['nothing', { status: 401 }, ''],
    ['an echo', { status: 401, body: `bad token ${TOKEN}` }, ': bad token ***'],
    ['the beginning of an echo', { status: 401, body: `bad token ${TOKEN.slice(0, 20)}` }, ': bad token ***'],
    ['more than a line', { status: 401, body: `${'x'.repeat(190)} ${TOKEN}` }, ''],
    ["a terminal's commands", { status: 401, body: 'no\u001b[2J access' }, ': no [2J access'],
    ['403', { status: 403, body: 'not in this team' }, ': not in this team'],
  ])('%s', async (_, answer, said) => {
    const { url } = await refusing(answer);
    const { message, hint } = await refusal(url, ['-H', `Authorization: Bearer ${TOKEN}`]);
    expect(message).toBe(`URL refuses the value of --header Authorization (HTTP ${answer.status})${said}`);
    expect(hint).toBe(
      answer.status === 401
        ? CHECK
        : 'the credential may be wrong, or lack the permission (scope) for this; ask the operator of the server',
    );
  });
});

it('the user name and password of the URL are named when the server refuses them', async () => {
  const { url } = await refusing({ status: 401, challenge: 'Basic realm="x"' });
  expect(await refusal(url.replace('//', '//ada:pass-word-1@'), [])).toEqual({
    message: 'URL refuses the user name and password in the URL (HTTP 401)',
    hint: 'check both; in a URL, write their @ : / % as %40 %3A %2F %25',
  });
});

it('403 without credentials leads to an error that does not mention credentials', async () => {
  const { url } = await refusing({ status: 403, body: 'address not allowed' });
  expect(await refusal(url, [])).toEqual({
    message: 'URL refuses this request (HTTP 403): address not allowed',
    hint: 'the server, or a firewall in front of it, may block this machine; ask its operator',
  });
});

it('401 without credentials, and without a way to sign in, names the URL that was asked', async () => {
  const { url } = await refusing({ status: 401 });
  expect(await refusal(url, [])).toEqual({
    message: 'URL asks for authorization (HTTP 401), and it does not say how to sign in',
    hint: `give the credentials with --header, for example ${EXAMPLE}`,
  });
});

it('a sign-in whose account lacks the permission is reported as such', async () => {
  const authorizationServer = await open(startAuthorizationServer());
  const server = await open(startProtectedServer({ authorizationServer }));
  const browser = await open(startBrowser('approve'));
  const proxy = startProxy(server.url, [], { env: { BROWSER: browser.command } });
  await proxy.rpc.initialize('2025-11-25');
  await proxy.rpc.request('tools/list');
  const [token = ''] = authorizationServer.tokens.keys();
  server.behaviour.instead = ({ rpcMethod }) =>
    rpcMethod === 'tools/call' ? { status: 403, body: `not for ${token}` } : undefined;
  const failed = proxy.rpc.request('tools/call', { name: 'whoami', arguments: {} }).catch((error: unknown) => error);
  const { message, data } = (await failed) as { message: string; data: { hint: string } };
  expect(told(message, data.hint, server.url)).toEqual({
    message: 'URL does not allow this to the account of the sign-in (HTTP 403): not for ***',
    hint: 'sign in with another account (--profile NAME keeps both), or ask the operator of the server',
  });
});

describe('HTTP mode with --forward-header', () => {
  const SECRET = 'secret-of-the-client-0123456789';

  async function served(answer: Answer, headers: Record<string, string>) {
    const { url } = await refusing(answer);
    const serving = await startServing(url, ['--forward-header', 'x-upstream-authorization=authorization']);
    const { text } = await ask(serving.url, { path: '/mcp', headers, body: initialize() });
    const { error } = JSON.parse(text) as { error: { message: string; data: { hint: string } } };
    expect(serving.proxy.stderr).not.toContain(SECRET);
    return told(error.message, error.data.hint, url);
  }

  it('names the header of the client, and does not repeat it', async () => {
    const answer = { status: 401, body: `unknown: ${SECRET}` };
    const headers = { 'x-upstream-authorization': SECRET };
    expect(await served(answer, headers)).toEqual({
      message: 'URL refuses the header x-upstream-authorization of the client (HTTP 401): unknown: ***',
      hint: 'it has no scheme in front of the credentials, such as Bearer',
    });
  });

  it('says what a client without credentials must send', async () => {
    expect(await served({ status: 401 }, {})).toEqual({
      message: 'URL asks for authorization (HTTP 401)',
      hint: 'the client must send the header x-upstream-authorization, which goes on to the server',
    });
  });
});
