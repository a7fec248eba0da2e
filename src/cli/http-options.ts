/** The flags of HTTP mode, a part of the table in `options.ts`. */
import { LISTEN_DEFAULTS, UPSTREAM_SESSIONS } from '../config.ts';
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
    help: 'serve HTTP clients on localhost:8080, 127.0.0.1:8080 or [::1]:8080, or on every interface with :8080 (0.0.0.0:8080: IPv4 only); port 0 picks a free one',
    check: checkListen,
  },
  {
    name: 'client-token',
    value: 'TOKEN|@FILE',
    expands: true,
    help: 'bearer token that clients on other machines must send, ${NAME} is expanded; generated at startup if needed and not given',
    check: checkClientToken,
  },
  {
    name: 'allowed-host',
    value: 'NAME',
    repeatable: true,
    help: 'accept this Host too, besides the names of this machine',
    check: checkHost,
  },
  {
    name: 'allowed-origin',
    value: 'ORIGIN',
    repeatable: true,
    help: 'accept web pages of this Origin too, besides those of this machine',
    check: checkOrigin,
  },
  {
    name: 'tls-cert',
    value: 'FILE',
    help: 'serve https: with this certificate and its chain, PEM; with --tls-key',
    check: checkNotEmpty,
  },
  {
    name: 'tls-key',
    value: 'FILE',
    help: 'the private key of --tls-cert, PEM',
    check: checkNotEmpty,
  },
  {
    name: 'forward-header',
    value: 'NAME[=UPSTREAM-NAME]',
    repeatable: true,
    help: 'send this header of the clients on to the server, under another name if one is given',
    check: checkForwardHeader,
  },
  {
    name: 'upstream-session',
    value: 'MODE',
    choices: UPSTREAM_SESSIONS,
    default: LISTEN_DEFAULTS.upstreamSession,
    help: 'a session at the server for each client, or one for all',
  },
  {
    name: 'session-idle',
    value: 'SECONDS',
    default: String(LISTEN_DEFAULTS.sessionIdle / 1_000),
    help: 'close a session that nobody used or listened on for this long',
    check: checkSeconds,
  },
  {
    name: 'max-sessions',
    value: 'N',
    default: String(LISTEN_DEFAULTS.maxSessions),
    help: 'how many sessions may be open at a time',
    check: checkCount,
  },
  {
    name: 'max-body',
    value: 'MIB',
    default: String(LISTEN_DEFAULTS.maxBody / 1_048_576),
    help: 'how large one message of a client may be, in MiB',
    check: checkMebibytes,
  },
];

export const HTTP_OPTIONS: readonly Option[] = OPTIONS.map((option) => ({ ...option, group: 'http' }));
