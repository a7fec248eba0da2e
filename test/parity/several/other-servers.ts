// Eleven servers that are in one file with the server under test: of each era and transport, local ones, one that
// requires a sign-in, one that is dead, one that never answers, two with tools of the same name, and three that have
// all the tools of the server under test and ask their clients as it does.
import { scripted } from '../../peers/local/scripted.ts';
import { legacyServer, type Message, modernServer, type Results, sseServer } from '../../peers/minimal-server.ts';
import { startAuthorizationServer } from '../../peers/oauth/authorization-server.ts';
import { startBrowser } from '../../peers/oauth/browser.ts';
import { startProtectedServer } from '../../peers/oauth/protected-server.ts';
import { type Recorder, startRecorder } from '../../peers/recorder.ts';
import { startScripted } from '../../peers/scripted.ts';
import { startSdkV1Stateful } from '../../peers/sdk-v1-stateful.ts';
import { startSdkV1Stateless } from '../../peers/sdk-v1-stateless.ts';
import { startSdkV2Modern } from '../../peers/sdk-v2-modern.ts';
import { type ConfigFile, configFile, entryOf } from '../../peers/several/config-file.ts';
import { TOOLS } from '../../peers/tools.ts';
import type { ServerPeer } from '../stdio/suite.ts';

/** Tools that return their arguments as JSON, with the words that their server puts in front. */
export const ECHOING: Readonly<Record<string, string>> = {
  another: 'legacy: ',
  legacy__same: 'legacy: ',
  'a-third': 'modern: ',
  modern__same: 'modern: ',
  'over-sse': 'sse: ',
  'same-legacy__echo': '',
  'same-modern__echo': '',
  stateless__echo: '',
  protected__echo: '',
};
/** Tools of local servers, which return the argument `text`: a process for each session, and one for all clients. */
export const LOCAL_LEGACY = 'local-legacy__echo';
export const LOCAL_MODERN = 'local-modern__echo';
/** Tools that ask the user the argument `question`, and return the answer as JSON. */
export const ASKING = ['same-legacy__elicits', 'same-modern__elicits'];

const SAME = ['same-legacy', 'same-modern', 'stateless'];
const PREFIXES = [...SAME, 'protected', 'local-legacy', 'local-modern'].map((name) => `${name}__`);

/** Every tool that the other servers have, as clients see it. */
export const OTHER_TOOLS: readonly string[] = [
  ...Object.keys(ECHOING).filter((name) => !SAME.some((server) => name.startsWith(`${server}__`))),
  'protected__whoami',
  'protected__admin',
  LOCAL_LEGACY,
  LOCAL_MODERN,
  ...SAME.flatMap((server) => TOOLS.map(({ name }) => `${server}__${name}`)),
];

/** Whether a name or a URI that clients see belongs to one of these servers. */
export function isOther(shown: string): boolean {
  return OTHER_TOOLS.includes(shown) || PREFIXES.some((prefix) => shown.includes(prefix));
}

export interface OtherServers {
  /** For the proxy: the user's browser, which signs in at once. */
  readonly env: Record<string, string>;
  /** A file with these servers and one more. The servers of the same features stand before and behind it. */
  fileWith(server: ServerPeer, isModern: boolean): ConfigFile;
  /** Requests about something of one server that came to another one with the same tools. */
  misdelivered(): string[];
  close(): Promise<void>;
}

export async function startOtherServers(): Promise<OtherServers> {
  const authorization = await startAuthorizationServer();
  const browser = await startBrowser('approve');
  const origins = await Promise.all([startSdkV1Stateful(), startSdkV2Modern(), startSdkV1Stateless()]);
  const recorders = await Promise.all(origins.map(({ url }) => startRecorder(url)));
  const [sameLegacy, sameModern, stateless] = recorders as [Recorder, Recorder, Recorder];
  const silent = await startScripted('/mcp', () => {});
  const legacy = await startScripted('/mcp', legacyServer(echoing('legacy', 'another', 'same')));
  const modern = await startScripted('/mcp', modernServer(complete(echoing('modern', 'a-third', 'same'))));
  const sse = await startScripted('/sse', sseServer(echoing('sse', 'over-sse')));
  const locked = await startProtectedServer({ authorizationServer: authorization });
  const [localLegacy, localModern] = [scripted(), scripted({ era: 'modern' })];
  const prefixed = (server: { url: string } | { command: readonly string[] }): object => {
    return { ...entryOf({ url: '', ...server }), prefix: true };
  };
  const all = [silent, legacy, modern, sse, locked, localLegacy, localModern, ...recorders, ...origins];
  return {
    env: { BROWSER: browser.command },
    fileWith(server, isModern) {
      // Where no server has a resource, the first one that refuses it has the word: one with the words of the server.
      const [before, behind] = isModern ? ['same-modern', 'same-legacy'] : ['same-legacy', 'same-modern'];
      const same: Record<string, object> = {
        'same-legacy': prefixed(sameLegacy),
        'same-modern': prefixed(sameModern),
      };
      return configFile({
        // It is given up soon, because a request that no known list explains waits for all servers.
        silent: { ...entryOf(silent), 'open-timeout': 1 },
        [before as string]: same[before as string],
        legacy: entryOf(legacy),
        sse: entryOf(sse),
        'local-legacy': prefixed(localLegacy),
        features: entryOf(server),
        'local-modern': prefixed(localModern),
        modern: entryOf(modern),
        dead: { url: 'http://127.0.0.1:9/mcp' },
        protected: prefixed(locked),
        stateless: prefixed(stateless),
        [behind as string]: same[behind as string],
      });
    },
    misdelivered: () =>
      recorders.flatMap(({ requests }, at) =>
        requests.map(({ body }) => body).filter((body) => isMisdelivered(SAME[at] as string, body)),
      ),
    async close() {
      for (const one of [...all, browser, authorization]) await one.close();
    },
  };
}

function echoing(server: string, ...names: string[]): Results {
  return {
    'tools/list': JSON.stringify({ tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })) }),
    'tools/call': (params) =>
      JSON.stringify({ content: [{ type: 'text', text: `${server}: ${JSON.stringify(params.arguments)}` }] }),
  };
}

/** The same results in the form of 2026-07-28. */
function complete(results: Results): Results {
  const whole = (text: string): string => `{"resultType":"complete","ttlMs":0,"cacheScope":"private",${text.slice(1)}`;
  return Object.fromEntries(
    Object.entries(results).map(([method, result]) => [
      method,
      typeof result === 'string' ? whole(result) : (params: Message['params']) => whole(result(params)),
    ]),
  );
}

const ABOUT_ONE = /^(tools\/call|prompts\/get|completion\/complete|resources\/(read|subscribe|unsubscribe))$/;

/** The other clients say in each call which tool they call. Every server is asked for a resource that none has. */
function isMisdelivered(server: string, body: string): boolean {
  if (body === '') return false;
  const { method = '', params } = JSON.parse(body) as Message;
  if (method === 'subscriptions/listen') return params?.notifications?.resourceSubscriptions !== undefined;
  if (!ABOUT_ONE.test(method) || params?.uri === 'acme://nowhere') return false;
  return !String(params?.arguments?.tool).startsWith(`${server}__`);
}
