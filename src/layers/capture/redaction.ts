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

/** Names as the protocol has them for members and methods: a recording without one of them could not be replayed. */
const WORDS = /^[$_]?[a-z]{1,20}(?:[A-Z/._][a-z]{2,20})*$/;

/** Deeper values are left out as a whole. */
const DEEPEST = 64;

/** The event as it may be kept. Text of users is hidden unless `keepsArguments`. */
export function redacted(event: RecordedEvent, redact: Redact, keepsArguments: boolean): RecordedEvent {
  const change = (text: string): string => withoutSecrets(text, redact);
  const safe = (value: Json): Json =>
    safely(() => changed(keepsArguments ? value : withoutArguments(event, value), change));
  if ('method' in event) {
    const { params } = event;
    return { ...event, method: withoutNamed(event.method, change), params: params && safe(params) };
  }
  return 'payload' in event ? { ...event, payload: safe(event.payload) } : event;
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

/** The value with its texts and names changed; every other byte stays. */
function changed(value: Json, change: (text: string) => string, depth = 0): Json {
  if (depth > DEEPEST) return HIDDEN;
  if (isObject(value)) {
    return mapMembers(
      value,
      (inner, key) =>
        SECRET_KEY.test(key) && !PROTOCOL_KEY.test(key) && asString(inner) !== undefined
          ? HIDDEN
          : changed(inner, change, depth + 1),
      (key) => withoutNamed(key, change),
    );
  }
  if (isArray(value)) return arrayOf(elements(value).map((inner) => changed(inner, change, depth + 1)));
  const text = asString(value);
  if (text === undefined) return value;
  const safe = change(text);
  return safe === text ? value : encode(safe);
}

/** The name of a member or of a method, changed unless it looks like a name of the protocol. */
function withoutNamed(name: string, change: (text: string) => string): string {
  return WORDS.test(name) ? name : change(name);
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

/** Rebuilds an object member by member; `change` gets each value with its key. Keys that become equal get numbers. */
function mapMembers(
  text: Json,
  change: (value: Json, key: string) => Json,
  rename: (key: string) => string = (key) => key,
): Json {
  const parts: Buffer[] = [];
  const names = new Set<string>();
  let same = 1;
  for (const { key, from, start, end } of members(text)) {
    const safe = rename(key);
    let name = safe;
    while (names.has(name)) name = `${safe} ${++same}`;
    names.add(name);
    parts.push(
      Buffer.from(parts.length === 0 ? '{' : ','),
      name === key ? text.subarray(from, start) : Buffer.from(`${JSON.stringify(name)}:`),
      change(text.subarray(start, end), key),
    );
  }
  return Buffer.concat([...(parts.length === 0 ? [Buffer.from('{')] : parts), Buffer.from('}')]);
}
