// An example of a layer: gives one tool another name, in lists and in calls.
import { derived } from '../../../../src/core/exchange.ts';
import {
  arrayOf,
  asString,
  elements,
  encode,
  isArray,
  isObject,
  type Json,
  peek,
  withMember,
} from '../../../../src/core/json.ts';
import { type Layer, requestLayer } from '../../../../src/core/layer.ts';

export function renaming(server: string, client: string): Layer {
  const named = (object: Json, from: string, to: string): Json =>
    isObject(object) && asString(peek(object, 'name')) === from ? withMember(object, 'name', encode(to)) : object;
  return requestLayer((next) => async (exchange) => {
    const { call } = exchange;
    if (call.method === 'tools/call' && call.params) {
      return next(derived(exchange, { call: { ...call, params: named(call.params, client, server) } }));
    }
    const reply = await next(exchange);
    const tools = call.method === 'tools/list' && 'result' in reply ? peek(reply.result, 'tools') : undefined;
    if (!('result' in reply) || !isArray(tools)) return reply;
    const renamed = arrayOf(elements(tools).map((tool) => named(tool, server, client)));
    return { ...reply, result: withMember(reply.result, 'tools', renamed) };
  });
}
