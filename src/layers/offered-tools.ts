/** Notes what a server answers when it is asked for its tools, before a policy hides any of them. Changes nothing. */
import type { Json } from '../core/json.ts';
import type { Call } from '../core/jsonrpc.ts';
import { type Layer, requestLayer } from '../core/layer.ts';

/** @param note called with a request for one page of the list, and its result */
export function offeredTools(note: (call: Call, result: Json) => void): Layer {
  return requestLayer((next) => (exchange) => {
    const answer = next(exchange);
    if (exchange.call.method !== 'tools/list') return answer;
    return answer.then((reply) => {
      if ('result' in reply) note(exchange.call, reply.result);
      return reply;
    });
  });
}
