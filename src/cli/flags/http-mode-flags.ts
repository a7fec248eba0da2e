/** The flags of HTTP mode, a part of the table in `options.ts`. */
import { UPSTREAM_SESSIONS } from '../../config.ts';
import type { Option } from './option.ts';
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
} from './value-checks.ts';

const OPTIONS: readonly Omit<Option, 'group'>[] = [
  {
    name: 'listen',
    short: 'l',
    value: 'ADDR',
    check: checkListen,
  },
  {
    name: 'client-token',
    value: 'TOKEN|@FILE',
    expands: true,
    check: checkClientToken,
  },
  {
    name: 'allowed-host',
    value: 'NAME',
    repeatable: true,
    check: checkHost,
  },
  {
    name: 'allowed-origin',
    value: 'ORIGIN',
    repeatable: true,
    check: checkOrigin,
  },
  {
    name: 'tls-cert',
    value: 'FILE',
    check: checkNotEmpty,
  },
  {
    name: 'tls-key',
    value: 'FILE',
    check: checkNotEmpty,
  },
  {
    name: 'forward-header',
    value: 'NAME[=UPSTREAM-NAME]',
    repeatable: true,
    check: checkForwardHeader,
    for: 'url',
  },
  {
    name: 'upstream-session',
    value: 'MODE',
    choices: UPSTREAM_SESSIONS,
  },
  {
    name: 'session-idle',
    value: 'SECONDS',
    check: checkSeconds,
  },
  {
    name: 'max-sessions',
    value: 'N',
    check: checkCount,
  },
  {
    name: 'max-children',
    value: 'N',
    check: checkCount,
    for: 'command',
  },
  {
    name: 'child-idle',
    value: 'SECONDS',
    check: checkSeconds,
    for: 'command',
  },
  {
    name: 'max-body',
    value: 'MIB',
    check: checkMebibytes,
  },
  {
    name: 'state',
    value: 'URL',
    expands: true,
  },
  {
    name: 'state-key',
    value: 'KEY|@FILE',
    expands: true,
  },
];

export const HTTP_OPTIONS: readonly Option[] = OPTIONS.map((option) => ({ ...option, group: 'http' }));
