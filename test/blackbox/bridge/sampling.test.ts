// Sampling for clients before 2025-11-25, whose messages have one block of content each.
import { expect, it } from 'vitest';
import { bodies, bridged, CALL } from './fixture.ts';

const TEXT = { type: 'text', text: 'a' };
const IMAGE = { type: 'image', data: 'AA==', mimeType: 'image/png' };
const MESSAGES = [
  { role: 'user', content: [TEXT, IMAGE] },
  { role: 'assistant', content: [TEXT] },
  { role: 'user', content: TEXT },
];
const SINGLE = [
  { role: 'user', content: TEXT },
  { role: 'user', content: IMAGE },
  { role: 'assistant', content: TEXT },
  { role: 'user', content: TEXT },
];
const TOOL_USE = { role: 'assistant', content: [{ type: 'tool_use', id: '1', name: 'x', input: {} }] };
const TOOL_RESULT = { role: 'user', content: { type: 'tool_result', toolUseId: '1', content: [] } };

/** A client in front of a server that asks for sampling once. */
async function sampling(params: object, version: string, capability: object = {}) {
  const requests = { a: { method: 'sampling/createMessage', params } };
  const asked = JSON.stringify({ resultType: 'input_required', inputRequests: requests });
  const done = '{"resultType":"complete","content":[]}';
  const answers = {
    'tools/call': ({ inputResponses }: { inputResponses?: object }) => (inputResponses ? done : asked),
  };
  return bridged(answers, { version, capabilities: { sampling: capability } });
}

it.each([
  ['2024-11-05', SINGLE],
  ['2025-03-26', SINGLE],
  ['2025-06-18', SINGLE],
  ['2025-11-25', MESSAGES],
])('a client of %s gets messages of its revision', async (version, expected) => {
  const { server, rpc } = await sampling({ messages: MESSAGES, maxTokens: 8 }, version);
  const answer = rpc.exchange('tools/call', CALL);
  const { message } = await rpc.next('sampling/createMessage');
  expect(message.params).toEqual({ messages: expected, maxTokens: 8 });
  rpc.reply(message.id ?? null, { role: 'assistant', model: 'm', content: TEXT });
  expect((await answer).message.result).toEqual({ content: [] });
  expect(JSON.parse(bodies(server, 'tools/call')[1] ?? '').params.inputResponses.a.content).toEqual(TEXT);
});

it.each([
  ['calls a tool', { messages: [TOOL_USE] }, {}],
  ['has the result of a tool', { messages: [TOOL_RESULT] }, {}],
  ['offers tools', { messages: [], tools: [] }, { tools: {} }],
])('a client of 2025-06-18 is not asked for sampling that %s', async (_, params, capability) => {
  const { rpc } = await sampling({ ...params, maxTokens: 8 }, '2025-06-18', capability);
  const { message } = await rpc.exchange('tools/call', CALL);
  expect(message.error).toMatchObject({ code: -31006, data: { required: 'sampling.tools' } });
  expect(rpc.untaken()).toEqual([]);
});
