// The bridge with a store of held calls on another machine: it answers late, and sometimes not at all.
import { expect, it } from 'vitest';
import type { OngoingCall } from '../../../src/layers/bridge/held/ongoing-call.ts';
import {
  ACCEPTED,
  ask,
  FORM,
  legacyPeer,
  modernClient,
  retry,
  type TestClient,
} from '../layers/bridge/held/legacy-peer.ts';
import { startRemote } from './slow-state.ts';

const CALL = { name: 'a' };
const server = () =>
  legacyPeer({
    'tools/call': async (_params, exchange) => ({
      got: [await ask(exchange, 'elicitation/create', FORM), await ask(exchange, 'elicitation/create', FORM)],
    }),
  });

async function answered(client: TestClient, params: object): Promise<unknown> {
  const first = await client.ask('tools/call', params);
  const second = await client.ask('tools/call', retry(params, first, { r1: ACCEPTED }));
  const result = await client.ask('tools/call', retry(params, second, { r2: ACCEPTED }));
  return result.got;
}

it('20 calls of two rounds each are answered, however late the store is', async () => {
  const held = startRemote().openHeldCalls<OngoingCall>();
  const client = modernClient(server(), { held });
  const calls = Array.from({ length: 20 }, (_, n) => answered(client, { ...CALL, arguments: { n } }));
  expect(await Promise.all(calls)).toEqual(calls.map(() => [ACCEPTED, ACCEPTED]));
  expect(held.size).toBe(0);
});

it('a call that cannot be held fails, and ends at the server', async () => {
  const remote = startRemote(1);
  const peer = server();
  const client = modernClient(peer, { held: remote.openHeldCalls<OngoingCall>() });
  await expect(client.ask('tools/call', CALL)).rejects.toMatchObject({
    code: 'limit',
    message: 'the call cannot wait for its user: the connection was reset',
  });
  expect(peer.sessions[0]?.cancelled).toEqual(['tools/call']);
});

it('a call that cannot be found now can be answered later', async () => {
  const remote = startRemote();
  const client = modernClient(server(), { held: remote.openHeldCalls<OngoingCall>() });
  const round = await client.ask('tools/call', CALL);
  remote.failEvery = 1;
  const again = retry(CALL, round, { r1: ACCEPTED });
  await expect(client.ask('tools/call', again)).rejects.toMatchObject({ code: 'internal' });
  remote.failEvery = 0;
  expect(await client.ask('tools/call', again)).toMatchObject({ resultType: 'input_required' });
});

it('a client that goes while its call is being held takes the call with it', async () => {
  const held = startRemote().openHeldCalls<OngoingCall>();
  let holding = (): void => {};
  const begun = new Promise<void>((resolve) => {
    holding = resolve;
  });
  const hold = held.hold.bind(held);
  held.hold = (call) => {
    holding();
    return hold(call);
  };
  const peer = server();
  const client = modernClient(peer, { held });
  const sent = client.send('tools/call', CALL);
  await begun;
  sent.cancel();
  await expect(sent.answer).rejects.toThrow('cancelled');
  expect(peer.sessions[0]?.cancelled).toEqual(['tools/call']);
  // The store answers in order: after two more answers it has held the call, and has forgotten it.
  for (const other of ['one', 'two']) await held.take(other);
  expect(held.size).toBe(0);
});
