// Answers of real servers, and what they mean, by status, code and shape, never by words.
import { describe, expect, it } from 'vitest';
import type { Reply } from '../../../../src/core/jsonrpc.ts';
import { ProxyError } from '../../../../src/errors.ts';
import {
  afterLegacyPost,
  afterModernPost,
  afterSse,
  isModernAnswer,
  type Verdict,
} from '../../../../src/upstream/detection/verdict.ts';
import { type Outcome, replyOf } from '../../../../src/upstream/outcome.ts';

const answered = (text: string): Outcome => ({ kind: 'answered', reply: { result: Buffer.from(text) } });
const failed = (code: number): Outcome => ({ kind: 'answered', reply: error(code) });

function error(code: number, message = 'some words', data?: unknown): Reply {
  return { error: Buffer.from(JSON.stringify({ code, message, data })) };
}

/** -32022 with something as `data.supported`. */
const unsupported = (supported?: unknown): Reply => error(-32022, 'some words', { supported });

function refused(status: number, reply?: Reply, challenged = false): Extract<Outcome, { kind: 'refused' }> {
  return { kind: 'refused', status, reply, challenged, error: new ProxyError('failed', `HTTP ${status}`) };
}

/** Values that name no revision. */
const UNUSABLE = [undefined, null, [], '', '2025-11-25', {}, [null, 7, '']];

const INITIALIZED = answered('{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{}}');
const DISCOVERED = answered('{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{}}');

describe('after a legacy initialize was POSTed', () => {
  it.each<[string, Outcome, Verdict]>([
    ['an SDK v1 server: 200', INITIALIZED, 'open'],
    ['HTTP+SSE only: 404 with a page', refused(404), 'other-transport'],
    ['HTTP+SSE only: 405', refused(405), 'other-transport'],
    ['400 without a JSON-RPC body', refused(400), 'other-transport'],
    ['an SDK v2 modern-only server: 400 -32022', refused(400, unsupported(['2026-07-28'])), 'other-era'],
    ['200 -32022', { kind: 'answered', reply: unsupported(['2026-07-28']) }, 'other-era'],
    ['-32022 of a revision nobody knows', refused(400, unsupported(['2099-01-01'])), 'other-era'],
    ['-32022 that names an older legacy one', refused(400, unsupported(['2025-03-26'])), 'final'],
    ['-32022 that names both eras', refused(400, unsupported(['2025-11-25', '2026-07-28'])), 'other-era'],
    [
      '200 -32022 that names both eras',
      { kind: 'answered', reply: unsupported(['2026-07-28', '2025-03-26']) },
      'other-era',
    ],
    ...UNUSABLE.map((none): [string, Outcome, Verdict] => [
      `-32022 that names ${JSON.stringify(none)}`,
      refused(400, unsupported(none)),
      'discover',
    ]),
    ['400 -32020: that of a modern server, or something of its own', refused(400, error(-32020)), 'discover'],
    ['400 -32021', refused(400, error(-32021)), 'discover'],
    ['404 -32601: a modern server does not know initialize', refused(404, error(-32601)), 'discover'],
    ['400 -32601', refused(400, error(-32601)), 'discover'],
    ['400 -32602: a modern server misses the envelope', refused(400, error(-32602)), 'discover'],
    ['404 -32602', refused(404, error(-32602)), 'discover'],
    ['400 -32000: a legacy server refuses', refused(400, error(-32000)), 'final'],
    ['400 -32600', refused(400, error(-32600)), 'final'],
    ['404 -32001', refused(404, error(-32001)), 'final'],
    ['200 -32601: not every server minds the status', failed(-32601), 'discover'],
    ['200 -32602', failed(-32602), 'discover'],
    [
      '200 with a revision that has no initialize',
      answered('{"protocolVersion":"2026-07-28","capabilities":{}}'),
      'other-era',
    ],
    ['200 with a revision nobody knows', answered('{"protocolVersion":"2099-01-01"}'), 'open'],
    ['200 with a result that is no object', answered('null'), 'open'],
    ['200 -32603', failed(-32603), 'final'],
    ['401', refused(401), 'final'],
    ['401 with a JSON-RPC body', refused(401, error(-32001)), 'final'],
    ['403', refused(403), 'final'],
    ['403 -32602', refused(403, error(-32602)), 'final'],
    ['405 -32601', refused(405, error(-32601)), 'final'],
    ['406', refused(406), 'final'],
    ['410', refused(410), 'final'],
    ['415', refused(415), 'final'],
    ['429', refused(429), 'final'],
    ['500', refused(500), 'final'],
    ['501', refused(501), 'final'],
    ['502', refused(502), 'final'],
    ['503', refused(503), 'final'],
    ['200 with a web page', refused(200), 'final'],
    ['302', refused(302), 'final'],
  ])('%s', (_, outcome, verdict) => {
    expect(afterLegacyPost(outcome)).toBe(verdict);
  });

  it('words prove nothing', () => {
    for (const words of ['404 Not Found', 'Method not allowed', 'unsupported protocol version', 'use SSE']) {
      expect(afterLegacyPost(refused(400, error(-32000, words)))).toBe('final');
    }
  });
});

describe('after the stream of HTTP+SSE was opened', () => {
  it.each<[string, Outcome, Verdict]>([
    ['an answer', INITIALIZED, 'open'],
    ['an error as the answer', failed(-32602), 'final'],
    ['404', refused(404), 'other-transport'],
    ['405: Streamable HTTP without a GET stream', refused(405), 'other-transport'],
    ['400: an SDK v1 server misses its session', refused(400), 'other-transport'],
    ['400 with a JSON-RPC body', refused(400, error(-32000)), 'final'],
    ['401', refused(401), 'final'],
    ['500', refused(500), 'final'],
    ['200 that is no stream', refused(200), 'final'],
  ])('%s', (_, outcome, verdict) => {
    expect(afterSse(outcome)).toBe(verdict);
  });
});

const named = (supportedVersions: unknown): Outcome =>
  answered(JSON.stringify({ capabilities: {}, supportedVersions }));

/** The meaning of -32022 from a server that got a request of 2026-07-28. */
const REFUSED_REVISIONS: [string, Outcome, Verdict][] = [
  ['-32022 that names ours', refused(400, unsupported(['2026-07-28'])), 'open'],
  ['-32022 that names both eras', refused(400, unsupported(['2025-11-25', '2026-07-28'])), 'open'],
  [
    'a Go SDK server: -32022 that names legacy ones',
    refused(400, unsupported(['2025-11-25', '2025-06-18'])),
    'other-era',
  ],
  ['200 with -32022 that names legacy ones', { kind: 'answered', reply: unsupported(['2024-11-05']) }, 'other-era'],
  ['-32022 that names the first one of all', refused(400, unsupported(['2024-10-07'])), 'other-era'],
  [
    '-32022 that names a later one and a legacy one',
    refused(400, unsupported(['2099-01-01', '2025-11-25'])),
    'other-era',
  ],
  ['-32022 that names a later one', refused(400, unsupported(['2099-01-01'])), 'final'],
  ['-32022 that names no date', refused(400, unsupported(['draft'])), 'final'],
  ...UNUSABLE.map((none): [string, Outcome, Verdict] => [
    `-32022 that names ${JSON.stringify(none)}`,
    refused(400, unsupported(none)),
    'discover',
  ]),
];

describe('after a modern server/discover was POSTed', () => {
  it.each<[string, Outcome, Verdict]>([
    ['an SDK v2 server: 200', DISCOVERED, 'open'],
    ['SDK v1, stateful: 400 -32000', refused(400, error(-32000)), 'other-era'],
    ['HTTP+SSE only: 404 with a page', refused(404), 'other-era'],
    ['405', refused(405), 'other-era'],
    ['400 without a body', refused(400), 'other-era'],
    ['404 -32601: a legacy server does not know the method', refused(404, error(-32601)), 'other-era'],
    ['400 -32602', refused(400, error(-32602)), 'other-era'],
    ['200 -32601', failed(-32601), 'other-era'],
    ['200 with another result', INITIALIZED, 'other-era'],
    ['200 with a result that is no object', answered('null'), 'other-era'],
    ...REFUSED_REVISIONS,
    ['200 that names legacy revisions only', named(['2025-11-25', '2024-11-05']), 'other-era'],
    ['200 that names a revision nobody knows', named(['2099-01-01']), 'final'],
    ['200 that names both eras', named(['2025-11-25', '2026-07-28']), 'open'],
    ['200 that names one among what is none', named([null, 1, '2026-07-28']), 'open'],
    ...UNUSABLE.map((none): [string, Outcome, Verdict] => [
      `200 that names ${JSON.stringify(none)}`,
      named(none),
      'other-era',
    ]),
    ['400 -32020: modern, headers do not match', refused(400, error(-32020)), 'open'],
    ['400 -32021: modern, a capability is missing', refused(400, error(-32021)), 'open'],
    ['401', refused(401), 'final'],
    ['403', refused(403), 'final'],
    ['429', refused(429), 'final'],
    ['500', refused(500), 'final'],
    ['503', refused(503), 'final'],
    ['200 with a web page', refused(200), 'final'],
  ])('%s', (_, outcome, verdict) => {
    expect(afterModernPost(outcome, 'server/discover')).toBe(verdict);
  });
});

describe('after another modern message was POSTed first', () => {
  it.each<[string, Outcome, Verdict]>([
    ['a result', answered('{"tools":[],"resultType":"complete"}'), 'open'],
    [
      'a result that does not say what kind it is: a legacy server may be lenient',
      answered('{"tools":[]}'),
      'discover',
    ],
    ['200 -32601, which a modern server says with 404: a legacy server may be lenient', failed(-32601), 'discover'],
    ['200 -32600', failed(-32600), 'discover'],
    ['200 -32000, which no modern server should use', failed(-32000), 'discover'],
    ['200 -32002: a resource that is not there, before 2026-07-28', failed(-32002), 'discover'],
    ['200 -32042: pages to visit, in 2025-11-25', failed(-32042), 'discover'],
    ['200 -32099, which is reserved and not defined', failed(-32099), 'discover'],
    ['200 -32020', failed(-32020), 'open'],
    ['200 -32602', failed(-32602), 'final'],
    ['200 -32603', failed(-32603), 'final'],
    ['200 -31999', failed(-31999), 'final'],
    ['200 -32100', failed(-32100), 'final'],
    ['400 -32020', refused(400, error(-32020)), 'open'],
    ...REFUSED_REVISIONS,
    ['404 -32601: modern and legacy servers both say so', refused(404, error(-32601)), 'discover'],
    ['400 -32000: a legacy server misses its session', refused(400, error(-32000)), 'discover'],
    ['404 without a body', refused(404), 'other-era'],
    ['405 without a body', refused(405), 'other-era'],
    ['401', refused(401), 'final'],
    ['500', refused(500), 'final'],
  ])('%s', (_, outcome, verdict) => {
    expect(afterModernPost(outcome, 'tools/list')).toBe(verdict);
  });
});

describe('outcomes that cannot be read', () => {
  const doubled: Reply = { error: Buffer.from('{"code":-32022,"code":-32000}') };

  it('are no evidence, and no accident', () => {
    expect(afterLegacyPost(refused(400, doubled))).toBe('final');
    expect(afterLegacyPost({ kind: 'answered', reply: doubled })).toBe('final');
    expect(afterModernPost({ kind: 'answered', reply: doubled }, 'tools/list')).toBe('final');
  });

  it('of which only the envelope could be read are still answers', () => {
    expect(afterLegacyPost(answered('{"protocolVersion":"2025-11-25","protocolVersion":"2026-07-28"}'))).toBe('open');
    expect(afterModernPost(answered('{"supportedVersions":[],"supportedVersions":[]}'), 'server/discover')).toBe(
      'other-era',
    );
  });
});

describe('isModernAnswer', () => {
  it.each<[string, Outcome, boolean]>([
    ['a discover result', DISCOVERED, true],
    ['another spelling of its key', answered('{"s\\u0075pportedVersions":["2026-07-28"]}'), true],
    ['legacy revisions only', named(['2025-11-25']), false],
    ['no result of this method', INITIALIZED, false],
    ['an array', answered('["supportedVersions"]'), false],
    ['-32020, which tells that the server looks at our headers', refused(400, error(-32020)), true],
    ['-32022 that names nothing', refused(400, error(-32022)), false],
    ['-32601', refused(404, error(-32601)), false],
  ])('%s', (_, outcome, yes) => {
    expect(isModernAnswer(outcome)).toBe(yes);
  });
});

describe('what the client is told', () => {
  it('is the answer, or the JSON-RPC error of the refusal', () => {
    const reply = error(-32000);
    expect(replyOf({ kind: 'answered', reply })).toBe(reply);
    expect(replyOf(refused(400, reply))).toBe(reply);
    expect(replyOf(refused(403, reply))).toBe(reply);
  });

  it('is our own error where there is no other, and where signing in is what is missing', () => {
    for (const outcome of [refused(500), refused(401, error(-32001)), refused(403, error(-32001), true)]) {
      expect(() => replyOf(outcome)).toThrow(outcome.error);
    }
  });
});
