import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../../src/core/exchange.ts';
import type { Call, Reply } from '../../../../src/core/jsonrpc.ts';
import { ProxyError } from '../../../../src/errors.ts';
import { exchangeOf, result, textOf } from '../exchanges.ts';
import { Client, call, REFUSED, type Server, settled, sharedSession, shown } from './shared-clients.ts';

describe('what the server says while it works on a call', () => {
  it('reaches the client that made the call, except for changes that concern all', async () => {
    const { server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    await two.request('resources/subscribe', { uri: 'x:1' });
    server().answer = async (exchange) => {
      exchange.notify(call('notifications/message', { level: 'debug', data: 'of this call' }));
      exchange.notify(call('notifications/vendor', { x: 1 }));
      exchange.notify(call('notifications/tools/list_changed'));
      exchange.notify(call('notifications/resources/updated', { uri: 'x:1' }));
      return result('{}');
    };
    const recorded = exchangeOf('tools/call');
    await one.session.request(recorded.exchange);
    expect(recorded.notified.map(shown)).toEqual([
      'notifications/message {"level":"debug","data":"of this call"}',
      'notifications/vendor {"x":1}',
    ]);
    expect(one.told).toEqual(['notifications/tools/list_changed']);
    expect(two.told).toEqual(['notifications/tools/list_changed', 'notifications/resources/updated {"uri":"x:1"}']);
  });

  it('includes no log message that the client did not want', async () => {
    const { server, joined } = sharedSession();
    const client = await joined();
    await client.request('logging/setLevel', { level: 'warning' });
    server().answer = async (exchange) => {
      for (const level of ['info', 'warning', 'error', 'of another kind']) {
        exchange.notify(call('notifications/message', { level }));
      }
      return result('{}');
    };
    const recorded = exchangeOf('tools/call');
    await client.session.request(recorded.exchange);
    const levels = recorded.notified.map(({ params }) => JSON.parse(String(params)).level);
    expect(levels).toEqual(['warning', 'error', 'of another kind']);
  });

  it('includes progress under the token of the client, on whichever stream it comes', async () => {
    const { server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    const tokens: unknown[] = [];
    const waiting: (() => void)[] = [];
    server().answer = (exchange) => {
      const { progressToken } = JSON.parse(String(exchange.call.params))._meta;
      tokens.push(progressToken);
      exchange.notify(call('notifications/progress', { progressToken, progress: 1 }));
      server().client.notify(call('notifications/progress', { progressToken, progress: 2 }));
      return new Promise((resolve) => waiting.push(() => resolve(result('{}'))));
    };
    const asked = [one, two].map((client) => {
      const recorded = exchangeOf('tools/call', '{"_meta":{"progressToken":"same"}}');
      return { recorded, answered: client.session.request(recorded.exchange) };
    });
    await settled();
    for (const answer of waiting) answer();
    await Promise.all(asked.map(({ answered }) => answered));
    expect(new Set(tokens).size).toBe(2);
    for (const progressToken of tokens) {
      server().client.notify(call('notifications/progress', { progressToken, progress: 3 }));
    }
    for (const { recorded } of asked) {
      expect(recorded.notified.map(shown)).toEqual([
        'notifications/progress {"progressToken":"same","progress":1}',
        'notifications/progress {"progressToken":"same","progress":2}',
      ]);
    }
    expect([...one.told, ...two.told]).toEqual([]);
  });
});

describe('a question of the server', () => {
  const questions = ['sampling/createMessage', 'elicitation/create', 'roots/list', 'vendor/ask'];
  const signal = new AbortController().signal;

  it.each(questions)('%s is refused, during a call or not', async (method) => {
    const { server, joined } = sharedSession();
    const client = await joined();
    const answers: Reply[] = [];
    server().answer = async (exchange) => {
      answers.push(await exchange.ask(call(method), signal), await server().client.ask(call(method), signal));
      return result('{}');
    };
    const recorded = exchangeOf('tools/call');
    await client.session.request(recorded.exchange);
    expect(answers.map((reply) => JSON.parse(textOf(reply)).code)).toEqual([-32_601, -32_601]);
    expect([...recorded.asked, ...client.asked]).toEqual([]);
  });

  it('ping is answered', async () => {
    const { server, joined } = sharedSession();
    await joined();
    expect(textOf(await server().client.ask(call('ping'), signal))).toBe('{}');
  });
});

describe('what the server says beside all calls', () => {
  it.each(['tools', 'prompts', 'resources'])('goes to all clients if the list of %s has changed', async (list) => {
    const { shared, server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    const early = new Client(shared);
    const note = call(`notifications/${list}/list_changed`, { x: 1 });
    expect(server().client.notify(note)).toBeUndefined();
    expect(one.told).toEqual([shown(note)]);
    expect(two.told).toEqual([shown(note)]);
    // A client gets nothing before it has said that it is ready.
    expect(early.told).toEqual([]);
  });

  it('goes to the subscribers if a resource has changed', async () => {
    const { server, joined } = sharedSession();
    const [one, two, three] = [await joined(), await joined(), await joined()];
    await one.request('resources/subscribe', { uri: 'file:///a' });
    await two.request('resources/subscribe', { uri: 'file:///b' });
    const update = (uri: string): Call => call('notifications/resources/updated', { uri });
    for (const uri of ['file:///a', 'file:///b/c', 'file:///d']) server().client.notify(update(uri));
    server().client.notify(call('notifications/resources/updated'));
    expect(one.told).toEqual([shown(update('file:///a'))]);
    expect(two.told).toEqual([shown(update('file:///b/c'))]);
    expect(three.told).toEqual([]);
  });

  it('goes to clients that have set a log level if it is a log message', async () => {
    const { server, joined } = sharedSession();
    const [silent, all, severe] = [await joined(), await joined(), await joined()];
    await all.request('logging/setLevel', { level: 'debug' });
    await severe.request('logging/setLevel', { level: 'error' });
    for (const level of ['debug', 'notice', 'error', 'emergency']) {
      server().client.notify(call('notifications/message', { level }));
    }
    const levels = ({ told }: Client): unknown[] => told.map((note) => JSON.parse(note.slice(note.indexOf(' '))).level);
    expect(levels(silent)).toEqual([]);
    expect(levels(all)).toEqual(['debug', 'notice', 'error', 'emergency']);
    expect(levels(severe)).toEqual(['error', 'emergency']);
  });

  it('skips a client that reads too slowly if it is a log message, and waits for it otherwise', async () => {
    const { server, joined } = sharedSession();
    const [slow, fast] = [await joined(), await joined()];
    for (const client of [slow, fast]) await client.request('logging/setLevel', { level: 'debug' });
    slow.full = true;
    server().client.notify(call('notifications/message', { level: 'error' }));
    server().client.notify(call('notifications/tools/list_changed'));
    expect(slow.told).toEqual(['notifications/tools/list_changed']);
    expect(fast.told).toHaveLength(2);
  });

  it.each(['notifications/tasks/status', 'notifications/elicitation/complete', 'notifications/vendor'])(
    'is dropped if it does not say whom it is for: %s',
    async (method) => {
      const { server, joined, lines } = sharedSession();
      const client = await joined();
      server().client.notify(call(method, { secret: 'x' }));
      expect(client.told).toEqual([]);
      expect(lines).toEqual([expect.stringContaining(method)]);
      expect(lines[0]).not.toContain('secret');
    },
  );
});

describe('the level of the log', () => {
  const setLevels = (server: Server): string[] =>
    server.requests
      .filter(({ method }) => method === 'logging/setLevel')
      .map(({ params }) => JSON.parse(String(params)).level);

  it('is the least severe one that any client wants', async () => {
    const { server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    await one.request('logging/setLevel', { level: 'error' });
    await two.request('logging/setLevel', { level: 'info' });
    await one.request('logging/setLevel', { level: 'emergency' });
    await two.request('logging/setLevel', { level: 'critical' });
    expect(setLevels(server())).toEqual(['error', 'info', 'info', 'critical']);
  });

  it('keeps what else stands in the request', async () => {
    const { server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    await one.request('logging/setLevel', { level: 'debug' });
    await two.request('logging/setLevel', { x: 1, level: 'alert', y: 2 });
    expect(server().asked.at(-1)).toBe('logging/setLevel {"x":1,"level":"debug","y":2}');
  });

  it('rises when the client with the lowest one has left', async () => {
    const { server, joined } = sharedSession();
    const [one, two, three] = [await joined(), await joined(), await joined()];
    await one.request('logging/setLevel', { level: 'debug' });
    await two.request('logging/setLevel', { level: 'warning' });
    await three.session.close(0);
    expect(setLevels(server())).toEqual(['debug', 'warning'].map(() => 'debug'));
    await one.session.close(0);
    expect(setLevels(server()).slice(2)).toEqual(['warning']);
  });

  it.each<[string, Handler]>([
    ['says no', async () => REFUSED],
    ['does not answer', () => Promise.reject(new ProxyError('timeout', 'no answer'))],
  ])('stays what it was when the server %s', async (_, answer) => {
    const { server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    await one.request('logging/setLevel', { level: 'error' });
    const working = server().answer;
    server().answer = answer;
    await one.request('logging/setLevel', { level: 'debug' }).catch(() => {});
    server().answer = working;
    server().client.notify(call('notifications/message', { level: 'debug' }));
    expect(one.told).toEqual([]);
    await two.request('logging/setLevel', { level: 'alert' });
    expect(setLevels(server()).at(-1)).toBe('error');
  });

  it.each([{ level: 'loud' }, { level: 'DEBUG' }, { level: 7 }, {}])(
    'that is none is refused, for the server could take it for one: %j',
    async (params) => {
      const { server, joined } = sharedSession();
      const client = await joined();
      expect(JSON.parse(textOf(await client.request('logging/setLevel', params))).code).toBe(-32_602);
      expect(server().asked).toEqual([]);
    },
  );
});

describe('subscriptions', () => {
  it('end at the server with the last subscriber', async () => {
    const { server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    for (const client of [one, two]) await client.request('resources/subscribe', { uri: 'x:1' });
    expect(textOf(await one.request('resources/unsubscribe', { uri: 'x:1' }))).toBe('{}');
    expect(server().asked).toEqual(['x:1', 'x:1'].map((uri) => `resources/subscribe {"uri":"${uri}"}`));
    await two.request('resources/unsubscribe', { uri: 'x:1' });
    expect(server().asked.at(-1)).toBe('resources/unsubscribe {"uri":"x:1"}');
  });

  it('end at the server when their only subscriber leaves', async () => {
    const { server, joined } = sharedSession();
    const [one, two] = [await joined(), await joined()];
    for (const uri of ['x:1', 'x:2']) await one.request('resources/subscribe', { uri });
    await two.request('resources/subscribe', { uri: 'x:2' });
    await one.session.close(0);
    await settled();
    const ended = server().asked.filter((line) => line.startsWith('resources/unsubscribe'));
    expect(ended).toEqual(['resources/unsubscribe {"uri":"x:1"}']);
    server().client.notify(call('notifications/resources/updated', { uri: 'x:2' }));
    expect(one.told).toEqual([]);
    expect(two.told).toHaveLength(1);
  });

  it.each([{ uri: 7 }, { uri: null }, {}])('to nothing are refused: %j', async (params) => {
    const { server, joined } = sharedSession();
    const client = await joined();
    for (const method of ['resources/subscribe', 'resources/unsubscribe']) {
      expect(JSON.parse(textOf(await client.request(method, params))).code).toBe(-32_602);
    }
    expect(server().asked).toEqual([]);
  });
});
