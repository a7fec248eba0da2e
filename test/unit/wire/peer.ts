// A link whose wire is a list: the test looks at what it writes, and passes in what the other end says.
import type { Exchange } from '../../../src/core/exchange.ts';
import { type Call, type Frame, parseFrame, type Reply } from '../../../src/core/jsonrpc.ts';
import { Link, type LinkHandlers, type Send } from '../../../src/wire/link.ts';

/** A request that has reached the handler, and the means to answer it. */
export interface Reached {
  readonly exchange: Exchange;
  answer(result: string): void;
  answerError(error: string): void;
  fail(error: unknown): void;
}

export interface Wire {
  readonly link: Link;
  /** Everything written so far, as text. */
  readonly written: string[];
  readonly reached: Reached[];
  readonly notified: Call[];
  /** The other end sends something. */
  hear(text: string): void;
}

export function textOf(frame: Frame): string {
  return Buffer.concat([...frame]).toString();
}

export function startWire(send: Send = () => undefined, more: Partial<LinkHandlers> = {}): Wire {
  const written: string[] = [];
  const reached: Reached[] = [];
  const notified: Call[] = [];
  const link = new Link(
    (frame) => {
      written.push(textOf(frame));
      return send(frame);
    },
    {
      request: (exchange) =>
        new Promise<Reply>((resolve, reject) => {
          reached.push({
            exchange,
            answer: (result) => resolve({ result: Buffer.from(result) }),
            answerError: (error) => resolve({ error: Buffer.from(error) }),
            fail: reject,
          });
        }),
      notify: (call) => notified.push(call),
      ...more,
    },
  );
  const hear = (text: string): void => {
    const { batch, messages } = parseFrame(Buffer.from(text));
    if (batch) link.receiveBatch(messages);
    else for (const message of messages) link.receive(message);
  };
  return { link, written, reached, notified, hear };
}

/** Waits until everything that is ready has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The request that reached the handler as number `i`. */
export function nth(wire: Wire, i: number): Reached {
  const reached = wire.reached[i];
  if (!reached) throw new Error(`request ${i} has not arrived`);
  return reached;
}

export const request = (id: string, method = 'm', more = ''): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"${method}"${more}}`;
export const result = (id: string, value = '{}'): string => `{"jsonrpc":"2.0","id":${id},"result":${value}}`;
