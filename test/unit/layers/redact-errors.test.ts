import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../src/core/exchange.ts';
import { redactor } from '../../../src/core/redact.ts';
import { LegacyOnly, ProxyError } from '../../../src/errors.ts';
import { redactErrors } from '../../../src/layers/redact-errors.ts';
import { behind, exchangeOf, result } from './exchanges.ts';

const guard = (handler: Handler): Handler => behind(redactErrors(redactor(['topsecret'])), handler);
const { exchange } = exchangeOf('tools/call', '{"name":"a"}');

async function caught(error: unknown): Promise<unknown> {
  try {
    return await guard(() => Promise.reject(error))(exchange);
  } catch (found) {
    return found;
  }
}

describe('errors of the proxy', () => {
  it('lose their secrets in message and body, and nothing else', async () => {
    const cause = new Error('cause');
    const data = { httpStatus: 401, body: '<p>you sent topsecret</p>', hint: 'sign in', retryAfter: 3 };
    const found = await caught(new ProxyError('unauthorized', 'refused "topsecret"', data, cause));
    expect(found).toBeInstanceOf(ProxyError);
    expect(found).toMatchObject({ code: 'unauthorized', message: 'refused "***"', cause });
    expect((found as ProxyError).data).toEqual({ ...data, body: '<p>you sent ***</p>' });
  });

  it('lose what a terminal would act on', async () => {
    const data = { body: '\u001b]8;;https://evil.example\u0007line\nnext', hint: 'try\u009b2J' };
    const found = (await caught(new ProxyError('failed', 'answered \u001b[2J', data))) as ProxyError;
    expect(found.message).toBe('answered  [2J');
    expect(found.data).toEqual({ body: ' ]8;;https://evil.example line\nnext', hint: 'try 2J' });
  });

  it('lose them in what a server names, and stay what they are', async () => {
    const answer = { result: Buffer.from('{}') };
    const data = { supported: ['topsecret'], required: 'elicitation.topsecret', retryAfter: 1 };
    const found = (await caught(new LegacyOnly('speaks topsecret', data, answer))) as LegacyOnly;
    expect(found).toBeInstanceOf(LegacyOnly);
    expect([found.message, found.answer]).toEqual(['speaks ***', answer]);
    expect(found.data).toEqual({ supported: ['***'], required: 'elicitation.***', retryAfter: 1 });
  });

  it('get no body where there was none', async () => {
    expect(((await caught(new ProxyError('failed', 'broke'))) as ProxyError).data).toEqual({});
  });
});

describe('everything else', () => {
  it('passes: replies, which are the server’s own, and errors that are not ours', async () => {
    const reply = result('"topsecret"');
    expect(await guard(async () => reply)(exchange)).toBe(reply);
    const bug = new TypeError('bug');
    expect(await caught(bug)).toBe(bug);
  });
});
