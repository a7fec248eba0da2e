// A check for a request that no client waits for asks no user to sign in, and decides nothing for one that a client sent.
import { expect, it } from 'vitest';
import type { Fetch } from '../../../../src/core/fetch.ts';
import { asString, peek } from '../../../../src/core/json.ts';
import { ProxyError } from '../../../../src/errors.ts';
import { Journal } from '../../../../src/upstream/journal.ts';
import type { Outcome } from '../../../../src/upstream/outcome.ts';
import { Recovery } from '../../../../src/upstream/streamable/lost-session.ts';
import { StreamableSession } from '../../../../src/upstream/streamable/session.ts';
import { exchangeOf, result, SILENT } from '../../layers/exchanges.ts';

const URL_OF_SERVER = new URL('http://127.0.0.1:1/mcp');
const LOG = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const INITIALIZED = '{"protocolVersion":"2025-11-25","capabilities":{}}';
const INITIALIZE = { method: 'initialize', params: Buffer.from('{}') };

it.each([
  [true, ['own tools/list', 'own ping']],
  [false, ['call tools/list', 'call ping']],
])(
  'a ping has the purpose of the request that a modern server may have refused; unasked: %j',
  async (unasked, expected) => {
    const sent: string[] = [];
    const fetch: Fetch = async ({ purpose, body }) => {
      const method = asString(peek(Buffer.concat([...(body ?? [])]), 'method'));
      const opens = method === 'initialize';
      if (!opens) sent.push(`${purpose} ${method}`);
      const answer = opens ? `"result":${INITIALIZED}` : '"error":{"code":-32602,"message":"no envelope"}';
      const bytes = Buffer.from(`{"jsonrpc":"2.0","id":1,${answer}}`);
      return {
        status: opens ? 200 : 400,
        headers: { 'content-type': 'application/json', ...(opens && { 'mcp-session-id': 's' }) },
        body: { each: async (sink) => sink(bytes), bytes: async () => bytes, destroy: () => {} },
      };
    };
    const session = new StreamableSession({ url: URL_OF_SERVER, fetch, log: LOG, peer: SILENT }, async () => undefined);
    await session.request(exchangeOf(INITIALIZE.method, '{}').exchange);
    await session.request({ ...exchangeOf('tools/list').exchange, unasked });
    expect(sent).toEqual(expected);
  },
);

const refused = (status: number): Outcome => ({
  kind: 'refused',
  status,
  reply: undefined,
  error: new ProxyError('failed', `HTTP ${status}`),
  challenged: status === 401,
});

it('a call whose session is lost is recovered with a sign-in, even while a check that asks no user is under way', async () => {
  const asked: string[] = [];
  let answerUnasked: (outcome: Outcome) => void = () => {};
  const journal = new Journal();
  journal.answered(INITIALIZE, result(INITIALIZED));
  const recovery = new Recovery({
    session: () => 's',
    ask: async ({ method }, unasked) => {
      asked.push(`${method}${unasked ? ', unasked' : ''}`);
      if (method === 'initialize') return { kind: 'answered', reply: result(INITIALIZED) };
      return unasked ? new Promise((resolve) => (answerUnasked = resolve)) : refused(404);
    },
    tell: async () => {},
    replaced: async () => undefined,
    reopened: () => {},
    notify: () => undefined,
    journal,
    log: LOG,
  });
  const ours = recovery.recovered(refused(404), 's', true);
  const clients = recovery.recovered(refused(404), 's');
  answerUnasked(refused(401));
  expect(await Promise.all([ours, clients])).toEqual([false, true]);
  expect(asked).toEqual(['ping, unasked', 'ping', 'initialize']);
});
