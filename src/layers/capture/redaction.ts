/** What of a message a recording must not hold: secrets, and what users have typed. Pure. */
import {
  arrayOf,
  asString,
  elements,
  encode,
  isArray,
  isObject,
  type Json,
  JsonError,
  members,
} from '../../core/json.ts';
import type { Redact } from '../../core/redact.ts';
import type { RecordedEvent } from '../../wire/recording.ts';

const HIDDEN = encode('[redacted]');

/** Members whose texts are secrets, whatever their values look like. */
const SECRET_KEY =
  /pass(?:word|wd|phrase)|secret|credential|authori[sz]ation|cookie|api[-_]?key|private[-_]?key|token$|^requestState$/i;
/** Opaque words of the protocol that tie messages together. */
const PROTOCOL_KEY = /^(?:progressToken|nextCursor|cursor)$/;

/** Credentials by their form: after a scheme, JSON Web Tokens, keys of well-known providers, user info and queries of URLs. */
const CREDENTIALS =
  /\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}|(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\b(?:sk|pk|rk)[-_](?:live|test|ant|proj|or)?[-_]?[\w-]{16,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abprs]-[\w-]{10,}|\bAKIA[A-Z0-9]{12,}|\bAIza[\w-]{30,}/g;
/** A scheme has a limit here: otherwise a long text would be read again from each of its dots. */
const USER_INFO = /(\b[a-z][\w+.-]{0,30}:\/\/)[^\s/@"]+@/gi;
const SECRET_QUERY = /([?&](?:[\w-]*(?:token|secret|signature|password|key)|sig|code|state)=)[^&\s"#]+/gi;

/** Deeper values are left out as a whole. */
const DEEPEST = 64;

/** The event as it may be kept. Text of users is hidden unless `keepsArguments`. */
export function redacted(event: RecordedEvent, redact: Redact, keepsArguments: boolean): RecordedEvent {
  const value = 'method' in event ? event.params : 'payload' in event ? event.payload : undefined;
  if (value === undefined) return event;
  const own = keepsArguments ? value : withoutArguments(event, value);
  const safe = safely(() => changed(own, (text) => withoutSecrets(text, redact)));
  if ('method' in event) return { ...event, params: safe };
  return 'payload' in event ? { ...event, payload: safe } : event;
}

/** Without what a user has typed: arguments of a request, and every answer of the client to a question. */
function withoutArguments(event: RecordedEvent, value: Json): Json {
  if (event.from === 'server') return value;
  if (event.kind === 'result') return safely(() => hidden(value, /^(?:action|role|model|stopReason|resultType)$/));
  if (event.kind !== 'request' || !isObject(value)) return value;
  return safely(() =>
    mapMembers(value, (inner, key) => {
      switch (key) {
        case 'arguments':
        case 'inputResponses':
          return hidden(inner);
        case 'argument':
          return hidden(inner, /^name$/);
        case 'context':
          return event.method === 'completion/complete' ? hidden(inner) : inner;
        default:
          return inner;
      }
    }),
  );
}

/** The value with every text and number in it hidden, except in these members. */
function hidden(value: Json, kept?: RegExp, depth = 0): Json {
  if (depth > DEEPEST) return HIDDEN;
  if (isObject(value))
    return mapMembers(value, (inner, key) =>
      kept?.test(key) && asString(inner) !== undefined ? inner : hidden(inner, kept, depth + 1),
    );
  if (isArray(value)) return arrayOf(elements(value).map((inner) => hidden(inner, kept, depth + 1)));
  return HIDDEN;
}

/** The value with its texts changed; every other byte stays. */
function changed(value: Json, change: (text: string) => string, depth = 0): Json {
  if (depth > DEEPEST) return HIDDEN;
  if (isObject(value)) {
    return mapMembers(value, (inner, key) =>
      SECRET_KEY.test(key) && !PROTOCOL_KEY.test(key) && asString(inner) !== undefined
        ? HIDDEN
        : changed(inner, change, depth + 1),
    );
  }
  if (isArray(value)) return arrayOf(elements(value).map((inner) => changed(inner, change, depth + 1)));
  const text = asString(value);
  if (text === undefined) return value;
  const safe = change(text);
  return safe === text ? value : encode(safe);
}

function withoutSecrets(text: string, redact: Redact): string {
  return redact(text).replace(CREDENTIALS, '***').replace(USER_INFO, '$1***@').replace(SECRET_QUERY, '$1***');
}

/** A value that cannot be read is not kept. */
function safely(make: () => Json): Json {
  try {
    return make();
  } catch (error) {
    if (error instanceof JsonError) return HIDDEN;
    throw error;
  }
}

/** Rebuilds an object member by member; `change` gets each value with its key. */
function mapMembers(text: Json, change: (value: Json, key: string) => Json): Json {
  const parts: Buffer[] = [];
  for (const { key, from, start, end } of members(text)) {
    parts.push(
      Buffer.from(parts.length === 0 ? '{' : ','),
      text.subarray(from, start),
      change(text.subarray(start, end), key),
    );
  }
  return Buffer.concat([...(parts.length === 0 ? [Buffer.from('{')] : parts), Buffer.from('}')]);
}
