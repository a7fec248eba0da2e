import { describe, expect, it } from 'vitest';
import { JsonError } from '../../../src/core/json.ts';
import { type ErrorCode, ProxyError } from '../../../src/errors.ts';
import { readFrame } from '../../../src/wire/frames.ts';
import { replyFrom } from '../../../src/wire/replies.ts';

function errorOf(error: unknown): { code: number; message: string; data?: unknown } {
  const reply = replyFrom(error);
  if (!('error' in reply)) throw new Error('a result');
  return JSON.parse(reply.error.toString()) as { code: number; message: string };
}

describe('errors of the proxy', () => {
  // The codes that docs promise to clients.
  it.each<[ErrorCode, number, number]>([
    ['unreachable', -31001, 1],
    ['timeout', -31002, 1],
    ['failed', -31003, 1],
    ['unauthorized', -31004, 1],
    ['sign-in-needed', -31004, 1],
    ['no-sign-in', -31004, 1],
    ['no-common-version', -31005, 1],
    ['cannot-bridge', -31006, 1],
    ['bad-result', -31007, 1],
    ['limit', -31008, 1],
    ['invalid-request', -32600, 1],
    ['invalid-params', -32602, 1],
    ['internal', -32603, 1],
    ['usage', -32603, 2],
  ])('%s', (code, rpc, exit) => {
    const error = new ProxyError(code, 'what happened');
    expect(errorOf(error)).toEqual({ code: rpc, message: 'what happened' });
    expect(error.meaning.exit).toBe(exit);
  });

  it('carry what is known, and the hint where hosts show it', () => {
    const error = new ProxyError(
      'failed',
      'broke',
      { httpStatus: 502, body: '<html>', hint: 'try again', outcome: 'unknown' },
      new Error('cause'),
    );
    expect(errorOf(error)).toEqual({
      code: -31003,
      message: 'broke (try again)',
      data: { httpStatus: 502, body: '<html>', hint: 'try again', outcome: 'unknown' },
    });
    expect(error.cause).toBeInstanceOf(Error);
  });
});

describe('other errors', () => {
  it('are invalid params where the params could not be read, internal where they are ours', () => {
    expect(errorOf(new JsonError('duplicate key "a"', 3))).toEqual({
      code: -32602,
      message: 'Invalid params: duplicate key "a" at byte 3',
    });
    expect(errorOf(new TypeError('x is not a function')).code).toBe(-32603);
    expect(errorOf('thrown text').code).toBe(-32603);
    expect(errorOf(undefined).code).toBe(-32603);
  });

  it('say so when a file of the program is missing: an update may have removed it', () => {
    const missing = Object.assign(new Error("Cannot find module './chunks/a-12345678.cjs'\nRequire stack:\n- /b"), {
      code: 'MODULE_NOT_FOUND',
    });
    expect(errorOf(missing)).toEqual({
      code: -32603,
      message:
        "a file of mcp-proxy is missing or damaged: './chunks/a-12345678.cjs' (start it again; if that does not help, install it again)",
    });
  });
});

describe('frames', () => {
  it('are JSON in UTF-8 and nothing else', () => {
    expect(readFrame(Buffer.from('{"jsonrpc":"2.0","method":"世"}'))).toMatchObject({
      batch: false,
      messages: [{ kind: 'notification' }],
    });
    for (const bytes of [
      [0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      // Two byte order marks, one that is cut off, one after the beginning, and nothing but one.
      [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 0x7b, 0x7d],
      [0xef, 0xbb, 0x7b, 0x7d],
      [0x7b, 0xef, 0xbb, 0xbf, 0x7d],
      [0xef, 0xbb, 0xbf],
    ]) {
      expect(() => readFrame(Buffer.from(bytes))).toThrow(JsonError);
    }
  });

  it.each(['{"jsonrpc":"2.0","method":"m","params":{"a":1.0}}', '[{"jsonrpc":"2.0","method":"m"}]', '7'])(
    'may begin with a byte order mark: %s',
    (text) => {
      expect(readFrame(Buffer.from(`\ufeff${text}`))).toEqual(readFrame(Buffer.from(text)));
    },
  );
});
