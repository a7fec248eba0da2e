// docs/limits.md says what the source says: each row names a limit that the source has, and a limit that changes there
// changes here.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** The beginning of a row, the words of its limit, and where the source has it: file and text, several of them. */
type Row = readonly [what: string, words: readonly string[], ...source: (readonly [file: string, text: string])[]];

const ROWS: readonly Row[] = [
  ['silence of the server during a request', ['1 hour'], ['src/config.ts', 'DEFAULT_TIMEOUT = 3_600_000;']],
  [
    'silence of the server while a session is opened',
    ['45 seconds', 'or `--timeout` if that is shorter'],
    ['src/layers/deadline.ts', 'HANDSHAKE = 45_000;'],
    ['src/layers/deadline.ts', 'handshake = Math.min(HANDSHAKE, silence)'],
  ],
  ['opening a TCP connection, and TLS', ['30 seconds'], ['src/http/request.ts', 'CONNECT_LIMIT = 30_000;']],
  [
    'the first event of an HTTP+SSE stream',
    ['10 seconds'],
    ['src/upstream/sse/channel.ts', 'ENDPOINT_LIMIT = 10_000;'],
  ],
  [
    'a call that waits for a lost stream of HTTP+SSE',
    ['10 seconds'],
    ['src/upstream/sse/session.ts', 'REQUEST_PATIENCE = 10_000;'],
  ],
  [
    'pause before a stream is opened again',
    ['from a quarter of a second to 5 minutes'],
    ['src/upstream/backoff.ts', 'SHORTEST = 250;'],
    ['src/upstream/backoff.ts', 'LONGEST = 5 * MINUTE;'],
  ],
  [
    'silence of the server on a stream that stays open',
    ['none; after a minute,'],
    ['src/http/request.ts', 'CHECK_AFTER = 60_000;'],
  ],
  [
    'the answer to a ping over HTTP+SSE, after the machine slept for a minute or longer',
    ['5 seconds, or 30 while calls wait for answers'],
    ['src/core/timer.ts', 'SLEPT = 60_000;'],
    ['src/upstream/sse/session.ts', 'WAKE_LIMIT = 5_000;'],
    ['src/upstream/sse/session.ts', 'asked.size > 0 ? OWN_LIMIT : WAKE_LIMIT;'],
    ['src/upstream/sse/session.ts', 'OWN_LIMIT = 30_000;'],
  ],
  [
    'silence of a local server that is asked with a request of 2026-07-28 what it speaks',
    ['5 seconds', '45 seconds more', 'for 10 minutes'],
    ['src/upstream/stdio/era-probe.ts', 'SILENCE = 5_000;'],
    ['src/upstream/stdio/era-probe.ts', 'PATIENCE = 45_000;'],
    ['src/upstream/stdio/era-probe.ts', 'DOWNLOAD = 600_000;'],
  ],
  [
    'pause before busy metadata of a sign-in is asked for again',
    ['1 second', 'up to 10 seconds', 'three times in one search'],
    ['src/auth/oauth/library.ts', '[USUAL_WAIT, LONGEST_WAIT] = [1, 10];'],
    ['src/auth/oauth/discover.ts', 'REPEATS = 3;'],
  ],
  [
    'pause after a failed request for a token',
    ['5 seconds to 5 minutes', 'up to an hour'],
    ['src/auth/failures.ts', '[FIRST_PAUSE, LONGEST_PAUSE] = [5_000, 300_000];'],
    ['src/auth/oauth/library.ts', 'LONGEST_RETRY = 3_600;'],
  ],
  ['one request of a sign-in', ['2 minutes'], ['src/auth/oauth/library.ts', 'REQUEST_LIMIT = 120_000;']],
  [
    'an answer of the client to a question during a call',
    ['as long as the server may be silent', '10 minutes'],
    ['src/state/memory/held-calls.ts', 'HOLD = 10 * 60_000;'],
  ],
  [
    'a server that keeps asking for another attempt',
    ['1 hour in all'],
    ['src/layers/bridge/rounds.ts', 'MAX_WAITING = 60 * 60_000;'],
  ],
  [
    'calls in flight at the end of stdin',
    ['5 seconds; 4 after the parent has died with stdin open; 1.3 after SIGTERM and SIGINT, 5 in HTTP mode'],
    ['src/app/shutdown.ts', "'client-gone': { drain: 5_000,"],
    ['src/app/shutdown.ts', "'parent-gone': { drain: 4_000,"],
    ['src/app/shutdown.ts', 'signal: { drain: 1_300,'],
    ['src/app/http-proxy.ts', "shutdown.begin(reason === 'signal' ? 'client-gone' : reason)"],
  ],
  ['a local server that is told to end', ['10 seconds'], ['src/upstream/stdio/child.ts', 'STOP_LIMIT = 10_000;']],
  ['a call that waits for a sign-in in the browser', ['30 seconds'], ['src/config.ts', 'timeout: 30_000,']],
  [
    'a list that waits for a sign-in',
    ['25 seconds'],
    ['src/layers/first-contact/waiting.ts', 'LIST_PATIENCE = 25_000;'],
  ],
  ['one sign-in in the browser', ['10 minutes'], ['src/auth/vault/vault.ts', 'LONGEST_SIGN_IN = 10 * 60_000;']],
  [
    "the user's answer to `--confirm`",
    ['10 minutes'],
    ['src/layers/policy/confirm/confirm.ts', 'PATIENCE = 10 * 60_000;'],
    ['src/layers/policy/confirm/confirmations.ts', 'LIFETIME = 10 * 60_000;'],
  ],
  ['one message of a server', ['256 MiB'], ['src/wire/frames.ts', 'MAX_UPSTREAM_MESSAGE = 256 * 1024 * 1024;']],
  [
    'one message of a client on stdio',
    ['32 MiB'],
    ['src/wire/frames.ts', 'MAX_DOWNSTREAM_MESSAGE = 32 * 1024 * 1024;'],
  ],
  ['one message of a client over HTTP', ['4 MiB'], ['src/config.ts', 'maxBody: 4 * 1_048_576,']],
  ['the text in the result of a tool', ['none of its own']],
  ['a document that describes a sign-in', ['1 MiB'], ['src/auth/oauth/library.ts', 'BODY_LIMIT = 1_048_576;']],
  ['nesting of JSON', ['2,000 levels'], ['src/core/json-scanner.ts', 'MAX_DEPTH = 2_000;']],
  ['the id of a request', ['1 KiB'], ['src/core/ids.ts', 'MAX_ID = 1_024;']],
  [
    'a recording',
    ['1 GiB', 'up to 256 MiB'],
    ['src/state/files/recording.ts', 'LARGEST = 1_073_741_824;'],
    ['src/app/replay.ts', 'LARGEST = 256 * 1_048_576;'],
  ],
  ['a configuration file', ['16 MiB'], ['src/cli/config-file/file.ts', 'MAX_LENGTH = 16 * 1_048_576;']],
  [
    'requests of one client on stdio that wait for answers',
    ['10,000, and 128 MiB'],
    ['src/wire/link.ts', 'MAX_INCOMING = 10_000;'],
    ['src/wire/link.ts', 'MAX_INCOMING_BYTES = 128 * 1_048_576;'],
  ],
  [
    'questions of a server that wait for answers',
    ['1,000, and 64 MiB', '32, and 8 MiB'],
    ['src/upstream/streamable/questions.ts', 'MAX_OPEN = 1_000;'],
    ['src/upstream/streamable/questions.ts', 'MAX_BYTES = 64 * 1_048_576;'],
    ['src/layers/bridge/held/open-questions.ts', 'MAX_QUESTIONS = 32;'],
    ['src/layers/bridge/held/open-questions.ts', 'MAX_BYTES = 8 * 1_048_576;'],
  ],
  [
    'subscriptions of one client',
    ['1,000, and 1 MiB', '256 KiB'],
    ['src/upstream/journal.ts', 'MAX_SUBSCRIPTIONS = 1_000;'],
    ['src/upstream/journal.ts', 'MAX_BYTES = 1_048_576;'],
    ['src/layers/sharing/subscribers.ts', 'MAX_CHARACTERS = 262_144;'],
    ['src/layers/bridge/resource-subscriptions.ts', 'MAX_CHARACTERS = 262_144;'],
  ],
  [
    'pages of a list that the proxy reads for itself',
    ['100; for a filter 1,000'],
    ['src/upstream/stateless/transport.ts', 'MAX_PAGES = 100;'],
    ['src/layers/policy/tool-pages.ts', 'MAX_PAGES = 1_000;'],
  ],
  [
    'redirects of one request',
    ['5; for a document that describes a sign-in 3'],
    ['src/http/redirects.ts', 'MAX_REDIRECTS = 5;'],
    ['src/auth/oauth/library.ts', 'MAX_REDIRECTS = 3;'],
  ],
  ['interim responses (1xx) to one request', ['1,000'], ['src/http/request.ts', 'MAX_INTERIM = 1_000;']],
  [
    'starts of a local server that ends within 10 seconds',
    ['3, then one a minute'],
    ['src/upstream/stdio/restarts.ts', 'QUICK = 10_000;'],
    ['src/upstream/stdio/restarts.ts', 'MAX_QUICK = 3;'],
    ['src/upstream/stdio/restarts.ts', 'COOL_DOWN = 60_000;'],
  ],
  ['sessions', ['10,000'], ['src/config.ts', 'maxSessions: 10_000,']],
  [
    'ending sessions',
    ['as many again, but at least 1,000'],
    ['src/state/memory/sessions.ts', 'MAX_CLOSING = 1_000;'],
    ['src/state/memory/sessions.ts', 'Math.max(max, MAX_CLOSING)'],
  ],
  ['a session that no client uses', ['30 minutes'], ['src/config.ts', 'sessionIdle: 1_800_000,']],
  ['processes of a local server', ['32'], ['src/config.ts', 'maxChildren: 32,']],
  ['a process that no client uses', ['10 minutes'], ['src/config.ts', 'childIdle: 600_000,']],
  [
    'calls that wait for answers',
    ['1,000 of one session or connection', '5,000 of one address, and 10,000 in all'],
    ['src/downstream/http/sessions/too-many-calls.ts', 'MAX_OPEN_CALLS = 1_000;'],
    ['src/downstream/http/stateless/clients.ts', '{ own: 1_000, group: 5_000, all: 10_000, small: 0 };'],
  ],
  [
    'the messages of these calls',
    ['32 MiB of one session or connection, 128 MiB of one address, 256 MiB in all'],
    ['src/downstream/http/body-budget.ts', '{ own: 32 * MIB, group: 128 * MIB, all: 256 * MIB, small: 16_384 };'],
  ],
  [
    'messages that are arriving',
    ['32 MiB of one session or connection, 128 MiB of one address, 512 MiB in all'],
    ['src/downstream/http/body-budget.ts', '{ own: 32 * MIB, group: 128 * MIB, all: 512 * MIB, small: 16_384 };'],
  ],
  [
    'messages kept for a client that reconnects',
    ['256, or 1 MiB, for each session', '256 MiB in all', 'at most 16 KiB'],
    ['src/state/memory/replay-buffer.ts', 'MAX_EVENTS = 256;'],
    ['src/state/memory/replay-buffer.ts', 'MAX_BYTES = 1_048_576;'],
    ['src/state/memory/replay-buffer.ts', 'max = 256 * 1_048_576'],
    ['src/state/memory/replay-buffer.ts', 'SMALL = 16_384;'],
  ],
  [
    'notifications that the server has not taken',
    ['1,000, and 16 MiB, of one session', '256 MiB in all'],
    ['src/downstream/http/pending-notifications.ts', 'MAX_NOTIFICATIONS = 1_000;'],
    ['src/downstream/http/pending-notifications.ts', 'MAX_BYTES = 16 * 1_048_576;'],
    ['src/downstream/http/pending-notifications.ts', 'MAX_ALL = 256 * 1_048_576;'],
  ],
  [
    'a client that does not read its answers',
    ['1 minute', '10 seconds', '128 MiB'],
    ['src/downstream/http/connections.ts', 'STALLED = 60_000;'],
    ['src/downstream/http/connections.ts', 'STALLED_MUCH = 10_000;'],
    ['src/downstream/http/connections.ts', 'MUCH = 128 * 1_048_576;'],
  ],
  [
    'what waits for clients to read it',
    ['256 MiB of one address, 512 MiB in all'],
    ['src/downstream/http/response/unread.ts', 'group: 256 * MIB, all: 512 * MIB,'],
  ],
  [
    'a connection without a request',
    ['75 seconds'],
    ['src/downstream/http/connections.ts', 'KEPT = 75_000;'],
    ['src/downstream/http/server.ts', '_keepAliveTimeout = KEPT;'],
  ],
  [
    'headers of a request',
    ['15 seconds, and 16 KiB'],
    ['src/downstream/http/server.ts', 'headersTimeout: 15_000,'],
    ['src/downstream/http/server.ts', 'maxHeaderSize: 16_384,'],
  ],
  ['the body of a request', ['1 minute'], ['src/downstream/http/server.ts', 'requestTimeout: 60_000,']],
];

/** The first two cells of every row. */
const documented = read('docs/limits.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| what |'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| /, '')))
  .map(([what = '', limit = '']) => ({ what, limit }));

/** What may follow the words for a limit. */
const ENDS = [',', ';', ' ('];
const LIMITS = ROWS.map(([what, words, ...sources]) => ({ what, words, sources }));

it.each(LIMITS)('$what', ({ what, words, sources }) => {
  const [row, ...more] = documented.filter((one) => ENDS.some((end) => `${one.what},`.startsWith(what + end)));
  expect(more).toEqual([]);
  for (const word of words) expect(row?.limit ?? '').toContain(word);
  for (const [file, text] of sources) expect(read(file).includes(text), `${file}: ${text}`).toBe(true);
});

it('every row is known here', () => {
  expect(documented.length).toBe(ROWS.length);
});
