/** The flags of HTTP mode, a part of the table in `options.ts`. */
import { LISTEN_DEFAULTS, UPSTREAM_SESSIONS } from '../../config.ts';
import {
  checkClientToken,
  checkCount,
  checkForwardHeader,
  checkHost,
  checkListen,
  checkMebibytes,
  checkNotEmpty,
  checkOrigin,
  checkSeconds,
} from './checks.ts';
import type { Option } from './option.ts';

const OPTIONS: readonly Omit<Option, 'group'>[] = [
  {
    name: 'listen',
    short: 'l',
    value: 'ADDR',
    help: 'serve HTTP clients on ADDR, such as localhost:8080, or :8080 for every interface; 0 picks a free port',
    check: checkListen,
  },
  {
    name: 'client-token',
    value: 'TOKEN|@FILE',
    expands: true,
    default: 'generated at startup if needed',
    help: 'bearer token that clients on other machines must send; ${NAME} is expanded',
    check: checkClientToken,
  },
  {
    name: 'allowed-host',
    value: 'NAME',
    repeatable: true,
    default: 'names of this machine',
    help: 'accept this Host too',
    check: checkHost,
  },
  {
    name: 'allowed-origin',
    value: 'ORIGIN',
    repeatable: true,
    default: 'origins of this machine',
    help: 'accept web pages of this Origin too',
    check: checkOrigin,
    rare: true,
  },
  {
    name: 'tls-cert',
    value: 'FILE',
    help: 'serve https: with this certificate and its chain, PEM; with --tls-key',
    check: checkNotEmpty,
    rare: true,
  },
  {
    name: 'tls-key',
    value: 'FILE',
    help: 'private key of --tls-cert, PEM',
    check: checkNotEmpty,
    rare: true,
  },
  {
    name: 'forward-header',
    value: 'NAME[=UPSTREAM-NAME]',
    repeatable: true,
    help: 'send this header of the clients on to the server, under another name if one is given',
    check: checkForwardHeader,
    rare: true,
  },
  {
    name: 'upstream-session',
    value: 'MODE',
    choices: UPSTREAM_SESSIONS,
    default: LISTEN_DEFAULTS.upstreamSession,
    help: 'one session at the server per client, or one for all',
  },
  {
    name: 'session-idle',
    value: 'SECONDS',
    default: String(LISTEN_DEFAULTS.sessionIdle / 1_000),
    help: 'close a session that no client uses or listens on for this long',
    check: checkSeconds,
    rare: true,
  },
  {
    name: 'max-sessions',
    value: 'N',
    default: String(LISTEN_DEFAULTS.maxSessions),
    help: 'maximum number of open sessions',
    check: checkCount,
    rare: true,
  },
  {
    name: 'max-body',
    value: 'MIB',
    default: String(LISTEN_DEFAULTS.maxBody / 1_048_576),
    help: 'maximum size of one message of a client, in MiB',
    check: checkMebibytes,
    rare: true,
  },
];

export const HTTP_OPTIONS: readonly Option[] = OPTIONS.map((option) => ({ ...option, group: 'http' }));
