// Lets an SDK server send integers that JavaScript cannot hold: it marks them as strings, and they leave as digits.
import type { ServerResponse } from 'node:http';

export const MARKED = /"big-integer:(\d+)"/g;
const bare = (chunk: unknown): unknown => {
  if (typeof chunk === 'string') return chunk.replace(MARKED, '$1');
  if (!(chunk instanceof Uint8Array)) return chunk;
  // latin1 maps every byte to itself, so a chunk that ends inside a character stays whole.
  return Buffer.from(Buffer.from(chunk).toString('latin1').replace(MARKED, '$1'), 'latin1');
};

/** Call it before the SDK writes to the response. It works where the SDK writes an event or a body in one piece. */
export function bareBigIntegers(res: ServerResponse): void {
  for (const name of ['write', 'end'] as const) {
    const original = res[name].bind(res) as (...args: unknown[]) => never;
    res[name] = (chunk?: unknown, ...rest: unknown[]) => original(bare(chunk), ...rest);
  }
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
  res.writeHead = (...args: unknown[]) => {
    // The announced length is that of the marked text.
    for (const headers of args.slice(1)) {
      if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) continue;
      for (const key of Object.keys(headers)) {
        if (key.toLowerCase() === 'content-length') delete (headers as Record<string, unknown>)[key];
      }
    }
    res.removeHeader('content-length');
    return writeHead(...args);
  };
}
