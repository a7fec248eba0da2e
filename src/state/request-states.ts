/**
 * `requestState` as text: `p1.CLAIM.MAC`, both in Base64url. The claim is JSON, and its MAC is HMAC-SHA-256 (RFC 2104)
 * under a key that never leaves this process. A client can read the claim, which tells it nothing, but cannot change it.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isObject, type Json, withoutMembers } from '../core/json.ts';
import type { BoundRequest, RequestStates } from '../core/ports/held.ts';
import { canonical } from '../mcp/eras/canonical.ts';
import { HOLD } from './memory/held-calls.ts';

const VERSION = 'p1';
/** What the members of a claim are called in the text. */
interface WrittenClaim {
  /** The handle of the held call; left out when the call can be sent anew. */
  readonly h?: string;
  /** When it expires, in milliseconds since the epoch. */
  readonly x: number;
  readonly p: string;
  readonly d: string;
}

/** No state of ours is longer. */
const LONGEST = 1_024;
/** Members of the parameters in which the two requests differ. */
const OTHERS = ['_meta', 'inputResponses', 'requestState'];

export function requestStates(now: () => number = Date.now, key: Buffer = randomBytes(32)): RequestStates {
  const mac = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  /** The owner as the client may see it. */
  const tag = (owner: string): string => mac(`owner\0${owner}`).toString('base64url', 0, 16);
  return {
    seal(claim, request) {
      const written: WrittenClaim = {
        ...(claim.kind === 'held' && { h: claim.handle }),
        x: now() + HOLD,
        p: tag(request.owner),
        d: digest(request),
      };
      const head = `${VERSION}.${Buffer.from(JSON.stringify(written)).toString('base64url')}`;
      return `${head}.${mac(head).toString('base64url')}`;
    },
    open(state, request) {
      const [version, body, given, ...rest] = state.length > LONGEST ? [] : state.split('.');
      if (version !== VERSION || !body || !given || rest.length > 0) return refused('malformed');
      const expected = Buffer.from(mac(`${VERSION}.${body}`).toString('base64url'));
      // Compared as text, because several texts decode to the same bytes.
      const written = Buffer.from(given);
      if (written.length !== expected.length || !timingSafeEqual(written, expected)) return refused('mac');
      // Only this process can have written it.
      const { h, x, p, d } = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as WrittenClaim;
      if (x <= now()) return refused('expired');
      if (p !== tag(request.owner)) return refused('principal');
      if (d !== digest(request)) return refused('digest');
      return h === undefined ? { kind: 'again' } : { kind: 'held', handle: h };
    },
  };
}

/** The same with a handle at the end, by which another replica finds the one that made it. */
export function homedStates(states: RequestStates, newHandle: () => string): RequestStates {
  return {
    seal: (claim, request) => `${states.seal(claim, request)}.${newHandle()}`,
    open: (state, request) => states.open(state.slice(0, Math.max(0, state.lastIndexOf('.'))), request),
  };
}

function refused<R extends string>(reason: R): { readonly kind: 'refused'; readonly reason: R } {
  return { kind: 'refused', reason };
}

/** What the request is about, however its client spells it. */
function digest({ method, params }: Pick<BoundRequest, 'method' | 'params'>): string {
  const salient: Json = isObject(params) ? withoutMembers(params, OTHERS) : Buffer.from('{}');
  const text = `${JSON.stringify(method)}${canonical(salient)}`;
  return createHash('sha256').update(text).digest().toString('base64url', 0, 16);
}
