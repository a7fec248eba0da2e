/** The flags with what people read about them. Loaded on demand: a start needs none of it. */
import { DEFAULTS, HTTP_SERVER_DEFAULTS, LISTEN_DEFAULTS } from '../../config.ts';
import { MAX_UPSTREAM_MESSAGE } from '../../wire/frames.ts';
import type { Option } from '../flags/option.ts';
import { OPTIONS } from '../flags/options.ts';
import type { Description } from './description.ts';
import { POLICY_DESCRIPTIONS } from './policy-options.ts';

export type DescribedOption = Option & Description;

const DESCRIPTIONS: Readonly<Record<string, Description>> = {
  header: { help: 'send this header; ${NAME} is expanded' },
  config: { help: 'connect to the servers of a file such as mcp.json' },
  server: { help: 'with --config: connect to this one of them', rare: true },
  transport: { help: 'transport to try first, or the only one', default: 'http-first', rare: true },
  'allow-http': { help: 'allow an http: URL that is not on this machine' },
  'enable-proxy': { help: 'take the proxy from HTTP_PROXY, HTTPS_PROXY, NO_PROXY', rare: true },
  ...POLICY_DESCRIPTIONS,
  timeout: {
    help: 'how long a server may be silent during a request',
    default: String(HTTP_SERVER_DEFAULTS.timeout / 1_000),
    rare: true,
  },
  'open-timeout': {
    help: 'how long a server may be silent while a session is opened',
    default: '45',
    rare: true,
  },
  'max-message': {
    help: 'maximum size of one message of a server, in MiB',
    default: String(MAX_UPSTREAM_MESSAGE / 1_048_576),
    rare: true,
  },
  'log-level': { help: 'how much to log', default: 'info' },
  'log-format': { help: 'plain text, or JSON lines', default: DEFAULTS.logFormat, rare: true },
  quiet: { help: 'log errors only, and what you need to see, such as the page of a sign-in', rare: true },
  json: { help: 'with status and doctor: print JSON', rare: true },
  report: { help: 'with doctor: print a report for an issue, without secrets', rare: true },
  capture: { help: 'record what clients and server say in this file, without secrets and arguments', rare: true },
  'capture-arguments': { help: 'with --capture: record arguments, and what users answer, too', rare: true },
  ca: { help: 'trust the authorities in this PEM file too', rare: true },
  cert: { help: 'client certificate to show to the server, PEM; with --key', rare: true },
  key: { help: 'private key of --cert, PEM', rare: true },
  profile: { help: 'name of the account, to use several at one server', rare: true },
  'auth-timeout': { help: 'how long a call waits for one sign-in in the browser', default: '30', rare: true },
  'device-code': { help: 'sign in with a code that is typed on another device', rare: true },
  'client-credentials': { help: 'sign in as a program; needs --static-oauth-client-info', rare: true },
  'credential-store': {
    help: 'where to keep tokens; keychain needs @napi-rs/keyring',
    default: DEFAULTS.credentialStore,
    rare: true,
  },
  host: { help: 'host name in the OAuth redirect URI', default: HTTP_SERVER_DEFAULTS.auth.redirectHost, rare: true },
  'callback-port': { help: 'fixed port in the OAuth redirect URI', default: 'any free port', rare: true },
  'callback-path': {
    help: 'path in the OAuth redirect URI',
    default: HTTP_SERVER_DEFAULTS.auth.callbackPath,
    rare: true,
  },
  'static-oauth-client-info': {
    help: 'use this registered client (client_id, client_secret, ...); ${NAME} is expanded',
  },
  'static-oauth-client-metadata': { help: 'merge this into the client registration; ${NAME} is expanded', rare: true },
  'client-metadata-url': { help: 'identify with this client ID metadata document instead of registering', rare: true },
  resource: {
    help: 'ask for tokens for this resource (RFC 8707); separates sign-ins to one URL',
    default: 'what the server says',
    rare: true,
  },
  'disable-resource-parameter': { help: 'send no resource parameter', rare: true },
  'authorize-param': { help: 'add this to the authorization request', rare: true },
  'use-id-token': { help: 'send the ID token instead of the access token', rare: true },
  check: { help: 'with status: ask the server whether it still accepts the sign-in', rare: true },
  cwd: { help: 'folder of a local server', rare: true },
  env: { help: 'variable for a local server; ${NAME} is expanded', rare: true },
  'clean-env': { help: 'give a local server only PATH and the like, and what --env names', rare: true },
  help: { help: 'show this help; --help all explains every flag' },
  version: { help: 'show the version' },
  listen: {
    help: 'serve HTTP clients on ADDR, such as localhost:8080, or :8080 for every interface; 0 picks a free port',
  },
  'client-token': {
    help: 'bearer token that clients on other machines must send; ${NAME} is expanded',
    default: 'generated if needed',
  },
  'allowed-host': { help: 'accept this Host too', default: 'loopback names', rare: true },
  'allowed-origin': { help: 'accept web pages of this Origin too', default: 'origins of this machine', rare: true },
  'tls-cert': { help: 'serve https: with this certificate and its chain, PEM; with --tls-key', rare: true },
  'tls-key': { help: 'private key of --tls-cert, PEM', rare: true },
  'forward-header': {
    help: 'send this header of the clients on to the server, under another name if one is given',
    rare: true,
  },
  'upstream-session': {
    help: 'one session at the server per client, or one for all',
    default: LISTEN_DEFAULTS.upstreamSession,
  },
  'session-idle': {
    help: 'close a session that no client uses or listens on for this long',
    default: String(LISTEN_DEFAULTS.sessionIdle / 1_000),
    rare: true,
  },
  'max-sessions': { help: 'maximum number of open sessions', default: String(LISTEN_DEFAULTS.maxSessions), rare: true },
  'max-children': {
    help: 'maximum number of processes of a local server',
    default: String(LISTEN_DEFAULTS.maxChildren),
    rare: true,
  },
  'child-idle': {
    help: 'stop a local server that no client uses for this long',
    default: String(LISTEN_DEFAULTS.childIdle / 1_000),
    rare: true,
  },
  'max-body': {
    help: 'maximum size of one message of a client, in MiB',
    default: String(LISTEN_DEFAULTS.maxBody / 1_048_576),
    rare: true,
  },
  state: {
    help: "share sign-ins with other replicas, and serve each other's sessions, through this Valkey or Redis; ${NAME} is expanded",
    rare: true,
  },
  'state-key': { help: 'with --state: the key that seals what is stored there; ${NAME} is expanded', rare: true },
  name: { help: 'name of the server in the host', default: 'from the URL or the command', rare: true },
  project: { help: "use the configuration of the project in this folder, not the user's", rare: true },
  yes: { help: 'write without asking', rare: true },
  print: { help: 'show what to write, and write nothing', rare: true },
  from: { help: 'take the server that this host has: install <host> --from HOST NAME', rare: true },
};

/** The same flags in the same order. */
export const DESCRIBED: readonly DescribedOption[] = OPTIONS.map((option) => ({
  ...option,
  ...(DESCRIPTIONS[option.name] as Description),
}));
