import type { Reply } from '../../core/jsonrpc.ts';

/** An error of one side that becomes the answer for the other, where code expects something else. */
export class ErrorAnswer extends Error {
  override readonly name = 'ErrorAnswer';
  readonly reply: Reply;

  constructor(reply: Reply) {
    super('answered with an error');
    this.reply = reply;
  }
}
