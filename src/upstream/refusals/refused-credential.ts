/**
 * The message to a user whose request was refused with 401 or 403: which credential it was, and
 * what is probably wrong with it.
 */

import { membersOf, serverWords } from '../../core/error-text.ts';
import type { SentCredential } from '../../core/fetch.ts';
import { printable, redactor } from '../../core/redact.ts';

/** Longer texts of a server are only in `error.data.body`: cut here, they could end in the middle of a secret. */
const LONGEST_WORDS = 200;

const EXAMPLE = '-H "Authorization: Bearer ${TOKEN}"';

export interface RefusedCredential {
  /** The URL of the request, as it may be shown. */
  readonly where: string;
  readonly status: 401 | 403;
  /** Undefined: the request did not carry one. */
  readonly credential: SentCredential | undefined;
  /** `WWW-Authenticate`. */
  readonly challenge: string;
  /** The beginning of the body. */
  readonly body: string;
}

/** @param now milliseconds since the epoch. */
export function refusedCredential(
  refused: RefusedCredential,
  now: number,
): { readonly message: string; readonly hint: string } {
  const { where, status, credential } = refused;
  const hide = redactor(credential?.secrets ?? []);
  const words = hide(wordsOf(refused));
  const said = words === '' || words.length > LONGEST_WORDS ? '' : `: ${words}`;
  return { message: `${where} ${problem(status, credential)} (HTTP ${status})${said}`, hint: hintFor(refused, now) };
}

function problem(status: 401 | 403, credential: SentCredential | undefined): string {
  if (credential?.value === undefined) return status === 401 ? 'asks for authorization' : 'refuses this request';
  switch (credential.from) {
    case 'header':
      return `refuses the value of --header ${credential.name}`;
    case 'url':
      return 'refuses the user name and password in the URL';
    case 'client':
      return `refuses the header ${credential.name} of the client`;
    case 'sign-in':
      return status === 401 ? 'refuses the token of the sign-in' : 'does not allow this to the account of the sign-in';
  }
}

function hintFor({ where, status, credential }: RefusedCredential, now: number): string {
  if (credential?.value === undefined) {
    if (status === 403) return 'the server, or a firewall in front of it, may block this machine; ask its operator';
    return credential
      ? `the client must send the header ${credential.name}, which goes on to the server`
      : `give the credentials with --header, for example ${EXAMPLE}`;
  }
  if (credential.from === 'sign-in') {
    return status === 401
      ? `mcp-proxy logout ${where}, then sign in again; if that does not help, ask the operator of the server`
      : 'sign in with another account (--profile NAME keeps both), or ask the operator of the server';
  }
  if (credential.from === 'url') return 'check both; in a URL, write their @ : / % as %40 %3A %2F %25';
  const example = credential.from === 'header' ? exampleFor(credential) : undefined;
  const likely = likelyReason(credential.name, credential.value, now, example);
  if (likely !== undefined) return likely;
  return status === 401
    ? 'check the name of the header, and that its value is complete, still valid and meant for this server'
    : 'the credential may be wrong, or lack the permission (scope) for this; ask the operator of the server';
}

function exampleFor({ name }: SentCredential): (variable: string) => string {
  const scheme = name.toLowerCase() === 'authorization' ? 'Bearer ' : '';
  return (variable) => `-H "${name}: ${scheme}\${${variable}}"`;
}

/** A variable of a shell, of PowerShell or of cmd.exe, and nothing else. */
const VARIABLE = /^(?:\$(?:env:)?(\w+)|%(\w+)%|!(\w+)!)$/i;
/** A name that can be repeated: a secret that looks like a variable has digits or lower-case letters. */
const PLAIN_NAME = /^[A-Z]+(?:_[A-Z]+)*$/;

/** Why a server refuses this value, if that is visible; `example` writes the header with a variable in it. */
function likelyReason(
  name: string,
  value: string,
  now: number,
  example: ((variable: string) => string) | undefined,
): string | undefined {
  const [, scheme, credentials = value] = /^([A-Za-z]+)\s+(.*)$/.exec(value) ?? [];
  const [, ...variables] = VARIABLE.exec(credentials) ?? [];
  const variable = variables.find((found) => found !== undefined);
  if (variable !== undefined) {
    const known = PLAIN_NAME.test(variable) ? variable : 'NAME';
    const instead = example
      ? `write ${example(known)}, which takes ${known} from the environment`
      : 'let the client fill it in';
    return `it is the name of a variable that nothing has expanded; ${instead}`;
  }
  if (/^<.*>$/.test(credentials))
    return 'it is an example in angle brackets; replace all of it, brackets included, with your own';
  if (/^["'].*|["']$/.test(credentials)) return 'it has quotes in it, which were sent too; leave them out';
  if (scheme !== undefined && /^(?:bearer|basic)\s/i.test(credentials))
    return `it has two schemes; write ${scheme} once`;
  const end = expiryOf(credentials);
  if (end !== undefined && end <= now) return `the token expired at ${isoTime(end)}; get a new one`;
  if (/authorization$/i.test(name) && scheme === undefined) {
    const instead = example ? `, such as Bearer: ${example('TOKEN')}` : ', such as Bearer';
    return `it has no scheme in front of the credentials${instead}`;
  }
  return undefined;
}

/**
 * When a JSON Web Token expires (RFC 7519, section 4.1.4), in milliseconds since the epoch;
 * undefined for anything else.
 */
function expiryOf(token: string): number | undefined {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token) ?? [];
  if (payload === undefined) return undefined;
  const { exp } = membersOf(Buffer.from(payload, 'base64url').toString('utf8'));
  // The largest date (ECMA-262, section 21.4.1.1).
  return typeof exp === 'number' && Math.abs(exp) <= 8.64e12 ? exp * 1000 : undefined;
}

function isoTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** What the server says to a human reader, in the challenge (RFC 6750, section 3) or in the body. */
function wordsOf({ challenge, body }: RefusedCredential): string {
  const described = /\berror_description="((?:[^"\\]|\\.)*)"/.exec(challenge)?.[1]?.replace(/\\(.)/g, '$1');
  return printable(described ?? serverWords(body), Infinity);
}
