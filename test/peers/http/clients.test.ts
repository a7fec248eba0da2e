// The clients and the counting server without the proxy between them: the tests of the program rely on both.
import { afterEach, expect, it } from 'vitest';
import type { Peer } from '../listen.ts';
import { startSdkV1Stateful } from '../sdk-v1-stateful.ts';
import { startSdkV2Modern } from '../sdk-v2-modern.ts';
import { closeCounting, startCounting } from './counting-server.ts';
import { nonceOf } from './counting-tools.ts';
import { ModernClient } from './modern-client.ts';
import { SseClient } from './sse-client.ts';
import { StreamableClient } from './streamable-client.ts';

const peers: Peer[] = [];

afterEach(closeCounting);
afterEach(async () => {
  for (const peer of peers.splice(0)) await peer.close();
});

const call = (name: string, more: object): object => ({ name, arguments: more });

it('a session works: answers as JSON and as events, progress, questions, both streams, the end', async () => {
  const { url, ledger, sessions } = await startCounting('streamable');
  const client = new StreamableClient(url).on('elicitation/create', ({ message }) => ({
    action: 'accept',
    content: { answer: message },
  }));
  await client.initialize('2025-06-18', { elicitation: {} });
  expect([...sessions.keys()]).toEqual([client.sessionId]);
  const plain = await client.call('tools/call', call('echo', { nonce: 'n1' }), 7);
  expect([nonceOf(plain.message), plain.stream.events, plain.stream.request]).toEqual(['n1', false, 7]);
  const events = await client.call('tools/call', call('echo', { nonce: 'n2', as: 'events' }), '7');
  expect([nonceOf(events.message), events.stream.events]).toEqual(['n2', true]);

  const progress = await client.call('tools/call', {
    ...call('progress', { nonce: 'n3' }),
    _meta: { progressToken: 0 },
  });
  expect(client.arrivals.of('notifications/progress').map(({ stream }) => stream)).toEqual(
    Array(3).fill(progress.stream),
  );
  await client.request('tools/call', call('ask', { nonce: 'n4', on: 'call' }));
  const asked = client.call('tools/call', call('ask', { nonce: 'n5', on: 'session' }));
  await client.listen();
  await asked;
  expect(client.arrivals.of('elicitation/create').map(({ stream }) => stream.kind)).toEqual(['POST', 'GET']);
  expect(ledger.answers.get('n5')).toEqual([{ result: { action: 'accept', content: { answer: 'n5' } } }]);

  await client.request('resources/subscribe', { uri: 'count://a' });
  await client.request('logging/setLevel', { level: 'error' });
  await client.request('tools/call', call('log', { nonce: 'n6', level: 'info', on: 'session' }));
  await client.request('tools/call', call('log', { nonce: 'n7', level: 'error', on: 'session' }));
  await client.request('tools/call', call('touch', { nonce: 'n8', uri: 'count://a' }));
  await client.request('tools/call', call('touch', { nonce: 'n9', uri: 'count://b' }));
  await client.request('tools/call', call('announce', { nonce: 'n10' }));
  await client.arrivals.next('notifications/tools/list_changed');
  expect(client.arrivals.of('notifications/message').map(({ message }) => message.params.data)).toEqual(['n7']);
  expect(
    client.arrivals.of('notifications/resources/updated').map(({ message }) => message.params._meta.nonce),
  ).toEqual(['n8']);

  const waiting = client.begin('tools/call', call('wait', { nonce: 'n11' }), 'w');
  await ledger.until('the call', () => ledger.executions.has('n11'));
  await client.cancel('w');
  await ledger.until('the cancellation', () => ledger.cancels.has('n11'));
  waiting.abandon();
  expect(ledger.streamsOpen).toBe(1);
  await client.close();
  await ledger.until('the streams to be closed', () => ledger.streamsOpen === 0 && ledger.callsOpen === 0);
  expect([ledger.sessionsOpen, ledger.deletes, ledger.complaints]).toEqual([0, 1, []]);
  expect([...ledger.executions.values()].every((count) => count === 1)).toBe(true);
});

it('refusals and answers are told apart', async () => {
  const { url } = await startCounting('streamable');
  const client = new StreamableClient(url);
  client.sessionId = 'nobody';
  await expect(client.call('tools/list')).rejects.toMatchObject({ name: 'HttpRefusal', status: 404 });
  await expect(client.listen()).rejects.toMatchObject({ status: 404 });
  await expect(client.notify('notifications/x')).rejects.toMatchObject({ status: 404 });
  expect(client.refusals).toHaveLength(3);
});

it('a session over HTTP+SSE works on its only stream', async () => {
  const { url, ledger } = await startCounting('sse');
  const client = new SseClient(url).on('elicitation/create', () => ({ action: 'decline' }));
  await client.open();
  await client.initialize();
  await client.request('tools/call', call('ask', { nonce: 'n1' }));
  await client.call('tools/call', { ...call('progress', { nonce: 'n2', steps: 2 }), _meta: { progressToken: 'p' } }, 0);
  expect(client.arrivals.all.every(({ stream }) => stream.kind === 'SSE')).toBe(true);
  expect(client.arrivals.of('notifications/progress')).toHaveLength(2);
  const lost = client.begin('tools/call', call('wait', { nonce: 'n3' }));
  await (await lost.response).ended;
  await ledger.until('the call', () => ledger.executions.has('n3'));
  client.vanish();
  await expect(lost.answer).rejects.toThrow('the stream ended');
  await ledger.until('the end of the session', ({ sessionsOpen }) => sessionsOpen === 0);
  expect(ledger.complaints).toEqual([]);
});

it.each(['modern', 'dual'] as const)(
  'calls, rounds, subscriptions and cancellations of 2026-07-28 work (%s)',
  async (form) => {
    const { url, ledger } = await startCounting(form);
    const client = new ModernClient(url);
    expect((await client.request('server/discover')).supportedVersions).toEqual(['2026-07-28']);
    const first = await client.request('tools/call', call('ask', { nonce: 'n1' }));
    expect(first).toMatchObject({ resultType: 'input_required', requestState: 'n1' });
    const inputResponses = { question: { action: 'decline' } };
    await client.request('tools/call', { ...call('ask', { nonce: 'n1' }), inputResponses, requestState: 'n1' });
    expect(ledger.answers.get('n1')).toEqual([{ result: { action: 'decline' } }]);

    const notifications = { toolsListChanged: true, resourceSubscriptions: ['count://a'] };
    const subscription = client.begin('subscriptions/listen', { notifications }, 's');
    await client.arrivals.next('notifications/subscriptions/acknowledged');
    await client.request('tools/call', call('touch', { nonce: 'n2', uri: 'count://b' }));
    await client.request('tools/call', call('touch', { nonce: 'n3', uri: 'count://a' }));
    await client.request('tools/call', call('announce', { nonce: 'n4' }));
    await client.arrivals.next('notifications/tools/list_changed');
    const updates = client.arrivals.of('notifications/resources/updated');
    expect(updates.map(({ message }) => message.params._meta)).toEqual([
      { nonce: 'n3', 'io.modelcontextprotocol/subscriptionId': 's' },
    ]);

    const waiting = client.begin('tools/call', { ...call('wait', { nonce: 'n5' }), _meta: { progressToken: 1 } });
    await client.arrivals.next('notifications/progress');
    waiting.abandon();
    await ledger.until('the cancellation', () => ledger.cancels.has('n5'));
    subscription.abandon();
    await ledger.until('the streams to be closed', () => ledger.streamsOpen === 0 && ledger.callsOpen === 0);
    expect(ledger.complaints).toEqual([]);
    client.vanish();
  },
);

it('a server of SDK v1 takes the client for one of its own, and goes on with a stream that broke off', async () => {
  const server = await startSdkV1Stateful();
  peers.push(server);
  const client = new StreamableClient(server.url).on('elicitation/create', () => ({ action: 'decline' }));
  await client.initialize('2025-06-18', { elicitation: {} });
  await client.request('tools/call', call('elicits', { question: 'who?' }));
  const slow = client.begin('tools/call', { ...call('slow', { key: 'resumed' }), _meta: { progressToken: 1 } }, 's');
  const { eventId } = await client.arrivals.next('notifications/progress');
  expect(eventId).toBeDefined();
  slow.abandon();
  await expect(slow.answer).rejects.toThrow('without the answer');
  await client.listen({ lastEventId: eventId });
  const answer = await client.arrivals.next(({ message }) => message.id === 's');
  expect([answer.stream.kind, nonceOf(answer.message)]).toEqual(['GET', 'finished']);
  await client.close();
  expect(server.sessions.size).toBe(0);
});

it('a server of SDK v2 takes the client for one of its own', async () => {
  const server = await startSdkV2Modern();
  peers.push(server);
  const client = new ModernClient(server.url);
  client.capabilities = { elicitation: {} };
  await client.request('server/discover');
  const { tools } = await client.request('tools/list');
  expect(tools.length).toBeGreaterThan(0);
  const { structuredContent } = await client.request('tools/call', call('structured', { city: 'Bern' }), 'x');
  expect(structuredContent.city).toBe('Bern');
  const first = await client.request('tools/call', call('elicits', { question: 'who?' }));
  expect(first.resultType).toBe('input_required');
  const refusal = client.request('tools/call', { ...call('echo', {}), name: 'nobody' });
  await expect(refusal).rejects.toMatchObject({ name: 'RpcError' });
  expect([server.errors, client.refusals]).toEqual([[], []]);
  client.vanish();
});
