import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Fetch, HttpRequest, HttpResponse } from '../../../../src/core/fetch.ts';
import { ProxyError } from '../../../../src/errors.ts';
import { type Reached, reach } from '../../../../src/upstream/detection/reachability.ts';

const URL_OF_SERVER = new URL('https://server.example/mcp');

afterEach(() => {
  vi.useRealTimers();
});

/** A response whose body breaks off as soon as anybody reads it. */
function responded(status: number): HttpResponse {
  const broken = (): Promise<never> => Promise.reject(new ProxyError('failed', 'the connection was reset'));
  return { status, headers: {}, body: { each: broken, bytes: broken, destroy: () => {} } };
}

const answering =
  (status: number): Fetch =>
  async () =>
    responded(status);

describe('a server that answers', () => {
  it.each<[status: number, Reached['kind']]>([
    [200, 'open'],
    [202, 'open'],
    // To a ping outside of any session, that is an answer like any other.
    [400, 'open'],
    [404, 'open'],
    [405, 'open'],
    [406, 'open'],
    [429, 'open'],
    [307, 'open'],
    [403, 'open'],
    [499, 'open'],
    [401, 'closed'],
    [500, 'unreachable'],
    [502, 'unreachable'],
    [503, 'unreachable'],
    [599, 'unreachable'],
  ])('%d: %s', async (status, expected) => {
    const error = expected === 'unreachable' ? { error: `${URL_OF_SERVER} answered HTTP ${status}` } : {};
    expect(await reach(answering(status), URL_OF_SERVER)).toEqual({ kind: expected, ...error });
  });
});

describe('a server that does not', () => {
  it.each([
    ['cannot be reached', new ProxyError('unreachable', 'connection refused')],
    ['needs a sign-in that cannot be done', new ProxyError('unauthorized', 'sign in')],
    ['meets a fault of ours', new TypeError('x is not a function')],
  ])('%s: unreachable, and no rejection', async (_, error) => {
    const reached = await reach(() => Promise.reject(error), URL_OF_SERVER);
    expect(reached).toEqual({ kind: 'unreachable', error: error.message });
  });

  it('is given up after 10 s', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let given: HttpRequest | undefined;
    const silent: Fetch = (request) => {
      given = request;
      return new Promise((_resolve, reject) => {
        request.signal?.addEventListener('abort', () => reject(request.signal?.reason));
      });
    };
    const reached = reach(silent, URL_OF_SERVER);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(given?.signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(given?.signal?.aborted).toBe(true);
    expect((await reached).kind).toBe('unreachable');
  });

  it('leaves no timer behind when it answers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await reach(answering(200), URL_OF_SERVER);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what is sent', () => {
  const sentBy = async (purpose?: 'probe' | 'call'): Promise<HttpRequest> => {
    const sent: HttpRequest[] = [];
    const fetch: Fetch = async (request) => {
      sent.push(request);
      return responded(200);
    };
    await reach(fetch, URL_OF_SERVER, purpose);
    expect(sent).toHaveLength(1);
    return sent[0] as HttpRequest;
  };

  it('is one ping that changes nothing, in no session', async () => {
    const { method, url, headers, body, repeatable } = await sentBy();
    expect([method, url, repeatable]).toEqual(['POST', URL_OF_SERVER, true]);
    expect(headers).toEqual({ 'content-type': 'application/json', accept: 'application/json, text/event-stream' });
    expect(JSON.parse(Buffer.concat([...(body ?? [])]).toString())).toEqual({
      jsonrpc: '2.0',
      id: 'reach',
      method: 'ping',
    });
  });

  it('asks nobody to sign in, unless it is to', async () => {
    expect((await sentBy()).purpose).toBe('probe');
    expect((await sentBy('probe')).purpose).toBe('probe');
    expect((await sentBy('call')).purpose).toBe('call');
  });
});
