import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../src/core/exchange.ts';
import type { Log } from '../../../src/core/ports.ts';
import { ProxyError } from '../../../src/errors.ts';
import { trace } from '../../../src/layers/trace.ts';
import { behind, exchangeOf, result } from './exchanges.ts';

async function traced(handler: Handler): Promise<{ lines: string[]; outcome: unknown }> {
  const lines: string[] = [];
  const unexpected = (line: string): void => {
    lines.push(`not at debug level: ${line}`);
  };
  const log: Log = { debug: (line) => lines.push(line), info: unexpected, warn: unexpected, error: unexpected };
  let time = 1_000;
  const clock = (): number => {
    time += 7;
    return time;
  };
  const { exchange } = exchangeOf('tools/call', '{"name":"payload-in","arguments":{"a":"payload-in"}}');
  const outcome = await behind(trace(log, clock), handler)(exchange).catch((error: unknown) => error);
  return { lines, outcome };
}

describe('trace', () => {
  it('tells method, end and time, and nothing of what was said', async () => {
    const reply = result('{"content":"payload-out"}');
    const { lines, outcome } = await traced(async () => reply);
    expect(outcome).toBe(reply);
    expect(lines).toEqual(['tools/call: answered after 7 ms']);
  });

  it.each([
    ['{"code":-32602,"message":"payload-out"}', 'tools/call: error -32602 after 7 ms'],
    ['{"message":"payload-out"}', 'tools/call: error without a code after 7 ms'],
    ['"payload-out"', 'tools/call: error without a code after 7 ms'],
  ])('tells the code of the error %s', async (error, line) => {
    const reply = { error: Buffer.from(error) };
    const { lines, outcome } = await traced(async () => reply);
    expect(outcome).toBe(reply);
    expect(lines).toEqual([line]);
  });

  it('tells why there is no reply, and passes that on', async () => {
    const error = new ProxyError('timeout', 'no answer');
    const { lines, outcome } = await traced(() => Promise.reject(error));
    expect(outcome).toBe(error);
    expect(lines).toEqual(['tools/call: no answer after 7 ms']);
  });

  it('changes nothing, even where it cannot read the error', async () => {
    const reply = { error: Buffer.from('{"code":1,"code":2}') };
    expect((await traced(async () => reply)).outcome).toBe(reply);
  });
});
