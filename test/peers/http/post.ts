// What the end of a POST means for the call that waits for its answer: the answer comes on its response, or not at all.
import type { ExpectedAnswer } from './conversation.ts';
import type { Exchange, Sending } from './exchange.ts';

/** Gives the answer up when no answer can come on this POST any more. */
export async function watchPost(
  sending: Sending,
  expected: ExpectedAnswer,
  refused: (exchange: Exchange) => Error,
): Promise<void> {
  try {
    const exchange = await sending.response;
    const end = await exchange.ended;
    // An error with the id of the request is its answer, whatever the status.
    if (expected.isDue())
      expected.fail(
        exchange.status >= 300 ? refused(exchange) : new Error(`the response ended (${end}) without the answer`),
      );
  } catch (error) {
    expected.fail(error as Error);
  }
}
