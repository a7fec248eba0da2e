/** Refusals of a credential with a status other than 401: the server, or a gateway in front of it, could not even read it. */
import type { HttpRequest, HttpResponse } from '../core/fetch.ts';
import { parseChallenges } from './challenge.ts';

/** From this many characters on, the token is what makes a request exceed the limits of common servers. */
const LARGE = 4_096;
/** How many bytes of a body to examine, and how many to read at most. A larger body is not about a header. */
const [EXAMINED, READ] = [8_192, 1_048_576];

/** "Request Header Or Cookie Too Large", "Size of a request header field exceeds server limit", "token too long". */
const TOO_LARGE =
  /\b(?:headers?|tokens?|jwt|credentials?)\b[^.<]{0,60}\b(?:too (?:large|long|big)|exceeds?)\b|\b(?:too (?:large|long|big)|size of)\b[^.<]{0,60}\bheaders?\b/i;
/** "Malformed bearer token", "Authorization header is invalid". */
const MALFORMED =
  /\b(?:malformed|invalid|bad)\b[^.<]{0,30}\b(?:authorization header|(?:bearer|access) token|jwt)\b|\b(?:authorization header|(?:bearer|access) token|jwt)\b[^.<]{0,30}\b(?:malformed|invalid|badly formed)\b/i;
/** `{"error":"invalid_token"}`. */
const INVALID_TOKEN = /^\s*\{[^{}]*"error"\s*:\s*"invalid_token"/;

export interface RefusedToken {
  /** Whether the server refused because of the credential. */
  readonly blamed: boolean;
  /** The same response, with its body still unread. */
  readonly response: HttpResponse;
}

/** What the server has accepted before this request. */
export interface AcceptedBearers {
  /** This very bearer: it is neither too large nor malformed. */
  readonly same: boolean;
  /** Any bearer of this process: words about a token then mean one in the arguments of a call. */
  readonly any: boolean;
}

/** Decides whether a response with the status 400, 413, 414, 431 or 494 is about the bearer of its request. */
export async function examine(
  request: HttpRequest,
  response: HttpResponse,
  bearer: string,
  taken: AcceptedBearers,
): Promise<RefusedToken> {
  const { status, headers } = response;
  if (status !== 400 && taken.same) return { blamed: false, response };
  // nginx has a status of its own for headers that are too large.
  const isHeader = status === 431 || status === 494;
  if (isHeader || challenged(headers['www-authenticate'], taken.same ? BLAMES_TAKEN : BLAMES))
    return { blamed: true, response };
  if (status !== 400 && isLargest(request, bearer)) return { blamed: true, response };
  const isStream = /^text\/event-stream/i.test(String(headers['content-type'] ?? ''));
  if (isStream || Number(headers['content-length'] ?? 0) > EXAMINED) return { blamed: false, response };
  const bytes = await response.body.bytes(READ);
  const text = bytes.toString('utf8', 0, EXAMINED);
  const worded = !taken.any && (TOO_LARGE.test(text) || MALFORMED.test(text));
  // A JSON-RPC message is an answer of the MCP server itself.
  const blamed = !text.includes('"jsonrpc"') && (worded || INVALID_TOKEN.test(text));
  return { blamed, response: { ...response, body: alreadyRead(bytes) } };
}

/** Errors that blame the token. Servers that reject a malformed one under RFC 6750, section 3.1, may answer 400. */
const BLAMES = /^invalid_(token|request)$/;
/** The same for a bearer that the server has accepted before: `invalid_request` also means a missing parameter. */
const BLAMES_TAKEN = /^invalid_token$/;

function challenged(field: string | string[] | undefined, blames: RegExp): boolean {
  return parseChallenges([field ?? []].flat().join(', ')).some(
    ({ scheme, parameters }) => scheme === 'bearer' && blames.test(parameters.get('error') ?? ''),
  );
}

function isLargest({ url, body = [] }: HttpRequest, bearer: string): boolean {
  const others = body.reduce((sum, { length }) => sum + length, url.href.length);
  return bearer.length >= LARGE && bearer.length > others;
}

function alreadyRead(bytes: Buffer): HttpResponse['body'] {
  return {
    each: async (sink) => {
      await sink(bytes);
    },
    bytes: async () => bytes,
    destroy() {},
  };
}
