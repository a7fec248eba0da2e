// Every page that a browser can get, by a name for its file; where others choose the texts, with long ones.
import { page } from '../../src/auth/sign-in/pages.ts';
import { homePage } from '../../src/downstream/http/operator/home-page.ts';
import { refusalPage } from '../../src/downstream/http/operator/refusal-page.ts';

const SERVER = 'https://server.example/mcp';
const LONG_SERVER =
  'https://a-rather-long-name-of-a-server.department.example.com/organisations/0f8fad5b-d9cb-469f-a165-70867728950e/mcp';
const CLIENT = 'http://localhost:8080/mcp';
const SIGN_IN = `https://as.example/authorize?${'parameter=value&'.repeat(30)}`;

const home = { server: SERVER, client: CLIENT };
const open = { reachable: true, signInNeeded: false };
const closed = { reachable: true, signInNeeded: true };

export const PAGES: ReadonlyMap<string, string> = new Map([
  ['signed-in', page('signed-in', '', { server: SERVER }).text],
  ['signed-in-long', page('signed-in', '', { server: LONG_SERVER }).text],
  ['denied', page('denied', '', { server: SERVER }).text],
  ['denied-said', page('denied', '', { server: SERVER, said: 'The user is not in the group "mcp-users".' }).text],
  ['failed-said', page('failed', '', { server: SERVER, said: 'invalid_grant: The code has expired' }).text],
  [
    'failed-long',
    page('failed', '', { server: LONG_SERVER, said: `invalid_request: ${'x'.repeat(200)} and ${'more '.repeat(40)}` })
      .text,
  ],
  ['failed', page('failed', 'https://as.example/token did not answer in 120 s', { server: SERVER }).text],
  ['wrong-state', page('wrong-state').text],
  ['wrong-state-said', page('wrong-state', 'access_denied').text],
  ['already-done', page('already-done', '', { server: SERVER }).text],
  ['not-found', page('not-found').text],
  ['home', homePage({ ...home, readiness: open })],
  ['home-long', homePage({ server: LONG_SERVER, client: CLIENT, readiness: open })],
  ['home-sign-in', homePage({ ...home, readiness: { ...closed, signInUrl: SIGN_IN } })],
  [
    'home-code',
    homePage({ ...home, readiness: { ...closed, signInUrl: 'https://as.example/device', userCode: 'WDJB-MJHT' } }),
  ],
  ['home-sign-in-begins', homePage({ ...home, readiness: closed })],
  [
    'home-sign-in-failed',
    homePage({ ...home, readiness: { ...closed, reason: 'https://as.example does not register clients' } }),
  ],
  [
    'home-unreachable',
    homePage({
      ...home,
      readiness: {
        reachable: false,
        signInNeeded: false,
        unreachable: 'cannot connect to server.example: the host name does not exist',
      },
    }),
  ],
  ...([401, 403, 404, 503] as const).map(
    (status) =>
      [`refused-${status}`, refusalPage(status, 'a client token is needed: send Authorization: Bearer TOKEN')] as const,
  ),
]);
