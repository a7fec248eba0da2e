// The documents of a sign-in, damaged one at a time: the challenge, both kinds of metadata, and the answer to the token
// request. Each case starts the program.

import { startProxy } from '../../peers/proxy.ts';
import { answer, startScripted } from '../../peers/scripted.ts';
import type { Random } from '../../unit/core/random.ts';
import { type Door, damaged, filled, judgeWords } from './door.ts';

const CLIENT = JSON.stringify({ client_id: 'fuzz', client_secret: 'a-secret-of-the-client' });
const ARGS = ['--client-credentials', '--static-oauth-client-info', CLIENT, '--timeout', '5'];

/** With ORIGIN for the address of the server. */
const RIGHT = {
  challenge: 'Bearer resource_metadata="ORIGIN/.well-known/oauth-protected-resource/mcp", scope="a b"',
  resource: '{"resource":"ORIGIN/mcp","authorization_servers":["ORIGIN"],"scopes_supported":["a"]}',
  server:
    '{"issuer":"ORIGIN","authorization_endpoint":"ORIGIN/authorize","token_endpoint":"ORIGIN/token","response_types_supported":["code"],"grant_types_supported":["client_credentials"],"token_endpoint_auth_methods_supported":["client_secret_basic"],"code_challenge_methods_supported":["S256"]}',
  token: '{"access_token":"the-access-token","token_type":"Bearer","expires_in":3600,"scope":"a"}',
};
type Part = keyof typeof RIGHT;
const PARTS = Object.keys(RIGHT) as Part[];
const CORPUS = Object.values(RIGHT);

export const signIn: Door = {
  name: 'the documents of a sign-in',
  few: 8,
  async open() {
    let documents: Record<Part, Buffer>;
    const upstream = await startScripted('/mcp', (seen, res) => {
      const json = (part: Part): void => answer(res, 200, 'application/json', documents[part].toString('latin1'));
      if (seen.path.startsWith('/.well-known/oauth-protected-resource')) return json('resource');
      if (seen.path.startsWith('/.well-known/')) return json('server');
      if (seen.path.startsWith('/token')) return json('token');
      // A header cannot hold every byte.
      const challenge = documents.challenge.toString('latin1').replace(/[^\t\x20-\x7e\x80-\xff]/g, ' ');
      return answer(res, 401, 'text/plain', 'sign in', { 'www-authenticate': challenge });
    });
    const attempt = async (damage?: { readonly part: Part; readonly bytes: Buffer }): Promise<void> => {
      const right = Object.fromEntries(PARTS.map((part) => [part, Buffer.from(RIGHT[part])]));
      const all = Object.entries({ ...right, ...(damage && { [damage.part]: damage.bytes }) });
      documents = Object.fromEntries(
        all.map(([part, bytes]) => [part, filled(bytes, { ORIGIN: upstream.origin })]),
      ) as Record<Part, Buffer>;
      const proxy = startProxy(upstream.url, ARGS);
      await proxy.rpc.exchange('initialize', {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'fuzz', version: '1' },
      });
      await proxy.rpc.exchange('tools/call', { name: 'a', arguments: {} });
      const { code } = await proxy.close();
      if (code !== 0) throw new Error(`exit code ${code}\n${proxy.stderr}`);
      judgeWords(proxy.stderr);
    };
    return {
      feed: (random: Random) => attempt({ part: random.pick(PARTS), bytes: damaged(CORPUS, random) }),
      works: () => attempt(),
      close: () => upstream.close(),
    };
  },
};
