// What the requests of a client cost once it is connected, and lists whose user signs in at the very moment when the
// proxy looks for a remembered answer.
import { afterEach, expect, it, vi } from 'vitest';
import type { Handler } from '../../../../src/core/exchange.ts';
import type { Call, Reply } from '../../../../src/core/jsonrpc.ts';
import { SignInState } from '../../../../src/core/sign-in.ts';
import { ProxyError } from '../../../../src/errors.ts';
import { firstContact } from '../../../../src/layers/first-contact/layer.ts';
import { exchangeOf, result, SILENT, sessionOf, textOf } from '../exchanges.ts';

const REAL = '{"tools":[{"name":"real"}]}';

afterEach(() => {
  vi.useRealTimers();
});

it('tells no list of its own after it has said that the lists have changed', async () => {
  vi.useFakeTimers();
  const signIn = new SignInState();
  signIn.pending = { url: 'https://login.example/' };
  signIn.beginWaiting(undefined);
  let open: (reply: Reply) => void = () => {};
  const opened = new Promise<Reply>((resolve) => {
    open = resolve;
  });
  let recall: () => void = () => {};
  const recalled = new Promise<undefined>((resolve) => {
    recall = () => resolve(undefined);
  });
  const server: Handler = async ({ call }) => (call.method === 'initialize' ? opened : result(REAL));
  const answers = {
    recall: vi.fn(async (method: string) => (method === 'tools/list' ? recalled : undefined)),
    remember: async () => {},
  };
  const told: Call[] = [];
  const client = { ...SILENT, notify: (call: Call) => void told.push(call) };
  const layer = firstContact({ signIn, answers, server: 'https://server.example/mcp', version: '1' });
  const session = layer(() => sessionOf(server))(client);

  await session.request(exchangeOf('initialize', '{"protocolVersion":"2025-11-25"}').exchange);
  const listed = session.request(exchangeOf('tools/list').exchange);
  await vi.advanceTimersByTimeAsync(25_000);
  expect(answers.recall).toHaveBeenLastCalledWith('tools/list');
  open(result('{}'));
  await vi.waitFor(() => expect(told).toContainEqual({ method: 'notifications/tools/list_changed' }));
  recall();
  expect(textOf(await listed)).toBe(REAL);
});

it('a connected client gets the very promise of the session: a call costs nothing here', async () => {
  const answer = Promise.resolve(result('{}'));
  const answers = { recall: async () => undefined, remember: async () => {} };
  const options = { signIn: new SignInState(), answers, server: 'https://server.example/mcp', version: '1' };
  const session = firstContact(options)(() => sessionOf(() => answer))(SILENT);
  await session.request(exchangeOf('initialize').exchange);
  expect(session.request(exchangeOf('tools/call', '{"name":"a"}').exchange)).toBe(answer);
});

it('a call that waits for its user again, after the answer to a prompt, ends with the session', async () => {
  const signIn = new SignInState();
  signIn.pending = { url: 'https://login.example/' };
  const answers = { recall: async () => undefined, remember: async () => {} };
  const server: Handler = ({ signal }) => {
    signIn.beginWaiting(signal);
    return new Promise(() => {});
  };
  const layer = firstContact({ signIn, answers, server: 'https://server.example/mcp', version: '1' });
  const session = layer(() => sessionOf(server))(SILENT);
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } },
  };
  const params = (more: object): string => JSON.stringify({ name: 'a', _meta: meta, ...more });

  const prompt = session.request(exchangeOf('tools/call', params({})).exchange);
  expect(textOf(await prompt)).toContain('input_required');
  const inputResponses = { 'mcp-proxy/sign-in': { action: 'accept' } };
  const again = session.request(exchangeOf('tools/call', params({ inputResponses })).exchange);
  const outcome = again.catch((error: unknown) => error);
  const reason = new ProxyError('failed', 'the session was closed');
  session.destroy(reason);
  expect(await outcome).toBe(reason);
});
