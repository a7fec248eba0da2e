// An example of a layer: asks the user before a tool is called.
import { decode, encode } from '../../../../src/core/json.ts';
import { errorReply, INVALID_REQUEST } from '../../../../src/core/jsonrpc.ts';
import { type Layer, requestLayer } from '../../../../src/core/layer.ts';

export const confirming: Layer = requestLayer((next) => async (exchange) => {
  const { call, signal } = exchange;
  if (call.method !== 'tools/call') return next(exchange);
  const name = (decode(call.params ?? encode({})) as { name?: unknown }).name;
  const question = { message: `Call ${name}?`, requestedSchema: { type: 'object', properties: {} } };
  const reply = await exchange.ask({ method: 'elicitation/create', params: encode(question) }, signal);
  const accepted = 'result' in reply && (decode(reply.result) as { action?: unknown }).action === 'accept';
  return accepted ? next(exchange) : errorReply(INVALID_REQUEST, 'the user declined the call');
});
