/**
 * Tells the client, in the answer to its first request, why the program ends before it serves. Hosts show that answer,
 * but rarely stderr.
 */
import { JsonError } from '../core/json.ts';
import { encodeResponse, type Message } from '../core/jsonrpc.ts';
import type { StdioStreams } from '../downstream/stdio/streams.ts';
import type { ProxyError } from '../errors.ts';
import { MAX_DOWNSTREAM_MESSAGE, readFrame } from '../wire/frames.ts';
import { asLine, LineReader } from '../wire/lines.ts';
import { replyFrom } from '../wire/replies.ts';

/** How long to wait for the client's first request, in milliseconds. */
const PATIENCE = 2_000;

/**
 * Answers the first request with the error. Resolves when the answer is written, when no request can come any longer,
 * or when time is up. Never rejects. A client that asks for the revision first (`server/discover`) takes an error as a
 * sign of an older server and sends `initialize` next, so this answers that too.
 */
export function answerFirst({ input, output }: StdioStreams, error: ProxyError): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    let writing = false;
    let over = false;
    const take = (message: Message): void => {
      if (over || message.kind !== 'request') return;
      over = message.call.method !== 'server/discover';
      writing = true;
      output.write(Buffer.concat(asLine(encodeResponse(message.id, replyFrom(error)))), () => {
        writing = false;
        if (over) done();
      });
    };
    const reader = new LineReader(
      MAX_DOWNSTREAM_MESSAGE,
      (line) => messagesIn(line).forEach(take),
      () => {},
    );
    input.on('data', (chunk: Buffer) => reader.push(chunk));
    input.once('end', () => {
      reader.end();
      over = true;
      if (!writing) done();
    });
    input.once('error', done);
    output.once('error', done);
  });
}

function messagesIn(line: Buffer): readonly Message[] {
  try {
    return readFrame(line).messages;
  } catch (error) {
    if (error instanceof JsonError) return [];
    throw error;
  }
}
