// The table, in the order of docs/mistakes.md.
import { ADDRESSES } from './addresses.ts';
import { CERTIFICATES } from './certificates.ts';
import { CREDENTIALS } from './credentials.ts';
import { DOCTOR } from './doctor.ts';
import { FILES } from './files.ts';
import { HEADERS } from './headers.ts';
import { HTTP_MODE } from './http-mode.ts';
import type { Group } from './mistake.ts';
import { NETWORK } from './network.ts';
import { SERVERS } from './servers.ts';
import { SIGN_IN } from './sign-in.ts';

export const GROUPS: readonly Group[] = [
  ADDRESSES,
  HEADERS,
  FILES,
  NETWORK,
  CERTIFICATES,
  CREDENTIALS,
  SERVERS,
  SIGN_IN,
  HTTP_MODE,
  DOCTOR,
];
