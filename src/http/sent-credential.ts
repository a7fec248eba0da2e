/** Finds the header that was the credential of a refused request. */
import type { ForwardedHeader } from '../config.ts';
import type { HttpRequest, SentCredential } from '../core/fetch.ts';

/** Headers that carry a credential, by common names: `X-API-Key`, `Private-Token`, `Cookie`. */
const PROVES = /auth|token|key|secret|cookie|password|credential/i;

type SentHeaders = readonly (readonly [name: string, value: string])[];

export interface CredentialOptions {
  /** The user's headers. */
  readonly headers: SentHeaders;
  /** Whether `Authorization` is the user info of the URL. */
  readonly authorizationFromUrl?: boolean;
  /** The headers of clients that the server gets. */
  readonly forwardHeaders?: readonly ForwardedHeader[];
}

/** Undefined when the request had no credential and did not need one from a client. */
export function sentCredential(
  { headers, authorizationFromUrl, forwardHeaders = [] }: CredentialOptions,
  request: Pick<HttpRequest, 'headers'>,
): SentCredential | undefined {
  const forwarded = forwardHeaders.map(({ from, to }) => [from, to, request.headers[to]] as const);
  const secrets = forwarded.flatMap(([, , value]) => value ?? []);
  const ofClient = forwarded.find(([, to]) => to === 'authorization') ?? forwarded.find(([, to]) => PROVES.test(to));
  if (ofClient?.[2] !== undefined) return { from: 'client', name: ofClient[0], value: ofClient[2], secrets };
  const given =
    headers.find(([name]) => name.toLowerCase() === 'authorization') ?? headers.find(([name]) => PROVES.test(name));
  if (given) {
    const [name, value] = given;
    const fromUrl = authorizationFromUrl === true && name.toLowerCase() === 'authorization';
    return { from: fromUrl ? 'url' : 'header', name, value, secrets };
  }
  return ofClient && { from: 'client', name: ofClient[0], value: undefined, secrets };
}
