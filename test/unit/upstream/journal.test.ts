import { describe, expect, it } from 'vitest';
import type { Call, Reply } from '../../../src/core/jsonrpc.ts';
import { listChanges } from '../../../src/mcp/list-changes.ts';
import { Journal, MAX_SUBSCRIPTIONS } from '../../../src/upstream/journal.ts';

const call = (method: string, params?: string): Call => ({
  method,
  ...(params !== undefined && { params: Buffer.from(params) }),
});
const OK: Reply = { result: Buffer.from('{}') };
const REFUSED: Reply = { error: Buffer.from('{"code":-32602,"message":"no"}') };

const subscribe = (uri: string): Call => call('resources/subscribe', JSON.stringify({ uri }));

describe('what a session keeps of subscriptions is bounded', () => {
  it('in number', () => {
    const journal = new Journal();
    for (let i = 0; i < MAX_SUBSCRIPTIONS; i++) {
      journal.admit(subscribe(`a:${i}`));
      journal.answered(subscribe(`a:${i}`), OK);
    }
    expect(() => journal.admit(subscribe('a:one more'))).toThrow('1000 subscriptions');
    // An entry that exists already needs no more room, and other requests need none.
    journal.admit(subscribe('a:7'));
    journal.admit(call('resources/unsubscribe', '{"uri":"a:7"}'));
    journal.answered(call('resources/unsubscribe', '{"uri":"a:7"}'), OK);
    journal.admit(subscribe('a:one more'));
  });

  it('in bytes, which an unsubscription gives back', () => {
    const journal = new Journal();
    const long = (name: string): Call => subscribe(name.padEnd(600_000, '.'));
    journal.admit(long('a'));
    journal.answered(long('a'), OK);
    journal.answered(long('a'), OK);
    expect(() => journal.admit(long('b'))).toThrow('1 MiB');
    journal.answered(call('resources/unsubscribe', JSON.stringify({ uri: 'a'.padEnd(600_000, '.') })), OK);
    journal.admit(long('b'));
  });
});

describe('the journal of a session', () => {
  it('names what a client must read again after a loss', () => {
    const journal = new Journal();
    for (const uri of ['a:1', 'a:2', 'a:"3"']) journal.answered(subscribe(uri), OK);
    journal.answered(call('resources/unsubscribe', '{"uri":"a:2"}'), OK);
    expect(journal.updates.map(({ method, params }) => [method, params?.toString()])).toEqual([
      ['notifications/resources/updated', '{"uri":"a:1"}'],
      ['notifications/resources/updated', '{"uri":"a:\\"3\\""}'],
    ]);
  });

  it('begins empty', () => {
    const journal = new Journal();
    expect([journal.initialize, journal.initialized, journal.requests]).toEqual([undefined, undefined, []]);
  });

  it('holds what opened the session, byte for byte', () => {
    const journal = new Journal();
    const initialize = call('initialize', '{"a":1.0}');
    const initialized = call('notifications/initialized');
    journal.answered(initialize, OK);
    journal.told(initialized);
    journal.told(call('notifications/roots/list_changed'));
    expect(journal.initialize).toBe(initialize);
    expect(journal.initialized).toBe(initialized);
    expect(journal.requests).toEqual([]);
  });

  it('holds the newest log level, and every live subscription once', () => {
    const journal = new Journal();
    const level = call('logging/setLevel', '{"level":"debug"}');
    const again = call('resources/subscribe', '{"\\u0075ri":"a:1","x":2}');
    journal.answered(call('logging/setLevel', '{"level":"info"}'), OK);
    journal.answered(call('resources/subscribe', '{"uri":"a:1"}'), OK);
    journal.answered(call('resources/subscribe', '{"uri":"b:2"}'), OK);
    journal.answered(call('resources/subscribe', '{"uri":"c:3"}'), OK);
    journal.answered(level, OK);
    journal.answered(again, OK);
    journal.answered(call('resources/unsubscribe', '{"uri":"b\\u003a2"}'), OK);
    journal.answered(call('tools/call', '{"name":"t"}'), OK);
    expect(journal.requests.map((c) => [c.method, c.params?.toString()])).toEqual([
      ['logging/setLevel', '{"level":"debug"}'],
      ['resources/subscribe', '{"\\u0075ri":"a:1","x":2}'],
      ['resources/subscribe', '{"uri":"c:3"}'],
    ]);
  });

  it('holds nothing that the server refused', () => {
    const journal = new Journal();
    journal.answered(call('resources/subscribe', '{"uri":"a:1"}'), OK);
    journal.answered(call('initialize', '{}'), REFUSED);
    journal.answered(call('logging/setLevel', '{}'), REFUSED);
    journal.answered(call('resources/subscribe', '{"uri":"b:2"}'), REFUSED);
    journal.answered(call('resources/unsubscribe', '{"uri":"a:1"}'), REFUSED);
    expect(journal.initialize).toBeUndefined();
    expect(journal.requests).toHaveLength(1);
  });

  it.each([undefined, '{}', '{"uri":7}', '{"uri":null}', '[1]', '{"uri":"a:1","uri":"b:2"}'])(
    'lets nothing come in the way of an answer that is there: %s',
    (params) => {
      const journal = new Journal();
      expect(() => journal.answered(call('resources/subscribe', params), OK)).not.toThrow();
      expect(journal.requests).toEqual([]);
    },
  );
});

describe('listChanges', () => {
  it.each([
    [
      '{"capabilities":{"tools":{"listChanged":true},"prompts":{"listChanged":false},"resources":{"subscribe":true,"listChanged":true}}}',
      ['tools', 'resources'],
    ],
    ['{"capabilities":{"prompts":{"listChanged":true}}}', ['prompts']],
    ['{"capabilities":{"tools":{}}}', []],
    ['{"capabilities":{"tools":{"listChanged":"true"}}}', []],
    ['{"capabilities":{}}', []],
    ['{}', []],
    ['{"capabilities":null}', []],
    ['{"capabilities":{"tools":true}}', []],
    ['null', []],
  ])('%s', (result, lists) => {
    expect(listChanges(Buffer.from(result))).toEqual(
      lists.map((list) => ({ method: `notifications/${list}/list_changed` })),
    );
  });
});
