import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Callback, CallbackOptions, SignInOutcome } from '../../../../src/auth/sign-in/callback.ts';
import { ProxyError } from '../../../../src/errors.ts';
import { opened } from '../../../peers/opened.ts';
import { ask, later, listening, RIGHT, SIGNED_IN, STATE } from './callback-answers.ts';

const open = opened();

function listen(options: Partial<CallbackOptions> = {}): Promise<Callback> {
  return open(listening(options));
}

describe('the answer', () => {
  it('is handed over once and whole, and the browser gets the outcome', async () => {
    const seen: URLSearchParams[] = [];
    const callback = await listen({
      finish: (parameters) => {
        seen.push(parameters);
        return Promise.resolve(SIGNED_IN);
      },
    });
    const answer = await ask(callback, `${RIGHT}&iss=${encodeURIComponent('https://as.example/ü')}&x=a+b`);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('You are signed in');
    expect(seen.map((parameters) => [...parameters])).toEqual([
      [
        ['code', 'abc'],
        ['state', STATE],
        ['iss', 'https://as.example/ü'],
        ['x', 'a b'],
      ],
    ]);
    const again = await ask(callback, RIGHT);
    expect(again.status).toBe(409);
    expect(again.text).toContain('already complete');
    expect(seen).toHaveLength(1);
  });

  it('shows the browser the outcome only when it is known', async () => {
    const asked = later<void>();
    const verdict = later<SignInOutcome>();
    const callback = await listen({
      finish: () => {
        asked.resolve();
        return verdict.promise;
      },
    });
    let isAnswered = false;
    const answer = ask(callback, RIGHT).finally(() => {
      isAnswered = true;
    });
    await asked.promise;
    // The second tab need not wait for the first.
    expect((await ask(callback, RIGHT)).status).toBe(409);
    expect(isAnswered).toBe(false);
    verdict.resolve({ page: 'failed', reason: '<b>"no" & never</b>\u202e' });
    const { status, text } = await answer;
    expect(status).toBe(502);
    expect(text).toContain('&lt;b&gt;&quot;no&quot; &amp; never&lt;/b&gt;</bdi>');
  });

  it.each(['', '&code=', '&error=', '&code=&error=', '&iss=https%3A%2F%2Fas.example'])(
    'has a code or an error: the right state with "%s" changes nothing',
    async (rest) => {
      const finish = vi.fn(() => Promise.resolve(SIGNED_IN));
      const callback = await listen({ finish });
      const early = await ask(callback, `/callback?state=${STATE}${rest}`);
      expect(early.status).toBe(400);
      expect(early.text).toContain('neither a code nor an error');
      expect(finish).not.toHaveBeenCalled();
      expect((await ask(callback, RIGHT)).status).toBe(200);
      expect(finish).toHaveBeenCalledTimes(1);
    },
  );

  it('can be a refusal', async () => {
    const callback = await listen({ finish: () => Promise.resolve({ page: 'denied' }) });
    const answer = await ask(callback, `/callback?error=access_denied&state=${STATE}`);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('not granted');
  });

  it.each([
    ['an error of the proxy', new ProxyError('unauthorized', 'the server said no'), 'the server said no'],
    ['any other error, without its text', new Error('secret-inside'), 'Something unexpected happened.'],
  ])('is a failure after %s', async (_what, error, shown) => {
    const callback = await listen({ finish: () => Promise.reject(error) });
    const answer = await ask(callback, RIGHT);
    expect(answer.status).toBe(502);
    expect(answer.text).toContain(shown);
    expect(answer.text).not.toContain('secret-inside');
  });

  it('is a failure when the decision throws at once', async () => {
    const callback = await listen({
      finish: () => {
        throw new ProxyError('unauthorized', 'thrown');
      },
    });
    expect((await ask(callback, RIGHT)).text).toContain('thrown');
  });

  it('waits a minute, and then says that it has failed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const asked = later<void>();
      const callback = await listen({
        finish: () => {
          asked.resolve();
          return new Promise(() => {});
        },
      });
      const answer = ask(callback, RIGHT);
      await asked.promise;
      vi.advanceTimersByTime(60_000);
      expect((await answer).text).toContain('takes too long');
    } finally {
      vi.useRealTimers();
    }
  });

  it('arrives with the cookies of everything else on localhost and a long query', async () => {
    const callback = await listen();
    const headers = { cookie: `a=${'x'.repeat(50_000)}` };
    expect((await ask(callback, `${RIGHT}&session_state=${'y'.repeat(50_000)}`, { headers })).status).toBe(200);
  });
});

describe('requests that are not answers', () => {
  const finish = vi.fn(() => Promise.resolve(SIGNED_IN));
  afterEach(() => finish.mockClear());

  it.each([
    ['no state', '/callback?code=abc'],
    ['no query', '/callback'],
    ['an empty state', '/callback?code=abc&state='],
    ['another state', '/callback?code=abc&state=other'],
    ['a shorter state', `/callback?code=abc&state=${STATE.slice(0, -1)}`],
    ['a longer state', `${RIGHT}x`],
    ['two states', `${RIGHT}&state=${STATE}`],
    ['a second state in front', `/callback?state=other&state=${STATE}`],
    ['the state in other letters', `/callback?code=abc&state=${STATE.toUpperCase()}`],
  ])('%s is refused, and the sign-in goes on', async (_what, target) => {
    const callback = await listen({ finish });
    const answer = await ask(callback, target);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('not the sign-in we are waiting for');
    expect(finish).not.toHaveBeenCalled();
    expect((await ask(callback, RIGHT)).status).toBe(200);
    expect(finish).toHaveBeenCalledTimes(1);
  });

  it('an empty state is never right', async () => {
    const callback = await listen({ finish, state: '' });
    expect((await ask(callback, '/callback?code=abc&state=')).status).toBe(400);
    expect(finish).not.toHaveBeenCalled();
  });

  it('an error without a state is reported by its code only', async () => {
    const callback = await listen({ finish });
    const told = await ask(callback, '/callback?error=invalid_scope&error_description=call+0900-SCAM');
    expect(told.text).toContain('invalid_scope');
    expect(told.text).not.toContain('SCAM');
    const invented = await ask(callback, '/callback?error=Call+0900-SCAM');
    expect(invented.text).not.toContain('SCAM');
    expect(finish).not.toHaveBeenCalled();
  });

  it.each([
    ['/', 404],
    ['/favicon.ico', 404],
    ['/callback/', 404],
    [`/callbac?state=${STATE}`, 404],
    [`//callback?code=abc&state=${STATE}`, 404],
    [`http://localhost/callback?code=abc&state=${STATE}`, 404],
  ])('another path: %s', async (target, status) => {
    const callback = await listen({ finish });
    expect((await ask(callback, target)).status).toBe(status);
    expect(finish).not.toHaveBeenCalled();
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('another method: %s', async (method) => {
    const callback = await listen({ finish });
    const answer = await ask(callback, RIGHT, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('GET, HEAD');
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(finish).not.toHaveBeenCalled();
  });

  it('a POST whose body never ends is answered, and not waited for', async () => {
    const callback = await listen({ finish });
    const socket = net.connect(callback.port, '127.0.0.1');
    socket.write(`POST ${RIGHT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nbegin`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 405 /);
    socket.on('error', () => {});
    await once(socket.resume(), 'close');
  });

  it('a HEAD looks ahead only', async () => {
    const callback = await listen({ finish });
    expect(await ask(callback, RIGHT, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(await ask(callback, '/callback?state=x', { method: 'HEAD' })).toMatchObject({ status: 400, text: '' });
    expect(finish).not.toHaveBeenCalled();
    expect((await ask(callback, RIGHT)).status).toBe(200);
  });

  it.each(['evil.example', 'evil.example:80', 'localhost.evil.example', '127.0.0.1.evil.example', '192.168.0.1'])(
    'a page that calls this machine %j (DNS rebinding)',
    async (host) => {
      const callback = await listen({ finish });
      const answer = await ask(callback, RIGHT, { headers: { host } });
      expect(answer.status).toBe(403);
      expect(finish).not.toHaveBeenCalled();
    },
  );

  it.each([
    ['LOCALHOST:1', 'localhost'],
    ['localhost', 'localhost'],
    ['127.0.0.1:99', 'localhost'],
    ['[::1]:99', 'localhost'],
    ['app.localhost', 'localhost'],
    ['Tunnel.Example', 'tunnel.example'],
    ['tunnel.example:8443', 'tunnel.example'],
    ['[::1]', '::1'],
  ])('but Host %s is right for the redirect host %s', async (header, host) => {
    const callback = await listen({ finish, host });
    expect((await ask(callback, RIGHT, { headers: { host: header } })).status).toBe(200);
  });

  it('a request that names no host', async () => {
    const callback = await listen({ finish });
    const socket = net.connect(callback.port, '127.0.0.1');
    socket.write(`GET ${RIGHT} HTTP/1.0\r\n\r\n`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 403 /);
    socket.destroy();
    expect(finish).not.toHaveBeenCalled();
  });

  it('garbage that is not HTTP ends its connection only', async () => {
    const callback = await listen({ finish });
    const socket = net.connect(callback.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.end('\u0000\u0001 not http at all\r\n\r\n');
    await once(socket.resume(), 'close');
    expect((await ask(callback, RIGHT)).status).toBe(200);
  });
});

describe('every response', () => {
  it.each([
    ['GET', RIGHT],
    ['GET', '/callback'],
    ['GET', '/elsewhere'],
    ['POST', RIGHT],
    ['HEAD', RIGHT],
  ])('to %s %s protects what it shows', async (method, target) => {
    const { headers } = await ask(await listen(), target, { method, headers: { connection: 'keep-alive' } });
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      connection: 'close',
    });
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
  });
});

it('knows its path as browsers spell it', async () => {
  const callback = await listen({ path: '/rück kehr' });
  expect((await ask(callback, `/r%C3%BCck%20kehr?code=abc&state=${STATE}`)).status).toBe(200);
});
