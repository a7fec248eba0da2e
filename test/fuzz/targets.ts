// Every parser that reads what a peer, a file or a user wrote. Each may refuse a text with its own error, and nothing
// else: any other exception would end the process.
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { demandOf, parseChallenges } from '../../src/auth/challenge.ts';
import { parseArguments } from '../../src/cli/flags/args.ts';
import { plainStart } from '../../src/cli/flags/plain-start.ts';
import { elements, isArray, isObject, JsonError, members, parseValue, withMember } from '../../src/core/json.ts';
import { parseFrame } from '../../src/core/jsonrpc.ts';
import { printable, redactor } from '../../src/core/redact.ts';
import { ProxyError } from '../../src/errors.ts';
import { jsonValue, removeFromJson, setInJson } from '../../src/hosts/formats/json-edit.ts';
import { removeFromToml, setInToml, tomlValue } from '../../src/hosts/formats/toml-edit.ts';
import { Unreadable } from '../../src/hosts/formats/unreadable.ts';
import { CookieJar } from '../../src/http/cookies.ts';
import { annotationsOf, headerValue } from '../../src/mcp/headers.ts';
import { pageOf, withEntries } from '../../src/mcp/tool-list.ts';
import { requestStates } from '../../src/state/request-states.ts';
import { readRecording } from '../../src/upstream/recorded/recording.ts';
import { LineReader } from '../../src/wire/lines.ts';
import { retryAfterSeconds } from '../../src/wire/retry-after.ts';
import { EventTooLarge, SseParser } from '../../src/wire/sse.ts';
import type { Random } from '../unit/core/random.ts';
import { cut } from './mutations.ts';

export interface Target {
  readonly name: string;
  /** Right texts, from which wrong ones are made. */
  readonly corpus: readonly string[];
  /** Throws when the text shows a fault. */
  readonly check: (bytes: Buffer, random: Random) => void;
}

type ErrorClass = abstract new (...args: never[]) => Error;

/** The outcome; undefined when the text is refused with one of these errors. */
function unless<T>(errors: readonly ErrorClass[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (errors.some((known) => error instanceof known)) return undefined;
    throw error;
  }
}

const LIMIT = 4_096;

const MESSAGES = [
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"é\\u00e9","n":12345678901234567890}}}',
  '{"jsonrpc":"2.0","id":"a","result":{"tools":[{"name":"a","inputSchema":{"type":"object","properties":{"x":{"type":"string","x-mcp-header":"X"}}}}],"nextCursor":"2"}}',
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":0.5}}',
  '[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}]',
];

/** Numbers that doubles cannot hold make no difference to whether a text is JSON. */
function isJson(text: string): boolean {
  return unless([SyntaxError], () => [JSON.parse(text)]) !== undefined;
}

function linesOf(chunks: readonly Buffer[]): string[] {
  const lines: string[] = [];
  const reader = new LineReader(
    LIMIT,
    (line) => lines.push(line.toString('latin1')),
    (head, tail) => lines.push(`too long: ${head.length} ${tail.length}`),
  );
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return lines;
}

function eventsOf(chunks: readonly Buffer[]): string[] {
  const events: string[] = [];
  const parser = new SseParser(LIMIT, ({ data, type, id }) => {
    events.push(JSON.stringify([data.toString('latin1'), type, id]));
  });
  try {
    for (const chunk of chunks) parser.push(chunk);
  } catch (error) {
    if (!(error instanceof EventTooLarge)) throw error;
    // How much of a large event is read before that shows depends on the chunks.
    return [];
  }
  return events;
}

const STATE_REQUEST = { method: 'tools/call', params: Buffer.from('{"name":"a"}'), owner: 'a' };
const states = requestStates(() => 0);
const STATE = states.seal({ kind: 'held', handle: 'h' }, STATE_REQUEST);

const CONFIG = '{\n  // servers\n  "mcpServers": {\n    "a": { "command": "node", "args": ["x"] },\n  }\n}\n';
const TOML = '[mcp_servers.a]\ncommand = "node"\nargs = ["x", "y"]\n\n[other]\nn = 1_000\nd = 1979-05-27T07:32:00Z\n';

export const TARGETS: readonly Target[] = [
  {
    name: 'lines',
    corpus: [MESSAGES.join('\n'), `${'x'.repeat(LIMIT + 10)}\r\nshort\n\n`],
    check: (bytes, random) => deepStrictEqual(linesOf(cut(bytes, random)), linesOf([bytes])),
  },
  {
    name: 'event streams',
    corpus: [
      `id: 1\nevent: message\ndata: ${MESSAGES[0]}\n\n`,
      ': beat\r\n\r\nretry: 10\rdata: a\rdata: b\r\r',
      '\uFEFFdata:x\n\n',
    ],
    check: (bytes, random) => {
      const whole = eventsOf([bytes]);
      const pieces = eventsOf(cut(bytes, random));
      if (whole.length > 0 && pieces.length > 0) deepStrictEqual(pieces, whole);
    },
  },
  {
    name: 'JSON',
    corpus: [...MESSAGES, '[1, -0.5e+10, "\\ud83e\\uddea", null, true, {"a":{}}]'],
    check: (bytes) => {
      const text = bytes.toString('utf8');
      // Bytes that are no UTF-8 have no text to compare with.
      const isText = Buffer.from(text).equals(bytes) && !text.startsWith('\uFEFF');
      const value = unless([JsonError], () => parseValue(bytes));
      if (isText) strictEqual(value !== undefined, isJson(text), text);
      if (isObject(value)) {
        const all = unless([JsonError], () => members(value));
        if (all && isText) strictEqual(all.length, Object.keys(JSON.parse(text) as object).length);
        const set = all && withMember(value, 'added', Buffer.from('[]'));
        if (set && isText) deepStrictEqual((JSON.parse(set.toString()) as { added: unknown }).added, []);
      }
      if (isArray(value)) unless([JsonError], () => elements(value));
    },
  },
  {
    name: 'messages',
    corpus: MESSAGES,
    check: (bytes) => {
      const frame = unless([JsonError], () => parseFrame(bytes));
      for (const message of frame?.messages ?? []) {
        if (message.kind === 'response' && 'result' in message.reply) {
          const { result } = message.reply;
          const page = unless([JsonError], () => pageOf('tools/list', result));
          if (page) unless([JsonError], () => withEntries(page, page.entries));
        }
      }
    },
  },
  {
    name: 'tool schemas',
    corpus: [
      '{"type":"object","properties":{"a":{"type":"string","x-mcp-header":"Region"},"b":{"type":"object","properties":{}}}}',
    ],
    check: (bytes) => void unless([JsonError, SyntaxError], () => annotationsOf(bytes)),
  },
  {
    name: 'header values',
    corpus: ['plain', '=?base64?YQ==?=', 'é世', ' blanks '],
    check: (bytes) => {
      const text = bytes.toString('utf8');
      const value = headerValue(text);
      ok(/^[\x20-\x7e\t]*$/.test(value), value);
      const encoded = /^=\?base64\?(.*)\?=$/s.exec(value)?.[1];
      strictEqual(encoded === undefined ? value : Buffer.from(encoded, 'base64').toString('utf8'), text);
    },
  },
  {
    name: 'challenges',
    corpus: [
      'Bearer realm="a", error="invalid_token", resource_metadata="https://a.example/x"',
      'Basic realm=x, Bearer, Negotiate abc==',
    ],
    check: (bytes) => {
      const text = bytes.toString('latin1');
      parseChallenges(text);
      demandOf({ status: 401, headers: { 'www-authenticate': text } }, { inSession: false });
    },
  },
  {
    name: 'cookies and Retry-After',
    corpus: ['a=b; Path=/x; Max-Age=10', 'n="v"; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly', '120'],
    check: (bytes) => {
      const text = bytes.toString('latin1');
      const jar = new CookieJar();
      jar.take([text, text], '/mcp');
      ok(!/[\r\n\0]/.test(jar.header('/mcp') ?? ''));
      const seconds = retryAfterSeconds(text);
      ok(seconds === undefined || seconds >= 0);
    },
  },
  {
    name: 'sealed states',
    corpus: [STATE, STATE.replace(/^./, 'w'), `${STATE}.x`],
    check: (bytes) => {
      const text = bytes.toString('utf8');
      const found = states.open(text, STATE_REQUEST);
      strictEqual(found.kind, text === STATE ? 'held' : 'refused');
    },
  },
  {
    name: "hosts' JSON",
    corpus: [CONFIG, '{}', '{"mcpServers":{}}\r\n', '[]'],
    check: (bytes) => {
      const text = bytes.toString('utf8');
      const before = unless([Unreadable], () => jsonValue(text));
      const after = before && unless([Unreadable], () => setInJson(text, 'mcpServers', 'new', { command: 'x' }));
      if (after === undefined) return;
      deepStrictEqual((jsonValue(after) as { mcpServers: Record<string, unknown> }).mcpServers.new, { command: 'x' });
      unless([Unreadable], () => removeFromJson(after, 'mcpServers', 'new'));
    },
  },
  {
    name: "hosts' TOML",
    corpus: [TOML, '', 'a = { b = 1 }\n', '[[x]]\ny = """\nz"""\n'],
    check: (bytes) => {
      const text = bytes.toString('utf8');
      if (unless([Unreadable], () => tomlValue(text)) === undefined) return;
      const after = unless([Unreadable], () => setInToml(text, 'mcp_servers', 'new', { command: 'x' }));
      if (after !== undefined) unless([Unreadable], () => removeFromToml(after, 'mcp_servers', 'new'));
    },
  },
  {
    name: 'recordings',
    corpus: [
      '{"format":"mcp-proxy-recording/1","run":"r","program":"p","began":"b","server":"s","arguments":false}\n{"run":"r","time":1,"leg":"server","session":1,"from":"client","kind":"request","id":"c1","method":"ping"}\n{"run":"r","time":2,"leg":"server","session":1,"from":"server","kind":"result","id":"c1","result":{}}\n',
    ],
    check: (bytes) => void unless([JsonError], () => readRecording(bytes)),
  },
  {
    name: 'arguments',
    corpus: [
      'https://server.example/mcp',
      'https://server.example/mcp\0--header\0A: ${NAME}\0--listen\0localhost:8080\0--ignore-tool\0*',
      '--log-level\0debug\0--\0node\0server.js',
      '{"mcpServers":{"a":{"command":"npx"}}}\0install\0cursor\0--static-oauth-client-info\0{"client_id":"a"}',
    ],
    check: (bytes) => {
      const argv = bytes.toString('utf8').split('\0');
      const noFile = (name: string): never => {
        throw Object.assign(new Error(name), { code: 'ENOENT' });
      };
      const plain = plainStart(argv);
      const action = unless([ProxyError], () => parseArguments(argv, { NAME: 'value' }, noFile));
      if (plain) deepStrictEqual(action, plain);
    },
  },
  {
    name: 'lines of the log',
    corpus: ['a line\u001b[31m with \u202e controls and topsecret-1', '\u009b2J\r\n'],
    check: (bytes) => {
      const shown = printable(redactor(['topsecret-1'])(bytes.toString('utf8')));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may reach a terminal
      ok(!/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/.test(shown));
      ok(!shown.includes('topsecret-1'));
    },
  },
];
